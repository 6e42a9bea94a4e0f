"""First values of state: what the first captured step read, element by element."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from leapp_core.errors import CaptureError
from leapp_core.tracing.find.analysis import NodeAnalysis
from leapp_core.tracing.find.messages import describe_tensor, where
from leapp_core.tracing.find.slicing import LiveRead, Slicer
from leapp_core.tracing.record.evaluate import Evaluator
from leapp_core.tracing.record.events import Event, TensorInfo
from leapp_core.tracing.record.recorder import unrecorded
from leapp_core.tracing.record.regions import element_offsets, elements_in

_NUMBERS = (bool, int, float)
_COMMUTATIVE = frozenset({torch.ops.aten.add.Tensor, torch.ops.aten.mul.Tensor})


@dataclass(frozen=True)
class InitialValue:
    """First value of one state.

    Attributes:
        value: Contiguous CPU tensor with the state's shape.
        known: Whether the step reads it; if not, zeros are assumed and replay decides.
        seen: Which elements the step reads.
    """

    value: torch.Tensor
    known: bool
    seen: torch.Tensor


def first_values(
    slicer: Slicer, found: NodeAnalysis, root: TensorInfo, reads: list[LiveRead], step: int, in_place: bool
) -> InitialValue:
    """Return the value that ``reads`` (operands of the reference step) see in captured step ``step``.

    Args:
        slicer: Slicer of the record.
        found: The node's analysis.
        root: Geometry of the state in the reference step.
        reads: Its live reads there.
        step: The captured step to look at.
        in_place: The state is one block of memory for the whole session.

    Raises:
        CaptureError: the value was computed from that step's inputs.
    """
    begin = found.steps[step].begin
    value = _snapshot(slicer, root, begin) if in_place else None
    known = value is not None
    if value is None:
        value = torch.zeros(root.sizes, dtype=root.dtype)
    place = _places(root)
    flat = value.reshape(-1)
    done = torch.zeros(flat.numel(), dtype=torch.bool)
    for read in reads:
        seen = _number_instead(slicer, found, read, step)
        if seen is None:
            operand = found.classifier.counterpart(read, step)
            if operand is None or operand.sizes != read.info.sizes:
                continue
            seen = _value_before(slicer, found, operand, read, step)
        with unrecorded():
            targets = [place.get(int(o), -1) for o in element_offsets(read.info).ravel()]
            index = torch.tensor(targets, dtype=torch.long)
            fresh = (index >= 0) & ~done[index.clamp_min(0)]
            if read.live is not None:
                fresh &= torch.from_numpy(read.live)
            flat[index[fresh]] = seen.reshape(-1).to(root.dtype)[fresh]
            done[index[fresh]] = True
        known = True
    with unrecorded():
        if in_place and found.sliced.live_in.get(root.storage).any():
            done |= torch.from_numpy(elements_in(found.sliced.live_in.get(root.storage), root)).reshape(-1)
        return InitialValue(flat.reshape(root.sizes).clone(), known, done.reshape(root.sizes))


def _number_instead(slicer: Slicer, found: NodeAnalysis, read: LiveRead, step: int) -> torch.Tensor | None:
    """Return the number that a call of another step was given where it reads state, in the state's shape.

    ``self.sum = 0`` becomes a tensor when the first step adds to it. Replay proves that the number is the first value.
    """
    at = found.alignment.between(found.reference, step).get(read.event)
    if at is None:
        return None
    number = number_for(slicer.recorder.events[read.event], slicer.recorder.events[at], read.position)
    with unrecorded():
        return None if number is None else torch.full(read.info.sizes, number, dtype=read.info.dtype)


def number_for(call: Event, other: Event, position: int) -> float | None:
    """Return the number that a call was given in place of a tensor of another: ``x + 0.0`` instead of ``x + state``.

    Args:
        call: The call with tensors alone.
        other: The call that was given a number.
        position: Of the tensor among the operands.
    """
    numbers = [i for i, a in enumerate(other.args) if type(a) in _NUMBERS]
    if len(numbers) != 1 or len(call.args) != len(other.args) or _settings(call) != _settings(other):
        return None
    if not all(isinstance(a, torch.Tensor) for a in call.args):
        return None
    if position != numbers[0] and call.func not in _COMMUTATIVE:  # 0.0 + x is recorded as x + 0.0
        return None
    number: float = other.args[numbers[0]]
    return number


def _settings(call: Event) -> dict[str, object]:
    """Return the keyword arguments of a call, tensors by identity."""
    return {k: id(v) if isinstance(v, torch.Tensor) else v for k, v in call.kwargs.items()}


def _value_before(slicer: Slicer, found: NodeAnalysis, operand: TensorInfo, read: LiveRead, step: int) -> torch.Tensor:
    captured = found.steps[step]
    at = found.alignment.between(found.reference, step).get(read.event, captured.out_index)
    sliced = slicer.backward_to(operand, captured.begin, at, captured.inputs.values(), read.live)
    if sliced.used:
        event = slicer.recorder.events[read.event] if read.event >= 0 else None
        raise CaptureError(
            f"node {found.node!r}: the value of state ({describe_tensor(operand)}) that step {step} begins with is "
            f"computed from input {min(sliced.used)!r} of that step",
            where=where(slicer, event) if event else None,
            expected="a first value that does not depend on observations",
            fix="initialise it before the first step, or declare an input that says when to initialise",
            code="C025",
        )
    evaluator = Evaluator(slicer.recorder, captured.begin)
    evaluator.run(sliced.events)
    return evaluator.value(operand).cpu()


def _snapshot(slicer: Slicer, root: TensorInfo, begin: int) -> torch.Tensor | None:
    record = slicer.recorder.storages[root.storage]
    data = record.value_at(begin)
    if data is None or record.birth >= begin:
        return None
    return slicer.recorder.tensor_of(data, root)


def _places(root: TensorInfo) -> dict[int, int]:
    return {int(offset): i for i, offset in enumerate(element_offsets(root).ravel())}
