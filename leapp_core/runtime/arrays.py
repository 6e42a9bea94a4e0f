"""Turn what callers hand over (NumPy, PyTorch, anything with DLPack) into NumPy arrays; nothing else is imported."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

from leapp_core.errors import RuntimeInputError
from leapp_core.spec.dtypes import numpy_dtype

Array = np.ndarray[Any, Any]

_BFLOAT16 = "torch.bfloat16"
_TWO_BYTES = np.dtype("V2")
_REFUSALS = (BufferError, RuntimeError, TypeError, ValueError)
"""What arrays raise when their memory cannot be read from the CPU."""


def to_numpy(value: object, key: str, expected: str) -> Array:
    """Return ``value`` as an array, sharing its memory where possible.

    Args:
        value: A NumPy array or scalar, a PyTorch tensor on the CPU, or any other array with DLPack or ``__array__``.
        key: Name of the port, for messages.
        expected: What the port takes, for messages.

    Raises:
        RuntimeInputError: it is no array (a list has no dtype), lives on another device, or needs gradients.
    """
    if isinstance(value, np.ma.MaskedArray) and np.ma.is_masked(value):
        raise RuntimeInputError(
            f"input {key!r} is a masked array with masked elements", where=key, expected=expected, code="R006"
        )
    if isinstance(value, (np.ndarray, np.generic)):
        return np.asarray(value)
    if not hasattr(value, "__dlpack__") and not hasattr(value, "__array__"):
        raise RuntimeInputError(
            f"input {key!r} is a {type(value).__name__}, which has no dtype and shape of its own",
            where=key,
            expected=expected,
            fix="make it an array first, for example with numpy.asarray(value, dtype=...)",
            code="R006",
        )
    return _foreign(value, key, expected)


def _foreign(value: Any, key: str, expected: str) -> Array:
    reason = ""
    for read in (_bfloat16_of_torch,) if str(getattr(value, "dtype", "")) == _BFLOAT16 else (_by_dlpack, np.asarray):
        try:
            # Where PyTorch reads memory with the other sign, other readers would take it as it is.
            return read(value.resolve_neg() if hasattr(value, "resolve_neg") else value)
        except _REFUSALS as error:
            # The second way is tried where DLPack lacks an element type (bool, in older versions).
            reason = reason or (str(error).splitlines() or [type(error).__name__])[0]
    raise RuntimeInputError(
        f"input {key!r} is a {type(value).__module__.split('.')[0]} {type(value).__name__} that cannot be read as a "
        f"NumPy array: {reason}",
        where=key,
        expected=f"{expected} in main memory",
        fix="for a PyTorch tensor pass tensor.detach().cpu()",
        code="R006",
    )


def _bfloat16_of_torch(value: Any) -> Array:
    """NumPy has no such type of its own, so DLPack cannot hand it over; the bits can be."""
    bits: Array = value.view(sys.modules["torch"].int16).numpy()
    return bits.view(numpy_dtype("bfloat16"))


def as_stored(array: Array) -> Array:
    """Return an array read from a file of NumPy's, in which bfloat16 is two bytes without a type."""
    return array.view(numpy_dtype("bfloat16")) if array.dtype == _TWO_BYTES else array


def _by_dlpack(value: Any) -> Array:
    if not hasattr(value, "__dlpack__"):
        raise TypeError(f"{type(value).__name__} has no DLPack")
    return np.from_dlpack(value)
