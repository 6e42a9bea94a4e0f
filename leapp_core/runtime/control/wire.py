"""Readings and commands as bytes: a header of fixed size, then the values of all ports in their order.

All numbers are little-endian, nothing is padded. The header is ``<4sIIIQQd``: ``LPF1``; CRC-32 of the layout's text
(one line ``name dtype [shape]`` per port); flags (1: the last message); CRC-32 of all that follows this number; run of
the sender; number of the message within it; when it was taken or sent, in seconds of the sender's clock.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from leapp_core.errors import RuntimeInputError, UsageError
from leapp_core.runtime.arrays import Array
from leapp_core.spec.dtypes import numpy_dtype
from leapp_core.spec.port import PortSpec

MAGIC = b"LPF1"
LAST = 1
"""Flag of a message after which no more will come."""

_HEADER = struct.Struct("<4sIII")
_REST = struct.Struct("<QQd")


@dataclass(frozen=True)
class Frame:
    """One message.

    Attributes:
        values: By port name; empty in a last message without values.
        session: Run of the sender; a later one has a larger number.
        number: Number of the message within the run.
        taken: When it was taken or sent, in seconds of the sender's clock.
        last: Nothing more will come.
    """

    values: Mapping[str, Array]
    session: int
    number: int
    taken: float
    last: bool = False


class Layout:
    """The ports of one direction, as bytes.

    Args:
        ports: By name, in order; of fixed sizes.

    Raises:
        UsageError: a port has a symbolic size.
    """

    def __init__(self, ports: Mapping[str, PortSpec]) -> None:
        self._fields: list[tuple[str, np.dtype[Any], tuple[int, ...], int]] = []
        lines = []
        for name, port in ports.items():
            if any(isinstance(size, str) for size in port.shape):
                raise UsageError(
                    f"port {name!r} has the size {list(port.shape)}, which may change",
                    expected="fixed sizes in messages",
                    fix="export the policy without --dynamic-batch",
                    code="R015",
                )
            shape = tuple(int(size) for size in port.shape)
            dtype = numpy_dtype(port.dtype)
            self._fields.append((name, dtype.newbyteorder("<"), shape, int(np.prod(shape, dtype=np.int64))))
            lines.append(f"{name} {port.dtype} {list(shape)}\n")
        self.text = "".join(lines)
        self.number = zlib.crc32(self.text.encode())
        self.size = sum(count * dtype.itemsize for _, dtype, _, count in self._fields)
        """Bytes of the values."""

    @property
    def message_size(self) -> int:
        """Bytes of a message with values."""
        return _HEADER.size + _REST.size + self.size

    def pack(self, values: Mapping[str, Array]) -> bytes:
        """Return the values of all ports as bytes."""
        return b"".join(
            np.ascontiguousarray(values[name], dtype).reshape(shape).tobytes() for name, dtype, shape, _ in self._fields
        )

    def unpack(self, data: bytes | memoryview) -> dict[str, Array]:
        """Return the values of all ports; arrays are the caller's."""
        values, at = {}, 0
        for name, dtype, shape, count in self._fields:
            values[name] = np.frombuffer(data, dtype, count, at).reshape(shape).astype(dtype.newbyteorder("="))
            at += count * dtype.itemsize
        return values

    def encode(self, frame: Frame) -> bytes:
        """Return a message."""
        body = _REST.pack(frame.session, frame.number, frame.taken)
        body += self.pack(frame.values) if frame.values or not frame.last else b""
        return _HEADER.pack(MAGIC, self.number, LAST if frame.last else 0, zlib.crc32(body)) + body

    def decode(self, data: bytes) -> Frame:
        """Read a message.

        Raises:
            RuntimeInputError: it is none, is damaged, or is of other ports.
        """
        if len(data) < _HEADER.size + _REST.size or data[:4] != MAGIC:
            raise self._wrong(f"{len(data)} bytes came that are not a message of a LEAPP controller")
        _, layout, flags, checksum = _HEADER.unpack_from(data)
        if layout != self.number:
            raise self._wrong("a message for other ports came")
        body = memoryview(data)[_HEADER.size :]
        last = bool(flags & LAST)
        if len(data) != self.message_size and not (last and len(body) == _REST.size):
            raise self._wrong(f"a message of {len(data)} bytes came, {self.message_size} are right")
        if zlib.crc32(body) != checksum:
            raise self._wrong("a damaged message came")
        session, number, taken = _REST.unpack_from(body)
        values = self.unpack(body[_REST.size :]) if len(body) > _REST.size or not self.size else {}
        return Frame(values, session, number, taken, last)

    def _wrong(self, what: str) -> RuntimeInputError:
        ports = ", ".join(self.text.splitlines())
        return RuntimeInputError(what, expected=f"{self.message_size} bytes with {ports}", code="R015")
