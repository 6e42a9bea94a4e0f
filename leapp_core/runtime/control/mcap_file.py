"""Write what a ring holds as an MCAP file, which Foxglove and the tools of ROS 2 open.

Every input and output is a topic of ``std_msgs/msg/Float64MultiArray``; ``/step`` holds what the controller says of
each beat, and ``/faults`` why a step was not made. Messages are CDR, as ROS 2 writes them; the definitions are in the
file.
"""

from __future__ import annotations

import json
import os
import struct
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from leapp_core.errors import BundleError
from leapp_core.plugins.requirements import require
from leapp_core.runtime.control.ring import RingContents, StepRecord

_ARRAY = """std_msgs/MultiArrayLayout layout
float64[] data
================================================================================
MSG: std_msgs/MultiArrayLayout
std_msgs/MultiArrayDimension[] dim
uint32 data_offset
================================================================================
MSG: std_msgs/MultiArrayDimension
string label
uint32 size
uint32 stride
"""
_SAID = ("kind", "element_names", "unit")
_TEXT = "string data\n"
STEP = ("record", "session", "reading", "age_s", "busy_s", "status")
"""What ``/step`` holds; status is 0 for a step made, 1 for held or safe values in its place, 2 for nothing sent."""


def need_mcap() -> None:
    """Raise :class:`~leapp_core.errors.MissingExtraError` unless MCAP files can be written."""
    require("writing MCAP files", ("mcap",), "serve")


def write_mcap(path: str | Path, ring: RingContents) -> None:
    """Write a file; a file that was there is replaced when the new one is complete.

    Raises:
        MissingExtraError: the package ``mcap`` is not installed.
        BundleError: the file cannot be written.
    """
    need_mcap()
    from mcap.writer import Writer

    place = Path(path)
    fresh = place.with_name(f".{place.name}.new")
    try:
        with fresh.open("wb") as stream:
            writer = Writer(stream)
            writer.start(profile="ros2", library="leapp")
            _write(writer, ring)
            writer.finish()
            stream.flush()
            os.fsync(stream.fileno())
        fresh.replace(place)
    except OSError as error:
        fresh.unlink(missing_ok=True)
        raise BundleError(f"cannot write {place.name}: {error.strerror}", where=str(path), code="U006") from error


def _write(writer: Any, ring: RingContents) -> None:
    array = writer.register_schema("std_msgs/msg/Float64MultiArray", "ros2msg", _ARRAY.encode())
    text = writer.register_schema("std_msgs/msg/String", "ros2msg", _TEXT.encode())
    facts = {"graph": ring.graph, "frequency": f"{ring.frequency:g}"}
    channels: dict[tuple[str, str], int] = {}
    for side, ports in (("inputs", ring.inputs), ("outputs", ring.outputs)):
        for name, port in ports.items():
            said = {key: json.dumps(port[key], default=list) for key in _SAID if port.get(key)}
            channels[side, name] = writer.register_channel(f"/{side}/{name}", "cdr", array, {**facts, **said})
    step = writer.register_channel("/step", "cdr", array, {**facts, "fields": ",".join(STEP)})
    faults = writer.register_channel("/faults", "cdr", text, facts)
    for record in ring.records:

        def add(channel: int, data: bytes, now: int = record.time_ns, number: int = record.number) -> None:
            writer.add_message(channel, now, data, now, number & 0xFFFFFFFF)

        for side, values in (("inputs", record.inputs), ("outputs", record.outputs)):
            for name, value in values.items():
                add(channels[side, name], multi_array(value.shape, value.reshape(-1)))
        add(step, multi_array((len(STEP),), _facts(record)))
        if record.text:
            add(faults, string(record.text))


def _facts(record: StepRecord) -> Sequence[float]:
    return (record.number, record.session, record.reading, record.age_s, record.busy_s, record.status)


def multi_array(shape: Sequence[int], values: Any) -> bytes:
    """Return a ``std_msgs/msg/Float64MultiArray`` as CDR."""
    out = bytearray(_HEADER)
    out += struct.pack("<I", len(shape))
    stride = int(np.prod(shape, dtype=np.int64))
    for axis, size in enumerate(shape):
        _add_string(out, f"axis {axis}")
        _align(out, 4)
        out += struct.pack("<II", size, stride)
        stride = stride // size if size else 0
    out += struct.pack("<I", 0)
    flat = np.asarray(values, "<f8")
    out += struct.pack("<I", flat.size)
    if flat.size:
        _align(out, 8)
    return bytes(out) + flat.tobytes()


def string(text: str) -> bytes:
    """Return a ``std_msgs/msg/String`` as CDR."""
    out = bytearray(_HEADER)
    _add_string(out, text)
    return bytes(out)


_HEADER = b"\0\1\0\0"
"""CDR, little-endian; positions are counted from after it."""


def _add_string(out: bytearray, text: str) -> None:
    data = text.encode() + b"\0"
    _align(out, 4)
    out += struct.pack("<I", len(data)) + data


def _align(out: bytearray, size: int) -> None:
    out += bytes(-(len(out) - len(_HEADER)) % size)
