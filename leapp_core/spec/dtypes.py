"""Tensor element types by name, the same in a bundle, in NumPy and in PyTorch. Nothing heavy is imported here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from leapp_core.errors import MissingExtraError, UsageError
from leapp_core.suggest import suggest

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True)
class DType:
    """One element type.

    Attributes:
        name: Canonical name, ``float32``.
        itemsize: Bytes per element.
        floating: Whether it holds fractions.
        code: Its name in a safetensors file.
    """

    name: str
    itemsize: int
    floating: bool
    code: str


DTYPES: dict[str, DType] = {
    name: DType(name, size, floating, code)
    for name, size, floating, code in (
        ("float16", 2, True, "F16"),
        ("bfloat16", 2, True, "BF16"),
        ("float32", 4, True, "F32"),
        ("float64", 8, True, "F64"),
        ("int8", 1, False, "I8"),
        ("int16", 2, False, "I16"),
        ("int32", 4, False, "I32"),
        ("int64", 8, False, "I64"),
        ("uint8", 1, False, "U8"),
        ("uint16", 2, False, "U16"),
        ("uint32", 4, False, "U32"),
        ("uint64", 8, False, "U64"),
        ("bool", 1, False, "BOOL"),
    )
}
"""Every element type a port may have, by canonical name."""

_ALIASES = {"half": "float16", "float": "float32", "double": "float64", "int": "int32", "long": "int64"}


def canonical(dtype: object) -> str:
    """Return the canonical name of a dtype given as a name or as a NumPy or PyTorch dtype.

    Raises:
        UsageError: a port cannot have that type; the nearest name is suggested.
    """
    name = str(getattr(dtype, "name", getattr(dtype, "__name__", dtype))).removeprefix("torch.")
    name = _ALIASES.get(name, name)
    if name not in DTYPES:
        raise UsageError(f"dtype {name!r} cannot cross a port", expected=suggest(name, DTYPES), code="D004")
    return name


def is_floating(name: str) -> bool:
    """Return whether a canonical dtype holds fractions."""
    return DTYPES[name].floating


def itemsize(name: str) -> int:
    """Return the bytes per element of a canonical dtype."""
    return DTYPES[name].itemsize


def numpy_dtype(name: str) -> np.dtype[Any]:
    """Return the NumPy dtype of a canonical name.

    Raises:
        MissingExtraError: ``bfloat16`` without the ``ml_dtypes`` package, which NumPy needs for it.
    """
    import numpy as np

    if name != "bfloat16":
        return np.dtype(name)
    try:
        import ml_dtypes
    except ImportError as error:
        raise MissingExtraError(
            "bfloat16 ports need the ml_dtypes package", fix="pip install ml_dtypes", code="P004"
        ) from error
    result: np.dtype[Any] = np.dtype(ml_dtypes.bfloat16)
    return result


def torch_dtype(name: str) -> Any:
    """Return the PyTorch dtype of a canonical name; imports torch."""
    import torch

    return getattr(torch, name)
