"""Read and write safetensors files with NumPy alone, bfloat16 included."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from leapp_core.errors import BundleError
from leapp_core.spec.dtypes import DTYPES, numpy_dtype

if TYPE_CHECKING:
    import numpy as np

MAX_BYTES = 1 << 30
_NAMES = {dtype.code: dtype.name for dtype in DTYPES.values()}


def read_tensors(path: Path, max_bytes: int = MAX_BYTES) -> dict[str, np.ndarray[Any, Any]]:
    """Return every tensor of a safetensors file; arrays are the caller's to change.

    Raises:
        BundleError: not a safetensors file, truncated, larger than allowed, or of a dtype that no port has.
    """
    import numpy as np
    from safetensors import SafetensorError, deserialize

    size = path.stat().st_size
    if size > max_bytes:
        raise BundleError(
            f"{path.name} has {size} bytes, more than the {max_bytes} that its tensors can take", code="B004"
        )
    try:
        entries = deserialize(path.read_bytes())  # type: ignore[no-untyped-call]
    except SafetensorError as error:
        raise BundleError(f"{path.name} is not a whole safetensors file ({error})", code="B004") from error
    tensors = {}
    for name, entry in entries:
        dtype = _NAMES.get(entry["dtype"])
        if dtype is None:
            raise BundleError(
                f"{path.name} holds {name!r} of dtype {entry['dtype']}, which no port can have", code="B004"
            )
        flat = np.frombuffer(bytearray(entry["data"]), dtype=numpy_dtype(dtype))
        tensors[name] = flat.reshape(entry["shape"])
    return tensors


def tensors_to_bytes(tensors: Mapping[str, np.ndarray[Any, Any]]) -> bytes:
    """Return the bytes of a safetensors file; equal tensors give equal bytes."""
    import numpy as np
    from safetensors.numpy import save

    # In name order, as the order of a dict would otherwise show in the bytes.
    ordered = {name: np.ascontiguousarray(tensors[name]).reshape(tensors[name].shape) for name in sorted(tensors)}
    data: bytes = save(ordered)
    return data
