"""Words for what capture found: every message names shape, place and fix."""

from __future__ import annotations

from typing import TYPE_CHECKING

from leapp_core.errors import RecordingTooShortError
from leapp_core.tracing.find.slicing import LiveRead, Slicer
from leapp_core.tracing.record.events import Declaration, Event, TensorInfo

if TYPE_CHECKING:
    from leapp_core.tracing.find.analysis import NodeAnalysis

_WRITTEN = {
    "copy_": "an assignment",
    "fill_": "an assignment",
    "_to_copy": "a conversion",
    "leapp::pack": "torch.tensor",
    "leapp::select": "an index",
}
_CHOICES = ("where", "logical_not", "logical_and", "logical_or")


def describe_tensor(info: TensorInfo) -> str:
    """Return ``a float32 tensor of shape [1, 3]``."""
    dtype = str(info.dtype).removeprefix("torch.")
    return f"{'an' if dtype[0] in 'aeio' else 'a'} {dtype} tensor of shape {list(info.sizes)}"


def describe_operand(info: TensorInfo, event: Event) -> str:
    """Return ``a float32 tensor of shape [1, 3], read by add,``."""
    return f"{describe_tensor(info)}, read by {in_words(event)},"


def call_name(event: Event) -> str:
    """Return a readable name of a call."""
    return event.plan.name.removeprefix("aten::")


def in_words(event: Event) -> str:
    """Return what a call is to who wrote it: PyTorch and capture have names of their own for some."""
    name = call_name(event)
    return _WRITTEN.get(name, name)


def chooses(slicer: Slicer, event: Event) -> bool:
    """Return whether capture made a call to choose between both ways of an ``if``: the user's line does not name it."""
    name = call_name(event)
    return name in _CHOICES and name not in where(slicer, event).partition(": ")[2]


def where(slicer: Slicer, event: Event) -> str:
    """Return ``file:line: source`` of the user's code that made a call."""
    return slicer.recorder.sites.describe(event.stack, event.line)


def declared_at(slicer: Slicer, declaration: Declaration) -> str:
    """Return the same of the line that declared a port."""
    return slicer.recorder.sites.describe(declaration.stack, declaration.line)


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
        "; a NumPy array computed from tensors is followed if NumPy functions of tensor.numpy() made it, or if it is "
        "written by index and a name or attribute of code that uses NumPy and PyTorch holds it; tolist() cannot be "
        "followed; what arrays alone give can be computed once, before the session"
    )


def describe_read(slicer: Slicer, found: NodeAnalysis, read: LiveRead) -> tuple[str, str]:
    """Return what is read, and where."""
    if read.event < 0:
        declaration = found.step.outputs[read.port]
        return f"output {read.port!r}, {describe_tensor(read.info)},", declared_at(slicer, declaration)
    event = slicer.recorder.events[read.event]
    return describe_operand(read.info, event), where(slicer, event)


def chosen_in_turn(slicer: Slicer, found: NodeAnalysis, event: int, position: int) -> RecordingTooShortError | None:
    """Return what to say if an operand is one of several tensors that come back: Python chooses it."""
    events, seen = slicer.recorder.events, []
    for step in range(1, len(found.steps)):  # the first step may initialise
        at = event if step == found.reference else found.alignment.between(found.reference, step).get(event, -1)
        if event >= 0 and at >= 0 and position < len(events[at].ins):
            seen.append(events[at].ins[position].storage)
    if not 1 < len(set(seen)) < len(seen):
        return None
    what = describe_operand(events[event].ins[position], events[event])
    return RecordingTooShortError(
        f"node {found.node!r}: {what} is one of several tensors in turn: a Python index or branch chooses it",
        where=where(slicer, events[event]),
        expected="the same tensor in every step",
        fix="let a tensor choose: torch.stack(list).index_select(0, i.reshape(1)) with a tensor i that counts, or "
        "torch.where; a pair of state buffers may as well change places: self.a, self.b = self.b, self.a",
        code="C008",
    )


def made_at(slicer: Slicer, found: NodeAnalysis, port: str) -> str:
    """Return where the value of an output was made last, or declared if no call of the step made it."""
    declaration = found.step.outputs.get(port) or found.step.static[port]
    literal = slicer.recorder.storages[declaration.info.storage].literal
    if literal >= 0:
        return where(slicer, slicer.recorder.events[literal])
    for index in reversed(found.sliced.events):
        event = slicer.recorder.events[index]
        effects = slicer.effects.of(event)
        made = (*effects.births, *(write.info for write in effects.writes))
        if index < declaration.index and any(info.storage == declaration.info.storage for info in made):
            return where(slicer, event)
    return declared_at(slicer, declaration)


def declared_elsewhere(slicer: Slicer, node: str, storage: int) -> str:
    """Return what port of another node a storage is, or an empty text."""
    for d in slicer.recorder.declarations:
        if d.node != node and d.info.storage == storage:
            return f"{d.role} {d.port!r} of node {d.node!r} (undeclared edge)"
    return ""
