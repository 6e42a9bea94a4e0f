"""The tensors of an ONNX file, read without the package ``onnx``, which a robot's computer does not have."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from leapp_backends.onnx.merge_wire import VARINT, Field, WireError, fields

# Numbers of fields, and of element types, as the ONNX format defines them.
_GRAPH, _INITIALIZER = 7, 5
_DIMS, _TYPE, _NAME, _RAW = 1, 2, 8, 9
_DTYPES = {
    1: "<f4", 2: "u1", 3: "i1", 4: "<u2", 5: "<i2", 6: "<i4", 7: "<i8", 9: "?", 10: "<f2", 11: "<f8", 12: "<u4",
    13: "<u8",
}  # fmt: skip


def read_weights(path: Path) -> dict[str, np.ndarray[Any, Any]]:
    """Return the initializers of a model that lie in the file as raw bytes; none of a file that is not understood."""
    try:
        return dict(_initializers(path.read_bytes()))
    except (OSError, WireError, ValueError):
        return {}


def _initializers(content: bytes) -> Iterator[tuple[str, np.ndarray[Any, Any]]]:
    for graph in fields(content):
        if graph.number == _GRAPH:
            for entry in fields(graph.value):
                if entry.number == _INITIALIZER:
                    found = _tensor(entry.value)
                    if found is not None:
                        yield found


def _tensor(message: memoryview) -> tuple[str, np.ndarray[Any, Any]] | None:
    sizes: list[int] = []
    name, kind, raw = "", 0, None
    for field in fields(message):
        if field.number == _DIMS:
            sizes += _sizes(field)
        elif field.number == _TYPE:
            kind = field.number_value
        elif field.number == _NAME:
            name = field.text
        elif field.number == _RAW:
            raw = bytes(field.value)
    if raw is None or kind not in _DTYPES:
        return None
    return name, np.frombuffer(raw, _DTYPES[kind]).reshape(sizes)


def _sizes(field: Field) -> list[int]:
    """Return sizes that are written one by one, or packed into one field."""
    if field.kind == VARINT:
        return [field.number_value]
    found, value, shift = [], 0, 0
    for byte in field.value:
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            found.append(value)
            value = shift = 0
    return found
