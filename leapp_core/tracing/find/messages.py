"""Words for what capture found: every message names shape, place and fix."""

from __future__ import annotations

from typing import TYPE_CHECKING

from leapp_core.tracing.find.slicing import LiveRead, Slicer
from leapp_core.tracing.record.events import Event, TensorInfo

if TYPE_CHECKING:
    from leapp_core.tracing.find.analysis import NodeAnalysis


def describe_tensor(info: TensorInfo) -> str:
    """Return ``a float32 tensor of shape [1, 3]``."""
    return f"a {str(info.dtype).removeprefix('torch.')} tensor of shape {list(info.sizes)}"


def call_name(event: Event) -> str:
    """Return a readable name of a call."""
    return event.plan.name.removeprefix("aten::")


def where(slicer: Slicer, event: Event) -> str:
    """Return ``file:line: source`` of the user's code that made a call."""
    return slicer.recorder.sites.describe(event.stack, event.line)


def origin(slicer: Slicer, storage: int) -> str:
    """Return what is known of memory that no recorded call explains."""
    record = slicer.recorder.storages[storage]
    return f"; it is {record.note}" if record.note else ""


def numpy_fix(slicer: Slicer, storage: int) -> str:
    """Return how to bring values through NumPy so that they are recorded, for memory that NumPy owns."""
    record = slicer.recorder.storages[storage]
    if not record.foreign:
        return ""
    if record.note:
        return "; or write it with NumPy functions that PyTorch has too, or with tensors"
    return (
        "; a NumPy array computed from tensors is followed if NumPy functions of tensor.numpy() made it; writing "
        "into an array that was made before the session, and tolist(), cannot be followed"
    )


def describe_read(slicer: Slicer, found: NodeAnalysis, read: LiveRead) -> tuple[str, str]:
    """Return what is read, and where."""
    if read.event < 0:
        declaration = found.step.outputs[read.port]
        place = slicer.recorder.sites.describe(declaration.stack)
        return f"output {read.port!r}, {describe_tensor(read.info)},", place
    event = slicer.recorder.events[read.event]
    return f"{describe_tensor(read.info)}, read by {call_name(event)},", where(slicer, event)


def declared_elsewhere(slicer: Slicer, node: str, storage: int) -> str:
    """Return what port of another node a storage is, or an empty text."""
    for d in slicer.recorder.declarations:
        if d.node != node and d.info.storage == storage:
            return f"{d.role} {d.port!r} of node {d.node!r} (undeclared edge)"
    return ""
