"""The last steps of a controller in a file of fixed size, which outlives the process that wrote it.

The file is mapped into memory: a step costs no call of the system, and what was written is there after the process was
killed at any moment. Records are written round and round; the number of a record is set last, and a checksum tells one
that was being written. A controller that is started again goes on in the same file.

``LPRING1``, a newline, a line of JSON (graph, ports, sizes), padded to a multiple of 4096 bytes; then the records, each
``<Q`` its number from 1, ``<I`` CRC-32 of what follows, and what :class:`StepRecord` says.
"""

from __future__ import annotations

import json
import mmap
import os
import struct
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from leapp_core.errors import BundleError, UsageError
from leapp_core.runtime.arrays import Array
from leapp_core.runtime.control.wire import Layout
from leapp_core.spec.encode import encode_port
from leapp_core.spec.port import PortSpec

MADE, INSTEAD, SILENT = 0, 1, 2
"""What a beat did: sent what the policy answered; sent held or safe values instead; sent nothing."""

_MAGIC = b"LPRING1\n"
_NUMBER = struct.Struct("<Q")
_CHECK = struct.Struct("<I")
_FACTS = struct.Struct("<QQQddII")
_PAGE = 4096
_TEXT = 240
"""Bytes of a record for words, such as why a step was not made."""


@dataclass(frozen=True)
class StepRecord:
    """One beat of a controller.

    Attributes:
        time_ns: When, in nanoseconds since 1970.
        session: Run of the robot.
        reading: Number of the reading used.
        age_s: How old it was.
        busy_s: How long the beat took.
        status: ``MADE``, ``INSTEAD`` or ``SILENT``.
        inputs: What the policy was fed.
        outputs: What was sent; zeros where nothing was.
        text: Why it was so, if it was not the usual.
        number: Number of the record; the ring gives it.
    """

    time_ns: int
    session: int
    reading: int
    age_s: float
    busy_s: float
    status: int
    inputs: Mapping[str, Array]
    outputs: Mapping[str, Array]
    text: str = ""
    number: int = 0


@dataclass(frozen=True)
class RingContents:
    """What a ring holds.

    Attributes:
        graph: Name of the policy.
        frequency: Steps per second (Hz).
        inputs: Ports by name, as plain values of the bundle format.
        outputs: Likewise.
        records: Oldest first.
        torn: Records that were being written when the process ended, and are left out.
    """

    graph: str
    frequency: float
    inputs: Mapping[str, Mapping[str, Any]]
    outputs: Mapping[str, Mapping[str, Any]]
    records: tuple[StepRecord, ...]
    torn: int = 0


class Ring:
    """Writes steps round and round into a file.

    Args:
        path: The file; one of the same policy and size is continued, any other file is refused.
        graph: Name of the policy.
        frequency: Steps per second (Hz).
        ports: Inputs and outputs by name, of fixed sizes.
        seconds: How long a time it holds.

    Raises:
        UsageError: the file is another one, or a port has no fixed size.
        BundleError: the file cannot be written.
    """

    def __init__(
        self,
        path: str | Path,
        graph: str,
        frequency: float,
        ports: tuple[Mapping[str, PortSpec], Mapping[str, PortSpec]],
        *,
        seconds: float = 30.0,
    ) -> None:
        self.path = Path(path)
        self._inputs, self._outputs = Layout(ports[0]), Layout(ports[1])
        self._count = max(2, round(seconds * frequency))
        about = {
            "graph": graph,
            "frequency": frequency,
            "count": self._count,
            "inputs": {name: encode_port(port) for name, port in ports[0].items()},
            "outputs": {name: encode_port(port) for name, port in ports[1].items()},
        }
        head = _head(about)
        self._size = _record_size(self._inputs, self._outputs)
        self._begin = len(head)
        whole = len(head) + self._count * self._size
        try:
            self._file = self.path.open("r+b" if self.path.exists() else "x+b")
        except OSError as error:
            raise BundleError(f"cannot write the ring: {error.strerror}", where=str(path), code="U006") from error
        try:
            self._map = self._mapped(head, whole)
        except BaseException:
            self._file.close()
            raise
        self.number = max((number for number, _ in self._numbers()), default=0)
        """Number of the last record."""

    def _mapped(self, head: bytes, whole: int) -> mmap.mmap:
        found = os.fstat(self._file.fileno()).st_size
        try:
            if found == 0:
                self._file.write(head)
                self._file.truncate(whole)
                self._file.flush()
            elif found != whole or self._file.read(len(head)) != head:
                raise UsageError(
                    f"{self.path} is not a ring of this policy, rate and length",
                    fix="look at it (`leapp ring FILE out.mcap`), then move it away or name another file",
                    code="R017",
                )
            return mmap.mmap(self._file.fileno(), whole)
        except OSError as error:
            raise BundleError(f"cannot write the ring: {error.strerror}", where=str(self.path), code="U006") from error

    def _numbers(self) -> Iterator[tuple[int, int]]:
        for at in range(self._begin, len(self._map), self._size):
            yield _NUMBER.unpack_from(self._map, at)[0], at

    def add(self, record: StepRecord) -> None:
        """Write a record in place of the oldest one."""
        self.number += 1
        at = self._begin + (self.number - 1) % self._count * self._size
        text = record.text.encode()[:_TEXT]
        body = b"".join(
            (
                _FACTS.pack(
                    record.time_ns,
                    record.session,
                    record.reading,
                    record.age_s,
                    record.busy_s,
                    record.status,
                    len(text),
                ),
                self._inputs.pack(record.inputs),
                self._outputs.pack(record.outputs),
                text.ljust(_TEXT, b"\0"),
            )
        )
        _NUMBER.pack_into(self._map, at, 0)  # nobody takes what is half written for a record
        self._map[at + _NUMBER.size : at + self._size] = _CHECK.pack(zlib.crc32(body)) + body
        _NUMBER.pack_into(self._map, at, self.number)

    def close(self) -> None:
        """Have the disk hold it."""
        self._map.flush()
        self._map.close()
        self._file.close()


def read_ring(path: str | Path) -> RingContents:
    """Read a ring, also while a controller writes it.

    Raises:
        BundleError: the file is no ring, or damaged.
    """
    place = Path(path)
    try:
        data = place.read_bytes()
        if not data.startswith(_MAGIC):
            raise ValueError("it does not begin like one")
        end = data.index(b"\n", len(_MAGIC)) + 1
        about = json.loads(data[len(_MAGIC) : end])
        layouts = tuple(Layout({name: _port(p) for name, p in about[side].items()}) for side in ("inputs", "outputs"))
        begin, size = -(-end // _PAGE) * _PAGE, _record_size(*layouts)
        if len(data) != begin + about["count"] * size:
            raise ValueError(f"it has {len(data)} bytes")
        found = [_record(data[at : at + size], *layouts) for at in range(begin, len(data), size)]
        frequency = float(about["frequency"])
        graph, inputs, outputs = about["graph"], about["inputs"], about["outputs"]
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise BundleError(
            f"{place.name} is not a ring of a controller: {error}",
            where=str(path),
            expected="a file that leapp serve --ring FILE writes",
            code="R017",
        ) from error
    records = sorted((record for record in found if record is not None), key=lambda record: record.number)
    torn = sum(1 for record in found if record is None)
    return RingContents(graph, frequency, inputs, outputs, tuple(r for r in records if r.number), torn)


def _port(entry: Mapping[str, Any]) -> PortSpec:
    return PortSpec(entry["name"], entry["dtype"], tuple(entry["shape"]))


def _record(data: bytes, inputs: Layout, outputs: Layout) -> StepRecord | None:
    """Return a record, one with number 0 where none was ever written, ``None`` where one is half written."""
    number = _NUMBER.unpack_from(data)[0]
    at = _NUMBER.size + _CHECK.size
    checksum = _CHECK.unpack_from(data, _NUMBER.size)[0]
    if number == 0 and data == bytes(len(data)):
        return StepRecord(0, 0, 0, 0.0, 0.0, SILENT, {}, {})
    if number == 0 or zlib.crc32(data[at:]) != checksum:
        return None
    time_ns, session, reading, age, busy, status, length = _FACTS.unpack_from(data, at)
    at += _FACTS.size
    fed = inputs.unpack(data[at : at + inputs.size])
    sent = outputs.unpack(data[at + inputs.size : at + inputs.size + outputs.size])
    text = data[len(data) - _TEXT :][:length].decode(errors="replace")
    return StepRecord(time_ns, session, reading, age, busy, status, fed, sent, text, number)


def _record_size(inputs: Layout, outputs: Layout) -> int:
    return _NUMBER.size + _CHECK.size + _FACTS.size + inputs.size + outputs.size + _TEXT


def _head(about: Mapping[str, Any]) -> bytes:
    text = _MAGIC + json.dumps(about, ensure_ascii=False, default=list).encode() + b"\n"
    return text.ljust(-(-len(text) // _PAGE) * _PAGE, b"\0")
