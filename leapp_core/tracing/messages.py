"""Words for what capture found: every message names shape, place and fix."""

from __future__ import annotations

from typing import TYPE_CHECKING

from leapp_core.tracing.events import Event, TensorInfo
from leapp_core.tracing.slicing import LiveRead, Slicer

if TYPE_CHECKING:
    from leapp_core.tracing.analysis import NodeAnalysis


def describe_tensor(info: TensorInfo) -> str:
    """Return ``a float32 tensor of shape [1, 3]``."""
    return f"a {str(info.dtype).removeprefix('torch.')} tensor of shape {list(info.sizes)}"


def call_name(event: Event) -> str:
    """Return a readable name of a call."""
    return event.plan.name.removeprefix("aten::")


def where(slicer: Slicer, event: Event) -> str:
    """Return ``file:line: source`` of the user's code that made a call."""
    return slicer.recorder.sites.describe(event.stack, event.line)


def describe_read(slicer: Slicer, found: NodeAnalysis, read: LiveRead) -> tuple[str, str]:
    """Return what is read, and where."""
    if read.event < 0:
        declaration = found.step.outputs[read.port]
        place = slicer.recorder.sites.describe(declaration.stack)
        return f"output {read.port!r}, {describe_tensor(read.info)},", place
    event = slicer.recorder.events[read.event]
    return f"{describe_tensor(read.info)}, read by {call_name(event)},", where(slicer, event)
