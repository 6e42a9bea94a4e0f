"""Values that left the tensors for Python: harmless when logged, refused when they may steer the program."""

from __future__ import annotations

from dataclasses import dataclass

from leapp_core.errors import CaptureError
from leapp_core.tracing.analysis import NodeAnalysis
from leapp_core.tracing.events import Event
from leapp_core.tracing.leaves import InPlaceState, ProducedState
from leapp_core.tracing.messages import where
from leapp_core.tracing.regions import Masks
from leapp_core.tracing.selected import SELECT
from leapp_core.tracing.slicing import Slicer
from leapp_core.tracing.statements import is_harmless

_WORDS = {"scalar": ".item()", "bool": "a truth value", "array": ".numpy() or .tolist()"}


@dataclass(frozen=True)
class Escape:
    """One value of the reference step that depends on inputs or state and left for Python."""

    event: Event
    kind: str


def check_escapes(slicer: Slicer, found: NodeAnalysis) -> None:
    """Refuse escapes that may decide what the program computes.

    With several steps an escaped value that was seen to change, while every recorded call stayed the same, cannot
    matter. One that never changed proves nothing.

    Raises:
        CaptureError: naming the line and the value.
    """
    for escape in dependent_escapes(slicer, found):
        if _changes(slicer, found, escape) or _is_logged(slicer, escape.event):
            continue
        value = escape.event.out if escape.kind != "array" else "an array"
        raise CaptureError(
            f"node {found.node!r}: {_WORDS[escape.kind]} of a tensor that depends on inputs or state is used in "
            f"Python; it was {value!r} in every captured step, so what it decides cannot be told",
            where=where(slicer, escape.event),
            expected="tensor operations between inputs and outputs",
            fix="use torch.where instead of if, and keep values in tensors; capture steps in which it differs if it "
            "is only logged",
        )


def dependent_escapes(slicer: Slicer, found: NodeAnalysis) -> list[Escape]:
    """Return the escapes before the outputs of the reference step whose value depends on inputs or state."""
    return _follow(slicer, found, found.step.out_index)[0]


def dependent_memory(slicer: Slicer, found: NodeAnalysis) -> Masks:
    """Return the bytes that depend on inputs or state when the reference step ends."""
    return _follow(slicer, found, found.step.end)[1]


def _follow(slicer: Slicer, found: NodeAnalysis, end: int) -> tuple[list[Escape], Masks]:
    tainted = _initial_taint(slicer, found)
    step = found.step
    declared = sorted(step.inputs.values(), key=lambda d: d.index)
    escapes: list[Escape] = []
    for index in range(step.begin, end):
        while declared and declared[0].index <= index:
            info = declared.pop(0).info
            tainted.add(info.storage, slicer.regions.of(info))
        event = slicer.recorder.events[index]
        reads = any(tainted.touches(i.storage, slicer.regions.of(i)) for i in event.ins)
        if event.plan.escape and reads and not _is_index(slicer, index):
            escapes.append(Escape(event, event.plan.escape))
        _spread(slicer, event, tainted, reads)
    return escapes, tainted


def _is_index(slicer: Slicer, index: int) -> bool:
    """Return whether a number was read only to take a row by a tensor index, which the program keeps as an index."""
    events = slicer.recorder.events
    return index + 1 < len(events) and events[index + 1].func == SELECT


def _initial_taint(slicer: Slicer, found: NodeAnalysis) -> Masks:
    tainted = slicer.masks()
    for storage, leaf in found.leaves.items():
        if isinstance(leaf, (InPlaceState, ProducedState)):
            tainted.merge(storage, found.sliced.live_in.get(storage))
    return tainted


def _spread(slicer: Slicer, event: Event, tainted: Masks, reads: bool) -> None:
    effects = slicer.effects.of(event)
    dependent = reads and any(
        tainted.touches(event.ins[i].storage, slicer.regions.of(event.ins[i])) for i in effects.reads
    )
    for info in effects.births:
        (tainted.add if dependent else tainted.remove)(info.storage, slicer.regions.of(info))
    for write in effects.writes:
        if dependent:
            tainted.add(write.info.storage, slicer.written(write))
        elif not write.reads:
            tainted.remove(write.info.storage, slicer.written(write))


def _changes(slicer: Slicer, found: NodeAnalysis, escape: Escape) -> bool:
    recorder = slicer.recorder
    for step in range(len(found.steps)):
        at = found.alignment.between(found.reference, step).get(escape.event.index)
        if at is None:
            continue
        if escape.kind == "array":
            if recorder.escaped.get(at) != recorder.escaped.get(escape.event.index):
                return True
        elif recorder.events[at].out != escape.event.out:
            return True
    return False


def _is_logged(slicer: Slicer, event: Event) -> bool:
    return is_harmless(*slicer.recorder.sites.innermost(event.stack, event.line)) or is_harmless(
        *slicer.recorder.sites.user_frame(event.stack, event.line)
    )
