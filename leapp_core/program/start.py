"""Steps at the start that compute something else: a filter that is filled, a history that is not long enough yet.

``if self.previous is None: self.previous = x`` makes the first step another one than the rest, a list that grows to
five entries the first four. Each such step is a program of its own. It takes declared inputs and what the steps before
it left, and gives the outputs and what the next step needs. :mod:`leapp_core.program.joined` makes one program of all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Literal

import torch

from leapp_core.errors import CaptureError
from leapp_core.program.states import StateSlot, in_place_root, used_infos
from leapp_core.program.views import ViewTable
from leapp_core.tracing.checks.compare import StepChecker
from leapp_core.tracing.find.analysis import NodeAnalysis, analyse, check_explained
from leapp_core.tracing.find.leaves import Constant, InPlaceState, ProducedState, Unexplained
from leapp_core.tracing.find.slicing import Slicer
from leapp_core.tracing.find.steps import Step, by_step
from leapp_core.tracing.record.events import Declaration, TensorInfo

_FEWEST = 3
_LONGEST = 16


def longest_start(steps: int) -> int:
    """Return how many of the captured steps may be of their own: at least as many later ones must do all the same.

    Three of them tell state from constants.
    """
    return min(_LONGEST, steps - _FEWEST, steps // 2 if steps > 2 * _FEWEST else steps)


def is_alike(slicer: Slicer, node: str, steps: Sequence[Step]) -> bool:
    """Return whether some steps make the same calls."""
    try:
        found = analyse(node, slicer, tuple(steps))
        check_explained(slicer, found)
        StepChecker(slicer, found).check()
    except CaptureError:
        return False
    return True


def may_be_longer(slicer: Slicer, node: str, steps: Sequence[Step]) -> bool:
    """Return whether steps that differ may be a start which is longer than what was captured of it.

    No step does again what one did before a step of another kind; and none of the captured ones is known to be the
    first of the later ones.
    """
    kinds = [_calls(slicer, step) for step in steps]
    runs = [kind for kind, before in zip(kinds, [None, *kinds], strict=False) if kind != before]
    if len(runs) == 1 or len(set(runs)) < len(runs):
        return False
    starts = range(1, longest_start(len(steps)) + 1)
    return not any(lengths_settle(slicer, steps[n:]) and is_alike(slicer, node, steps[n:]) for n in starts)


def lengths_settle(slicer: Slicer, steps: Sequence[Step]) -> bool:
    """Return whether containers that user code asks for their length are as long in all steps but the last."""
    for known in slicer.recorder.numbers.lengths.values():
        found = by_step(known, steps[:-1])
        if any(one != found[0] for one in found):
            return False
    return True


def grows(slicer: Slicer, steps: Sequence[Step]) -> bool:
    """Return whether a container whose length is asked for grew after what a start can be, and never shrank."""
    most = max(0, longest_start(len(steps)))
    for known in slicer.recorder.numbers.lengths.values():
        found = by_step(known, steps[:-1])
        if any(one != found[most] for one in found[most:]) and all(a <= b for a, b in pairwise(found)):
            return True
    return False


def _calls(slicer: Slicer, step: Step) -> tuple[object, ...]:
    """Return what a step calls, and the sizes of what that gives."""
    events = slicer.recorder.events[step.begin : step.out_index]
    return tuple((id(e.func), tuple(out.sizes for out in e.outs)) for e in events)


@dataclass(frozen=True)
class StartStep:
    """A step at the start.

    Attributes:
        found: Its analysis: what it takes of the steps before it is among its inputs, after the declared ones; what the
            next step needs is among its outputs, after the declared ones.
        takes: Where that lies which it takes of the steps before it.
        leaves: Where that lies which the next step needs, or what state the later ones begin with.
    """

    found: NodeAnalysis
    takes: tuple[TensorInfo, ...]
    leaves: tuple[TensorInfo, ...]


def hold(slicer: Slicer, found: NodeAnalysis, start: Sequence[Step]) -> NodeAnalysis | None:
    """Return an analysis of the later steps in which memory that the start computed from its inputs is state.

    ``self.start = x`` of the first step never changes afterwards: to the later steps alone it looks like a constant.

    Returns:
        The analysis; ``None`` where such memory lies in a list, a queue or under several names: it may move on, as the
        oldest entry of a history does that is longer than the recording.
    """
    begin, inputs = found.steps[0].begin, [d for step in start for d in step.inputs.values()]
    leaves = dict(found.leaves)
    alone = slicer.recorder.python.held_alone()
    still = {slicer.recorder.storage_number(t) for t in slicer.recorder.held_tensors() if id(t) in alone}
    for storage, leaf in found.leaves.items():
        if isinstance(leaf, Constant) and any(
            slicer.backward_to(read.info, start[0].begin, begin, inputs, read.live).used
            for read in found.reads.get(storage, ())
        ):
            if storage not in still:
                return None
            leaves[storage] = InPlaceState(storage)
    return replace(found, leaves=leaves)


def start_steps(
    slicer: Slicer, views: ViewTable, found: NodeAnalysis, slots: Sequence[StateSlot], start: Sequence[Step]
) -> list[StartStep] | None:
    """Return the steps at the start, each with what the next needs among its outputs.

    Args:
        slicer: Slicer of the record.
        views: Views of the session.
        found: Analysis of the later steps.
        slots: Their states.
        start: The steps at the start.

    Returns:
        The steps; ``None`` if it is not known where something lies that is needed.
    """
    needed: list[TensorInfo] = []
    for slot in slots:
        info = _lies_at(slicer, found, slot, slots)
        if info is None or kind_of(info) != kind_of(slot.read):
            return None
        needed.append(info)
    made: list[StartStep] = []
    for step in reversed(start):
        outputs = {name: step.outputs[name] for name in found.step.outputs if name in step.outputs}
        if set(outputs) != set(step.outputs) or set(outputs) != set(found.step.outputs):
            return None
        if any(kind_of(d.info) != kind_of(found.step.outputs[name].info) for name, d in outputs.items()):
            return None
        known = _of_one(slicer, views, found.node, replace(step, outputs=outputs), needed, start[0].begin)
        if known is None:
            return None
        made.insert(0, known)
        needed = list(known.takes)
    return None if needed else made


def _of_one(
    slicer: Slicer, views: ViewTable, node: str, step: Step, leaves: Sequence[TensorInfo], begin: int
) -> StartStep | None:
    """Return a step with what it leaves, and what it takes of those before it, back to the session's first call."""
    step = replace(step, outputs=step.outputs | {d.port: d for d in _declared("update", step, leaves, node)})
    found = analyse(node, slicer, (step,))
    takes = []
    used = used_infos(slicer, found, found.sliced.events)
    for storage in sorted(found.leaves):
        if _is_of_session(slicer, found, storage, begin):
            infos = used.get(storage) or [read.info for read in found.reads.get(storage, ())]
            if not infos:
                return None
            takes.append(_root(slicer, views, found, storage, infos, begin))
    if takes:
        declared = _declared("input", step, takes, node)
        found = analyse(node, slicer, (replace(step, inputs=step.inputs | {d.port: d for d in declared}),))
    return StartStep(found, tuple(takes), tuple(leaves)) if _explains(slicer, found, begin) else None


def _root(
    slicer: Slicer, views: ViewTable, found: NodeAnalysis, storage: int, infos: list[TensorInfo], begin: int
) -> TensorInfo:
    """Return where all that is needed of some memory lies: a reading that is kept lies where it was declared."""
    kept = (d.info for d in slicer.recorder.declarations if d.index >= begin and d.role in ("input", "state"))
    for info in kept:
        if info.storage == storage:
            return info
    return in_place_root(slicer, views, storage, infos)


def _is_of_session(slicer: Slicer, found: NodeAnalysis, storage: int, begin: int) -> bool:
    """Return whether what a step reads of some memory was put there by the steps before it."""
    record, step = slicer.recorder.storages[storage], found.step
    if record.literal >= step.begin:
        return False
    if record.birth >= begin or record.literal >= begin:
        return True
    if any(d.info.storage == storage and begin <= d.index < step.begin for d in slicer.recorder.declarations):
        return True
    events = slicer.recorder.events[begin : step.begin]
    return any(write.info.storage == storage for e in events for write in slicer.effects.of(e).writes)


def _explains(slicer: Slicer, found: NodeAnalysis, begin: int) -> bool:
    """Return whether a step reads nothing but inputs and memory of the program that no step before it has written."""
    storages = slicer.recorder.storages
    for storage, leaf in found.leaves.items():
        if isinstance(leaf, (ProducedState, Unexplained)):
            return False
        if storages[storage].foreign and storages[storage].literal < 0:
            return False
        if _is_of_session(slicer, found, storage, begin):
            return False
    return True


def kind_of(info: TensorInfo) -> tuple[tuple[int, ...], torch.dtype]:
    """Return the sizes and the type of a tensor."""
    return tuple(info.sizes), info.dtype


def _declared(
    role: Literal["input", "update"], step: Step, infos: Sequence[TensorInfo], node: str
) -> list[Declaration]:
    """Return declarations of what lies somewhere when a step begins, or has ended."""
    value, made = torch.empty(0), []
    last = max(step.outputs.values(), key=lambda d: d.order)
    for number, info in enumerate(infos):
        port = f"{role} {number}"  # no port of the user has a blank in its name
        index, order = (step.begin, -1) if role == "input" else (step.end, last.order)
        made.append(Declaration(index, node, port, role, value, info, value, None, last.stack, order, last.line))
    return made


def _lies_at(slicer: Slicer, found: NodeAnalysis, slot: StateSlot, slots: Sequence[StateSlot]) -> TensorInfo | None:
    """Return where the value of a state lies when the first of the later steps begins."""
    if slot.chain is None:
        return slot.read
    # What the member of age a holds then is what a member of age b reads b - a steps later.
    for other in sorted((s for s in slots if s.chain == slot.chain and s.age >= slot.age), key=lambda s: s.age):
        later = other.age - slot.age
        for read in found.reads.get(other.read.storage, []) if later < len(found.steps) else ():
            info = found.classifier.counterpart(read, later)
            if info is not None and slicer.recorder.storages[info.storage].birth < found.steps[0].begin:
                return info if kind_of(info) == kind_of(slot.read) else _whole(slicer, info, slot.read)
    return None


def _whole(slicer: Slicer, part: TensorInfo, like: TensorInfo) -> TensorInfo | None:
    """Return where the whole lies of which a step reads a part (``history[1:]``): where a call made it."""
    birth = slicer.recorder.storages[part.storage].birth
    made = slicer.recorder.events[birth].outs if birth >= 0 else ()
    return next((out for out in made if out.storage == part.storage and kind_of(out) == kind_of(like)), None)
