"""Read and write protobuf messages field by field, without the ``onnx`` package, which a robot does not have.

Only what joining models needs: split a message into its fields, keep those that are not touched byte for byte.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
"""Wire types; groups (3 and 4) do not occur in ONNX."""

_MAX_VARINT_BYTES = 10


class WireError(ValueError):
    """The bytes are no well-formed protobuf message."""


@dataclass(frozen=True)
class Field:
    """One field of a message.

    Attributes:
        number: Field number.
        kind: Wire type.
        number_value: Value of a varint field (0 otherwise).
        value: Content of a length-delimited or fixed field (empty otherwise).
        raw: The whole field as it stands in the message, tag included.
    """

    number: int
    kind: int
    number_value: int
    value: memoryview
    raw: memoryview

    @property
    def text(self) -> str:
        """Content as text."""
        try:
            return str(self.value, "utf-8")
        except UnicodeDecodeError as error:
            raise WireError(f"field {self.number} is no UTF-8 text") from error


def fields(message: bytes | memoryview) -> Iterator[Field]:
    """Yield the fields of a message in order.

    Raises:
        WireError: a length runs past the end, an unknown wire type, an overlong number.
    """
    data = memoryview(message)
    position = 0
    while position < len(data):
        start = position
        tag, position = _read_varint(data, position)
        number, kind = tag >> 3, tag & 7
        number_value, length = 0, 0
        if kind == VARINT:
            number_value, position = _read_varint(data, position)
        elif kind == BYTES:
            length, position = _read_varint(data, position)
        elif kind in (FIXED64, FIXED32):
            length = 8 if kind == FIXED64 else 4
        else:
            raise WireError(f"wire type {kind} at byte {start}")
        end = position + length
        if number == 0 or end > len(data):
            raise WireError(f"field {number} at byte {start} runs past the end")
        yield Field(number, kind, number_value, data[position:end], data[start:end])
        position = end


def _read_varint(data: memoryview, position: int) -> tuple[int, int]:
    value = 0
    for i in range(_MAX_VARINT_BYTES):
        if position + i >= len(data):
            break
        byte = data[position + i]
        value |= (byte & 0x7F) << (7 * i)
        if byte < 0x80:
            return value, position + i + 1
    raise WireError(f"number at byte {position} does not end")


def varint(value: int) -> bytes:
    """Encode a non-negative number."""
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def field_bytes(number: int, value: bytes | str) -> bytes:
    """Encode a text, bytes or message field."""
    content = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | BYTES) + varint(len(content)) + content


def field_varint(number: int, value: int) -> bytes:
    """Encode a number field."""
    return varint(number << 3 | VARINT) + varint(value)
