"""Plain values that pickles write as calls: NumPy's numbers, arrays and dtypes, and Python's own containers.

NumPy restores its objects in C from whatever a pickle hands over. Here only dtypes of numbers, booleans and text exist,
and an array is made from bytes whose count is right, so that no file can forge memory.
"""

from __future__ import annotations

import collections
import math
import re
from collections.abc import Callable
from typing import Any

import numpy as np

from leapp_core.checkpoints.records import PickledObject

_DTYPE = re.compile(r"[<>=|]?(?:[biufc]\d{1,2}|[SU][1-9]\d{0,5}|\?)")
Array = np.ndarray[Any, Any]


class UnsafeValueError(ValueError):
    """A pickle holds a value that is not plain; the text names it."""


class PickledDtype:
    """Stands in for ``numpy.dtype`` until the pickle has said its byte order."""

    def __init__(self, text: Any = "", *_: Any) -> None:
        if not isinstance(text, str) or not _DTYPE.fullmatch(text):
            raise UnsafeValueError(f"numpy.dtype({str(text)[:40]!r})")
        self.dtype = np.dtype(text)

    def __setstate__(self, state: Any) -> None:
        """Take the byte order; structured dtypes are none of ours."""
        _, order, shape, names = state[:4]
        if shape is not None or names is not None or order not in ("<", ">", "=", "|"):
            raise UnsafeValueError("numpy.dtype of a structure")
        self.dtype = self.dtype if order == "|" else self.dtype.newbyteorder(order)


class PickledArray:
    """Stands in for ``numpy.ndarray`` until the pickle has said its content."""

    def __init__(self, *_: Any) -> None:
        self.array: Array = np.zeros(0)

    def __setstate__(self, state: Any) -> None:
        """Take shape, dtype, order and bytes."""
        _, shape, dtype, fortran, content = state
        content = content.encode("latin1") if isinstance(content, str) else content
        self.array = _array(content, dtype, shape, "F" if fortran else "C")


def _array(content: Any, dtype: Any, shape: Any, order: str) -> Array:
    if not isinstance(dtype, PickledDtype) or not isinstance(content, (bytes, bytearray)):
        raise UnsafeValueError("numpy.ndarray of Python objects")
    sizes = tuple(int(size) for size in shape)
    if min(sizes, default=0) < 0 or math.prod(sizes) * dtype.dtype.itemsize != len(content):
        raise UnsafeValueError(f"numpy.ndarray of shape {sizes} from {len(content)} bytes")
    flat = np.frombuffer(content, dtype.dtype) if content else np.zeros(0, dtype.dtype)
    made: Array = np.array(flat.reshape(sizes, order="F" if order == "F" else "C"))
    return made


def _scalar(dtype: Any, content: Any = b"") -> Any:
    content = content.encode("latin1") if isinstance(content, str) else content
    return _array(content, dtype, (), "C")[()]


def _from_buffer(content: Any, dtype: Any, shape: Any, order: str, *_: Any) -> Array:
    return _array(content, dtype, shape, order)


def _encode(text: str, encoding: str = "latin1") -> bytes:
    """Bytes as protocol 2 writes them."""
    if encoding not in ("latin1", "latin-1"):
        raise UnsafeValueError(f"_codecs.encode to {encoding!r}")
    return text.encode("latin1")


def _ordered(pairs: Any = ()) -> dict[Any, Any]:
    return collections.OrderedDict(pairs)


_NUMPY: dict[str, Callable[..., Any]] = {
    "multiarray._reconstruct": PickledArray,
    "multiarray.scalar": _scalar,
    "numeric._frombuffer": _from_buffer,
}
_SCALARS = ("float64", "float32", "float16", "int64", "int32", "int16", "int8", "uint8", "bool", "bool_")
PLAIN: dict[str, Any] = {
    **{f"numpy.{core}.{name}": value for core in ("core", "_core") for name, value in _NUMPY.items()},
    "numpy.ndarray": PickledArray,
    "numpy.dtype": PickledDtype,
    **{f"numpy.{name}": getattr(np, name) for name in _SCALARS if hasattr(np, name)},
    "_codecs.encode": _encode,
    "collections.OrderedDict": _ordered,
    "builtins.set": set,
    "builtins.frozenset": frozenset,
    "builtins.complex": complex,
    "builtins.bytearray": bytes,
    "builtins.bytes": bytes,
    "builtins.slice": slice,
    "builtins.range": range,
    "builtins.xrange": range,
}
"""Names that every pickle may use, with what they make here."""


def settled(value: Any, seen: dict[int, tuple[Any, Any]] | None = None) -> Any:
    """Return a value of a pickle with arrays and dtypes in the place of what stood in for them.

    Args:
        value: The value; lists, dictionaries and records are changed in place.
        seen: What was settled already: value and result by the value's identity, which both keep from being reused.
    """
    seen = {} if seen is None else seen
    if isinstance(value, PickledArray):
        return value.array
    if isinstance(value, PickledDtype):
        return value.dtype
    if id(value) in seen:
        return seen[id(value)][1]
    if type(value) is tuple:
        made = tuple(settled(item, seen) for item in value)
        seen[id(value)] = (value, made)
        return made
    seen[id(value)] = (value, value)
    if isinstance(value, list):
        value[:] = [settled(item, seen) for item in value]
    elif isinstance(value, dict):
        value.update({key: settled(item, seen) for key, item in value.items()})
    elif isinstance(value, PickledObject):
        for part in ("arguments", "keywords", "state", "items", "entries"):
            setattr(value, part, settled(getattr(value, part), seen))
    return value
