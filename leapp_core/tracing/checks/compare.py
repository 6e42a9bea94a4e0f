"""Compare the steps of a node: what differs between them cannot be exported, and the reason is named."""

from __future__ import annotations

from typing import Any

import torch

from leapp_core.errors import CaptureError, RecordingTooShortError
from leapp_core.tracing.checks.literals import both_nan, same_argument, shortened
from leapp_core.tracing.find.analysis import NodeAnalysis
from leapp_core.tracing.find.initial import number_for
from leapp_core.tracing.find.leaves import Constant, ProducedState, arguments
from leapp_core.tracing.find.messages import (
    call_name,
    chooses,
    chosen_in_turn,
    declared_at,
    declared_elsewhere,
    describe_operand,
    describe_tensor,
    in_words,
    where,
)
from leapp_core.tracing.find.slicing import Slicer, varying_storages
from leapp_core.tracing.record.events import Declaration, Event, TensorInfo
from leapp_core.tracing.record.opplan import draws_random

HOLD_IN_TENSOR = "hold it in a tensor that tensor operations update, or declare it as an input"


class StepChecker:
    """Checks one node's steps against its reference step.

    Args:
        slicer: Slicer of the record.
        found: The node's analysis.
    """

    def __init__(self, slicer: Slicer, found: NodeAnalysis) -> None:
        self._slicer = slicer
        self._events = slicer.recorder.events
        self._storages = slicer.recorder.storages
        self._found = found
        self._varying = varying_storages(slicer, found.sliced.events)
        self._overwritten: dict[tuple[int, int], tuple[int, int]] = {}
        self._begins_alike = True

    def check(self) -> bool:
        """Check all calls and outputs.

        Returns:
            Whether the first step does what the others do, call by call. It need not: it may initialise.

        Raises:
            CaptureError: random numbers, a branch, a baked Python value, or an undeclared tensor reaches an output.
        """
        self._check_random()
        for step in range(len(self._found.steps)):
            if step != self._found.reference:
                self._check_step(step)
        first = self._found.steps[0]
        matched = set(self._found.alignment.between(self._found.reference, 0).values())
        outputs = [(d.info, first.outputs[name].info) for name, d in self._found.step.outputs.items()]
        same = all((its.storage, its.offset - mine.offset) == self._expected_storage(0, mine) for mine, its in outputs)
        return self._begins_alike and same and matched.issuperset(range(first.begin, first.out_index))

    def _check_random(self) -> None:
        for index in self._found.sliced.events:
            event = self._events[index]
            if draws_random(event.plan, event.args, event.kwargs):
                training = "dropout" in call_name(event)
                raise CaptureError(
                    f"node {self._found.node!r}: random numbers from {call_name(event)} reach an output",
                    where=where(self._slicer, event),
                    expected="a deterministic policy",
                    fix="call .eval() on the policy: its modules are in training mode"
                    if training
                    else "use the mean action and switch noise off, or declare the noise as an input",
                    code="C006",
                )

    def _check_step(self, step: int) -> None:
        pairs = self._found.alignment.between(self._found.reference, step)
        reference = self._found.step
        for index in self._found.sliced.events:
            other = pairs.get(index)
            if other is None:
                if step > 0 and not (step > self._found.reference and index >= reference.out_index):  # in the tail
                    self._refuse_branch(step, self._events[index], self._found.reference)
                self._begins_alike &= step > 0
                continue
            self._check_call(step, self._events[index], self._events[other])
        self._check_output_identity(step)
        if 0 < step <= self._found.reference:
            self._check_extra(step, set(pairs.values()))

    def _check_extra(self, step: int, known: set[int]) -> None:
        """Look for calls of the step that reach its outputs or state and have no counterpart."""
        need = self._slicer.masks()
        for storage in self._found.end_need:
            leaf = self._found.leaves.get(storage)
            if leaf is not None and not isinstance(leaf, ProducedState):
                need.merge(storage, self._found.end_need.get(storage))
        for chain in self._found.chains():
            info = self._found.chain_table.made_in(chain, step)
            if info is not None:
                need.add(info.storage, self._slicer.regions.of(info))
        sliced = self._slicer.backward(self._found.steps[step], need)
        extra = [i for i in sliced.events if i not in known]
        if extra:
            self._refuse_branch(step, self._events[extra[0]], step)

    def _refuse_branch(self, step: int, event: Event, there: int) -> None:
        """Refuse a call that is made in one of two steps only.

        Args:
            step: The step that is not the reference.
            event: The call.
            there: The step that makes it.
        """
        differs = f"node {self._found.node!r}: step {step} does something else than step {self._found.reference}: "
        if chooses(self._slicer, event):
            raise CaptureError(
                f"{differs}both ways of this decision are computed in step {there} only",
                where=where(self._slicer, event),
                expected="a decision whose ways have no effect that cannot be put back (a list that grows, a file, a "
                "call into code that is not yours)",
                fix="move that effect out of the branch, or write the choice with torch.where",
                code="C002",
            )
        raise CaptureError(
            f"{differs}{in_words(event)} is called in step {there} only (a Python branch or loop)",
            where=where(self._slicer, event),
            expected="the same calls in every step",
            fix="write the choice with torch.where, or make it a declared input; a first step that only initialises "
            "is fine",
            code="C002",
        )

    # -- one call ------------------------------------------------------------------------------------------------

    def _check_call(self, step: int, event: Event, other: Event) -> None:
        if step == 0 and any(self._begins_with_number(event, other, i) for i in range(len(event.ins))):
            self._begins_alike = False
            return  # replay decides whether the number is where state begins
        for mine, its in zip(arguments(event), arguments(other), strict=False):
            if not same_argument(mine, its):
                raise self._baked(event, step, mine, its)
        effects = self._slicer.effects.of(event)
        data = {*effects.reads, *(i for i, info in enumerate(event.ins) if info in {w.info for w in effects.writes})}
        for position in sorted(data):
            if position < len(other.ins):
                self._check_operand(step, event, event.ins[position], other.ins[position])

    def _begins_with_number(self, event: Event, other: Event, position: int) -> bool:
        """Return whether a first step gave a number (``self.mean = 0.0``) where the others give what state makes."""
        storage = event.ins[position].storage
        made_or_kept = storage in self._found.leaves or self._storages[storage].birth >= self._found.step.begin
        return made_or_kept and not self._is_input(storage) and number_for(event, other, position) is not None

    def _baked(self, event: Event, step: int, mine: Any, its: Any) -> CaptureError:
        return CaptureError(
            f"node {self._found.node!r}: a Python value given to {in_words(event)} changes from step to step: "
            f"{shortened(its)} in step {step}, {shortened(mine)} in step {self._found.reference}",
            where=where(self._slicer, event),
            expected="the same value in every step",
            fix=HOLD_IN_TENSOR,
            code="C003",
        )

    def _check_operand(self, step: int, event: Event, mine: TensorInfo, its: TensorInfo) -> None:
        if mine.storage in self._varying:
            return
        if mine.dtype != its.dtype or (mine.sizes != its.sizes and step > 0):
            raise CaptureError(
                f"node {self._found.node!r}: an operand of {in_words(event)} is {describe_tensor(its)} in step "
                f"{step} and {describe_tensor(mine)} in step {self._found.reference}",
                where=where(self._slicer, event),
                expected="the same shape and dtype in every step",
                fix="use a fixed size and torch.where instead of selecting a varying number of elements",
                code="C007",
            )
        self._begins_alike &= mine.sizes == its.sizes or step > 0
        leaf = self._found.leaves.get(mine.storage)
        if isinstance(leaf, ProducedState) and step < leaf.age:
            return  # it reads an initial value here
        expected = self._expected_storage(step, mine)
        if expected == (mine.storage, 0) and leaf is None and not self._is_input(mine.storage):
            # Nothing it held before is read (a result buffer made anew per step): any storage will do, but one only.
            expected = self._overwritten.setdefault((step, mine.storage), (its.storage, its.offset - mine.offset))
        shift = its.offset - mine.offset
        if expected is not None and its.storage == expected[0]:
            if shift != expected[1] and mine.sizes == its.sizes:
                raise self._baked_index(event, step, mine, its)
            return
        if expected is not None or step > 0:
            self._check_other_storage(step, event, mine, its)
        else:
            self._begins_alike = False

    def _baked_index(self, event: Event, step: int, mine: TensorInfo, its: TensorInfo) -> CaptureError:
        return CaptureError(
            f"node {self._found.node!r}: {in_words(event)} reads or writes another part of the same tensor from "
            f"step to step (a Python index): element {its.offset} in step {step}, {mine.offset} in step "
            f"{self._found.reference}",
            where=where(self._slicer, event),
            expected="the same part in every step",
            fix="index with a tensor of one element (x.index_select(0, i.reshape(1)), index_copy_) or shift with "
            "torch.roll; a 0-d tensor used as an index is read as a Python number",
            code="C005",
        )

    def _is_input(self, storage: int) -> bool:
        return any(d.info.storage == storage for d in self._found.step.inputs.values())

    def _expected_storage(self, step: int, mine: TensorInfo) -> tuple[int, int] | None:
        """Return the storage and element shift an operand should have in another step, if that is known."""
        record = self._storages[mine.storage]
        reference = self._found.step
        if reference.begin <= record.birth < reference.end:
            at = self._found.alignment.between(self._found.reference, step).get(record.birth)
            position = next(i for i, o in enumerate(self._events[record.birth].outs) if o.storage == mine.storage)
            if at is None or position >= len(self._events[at].outs):
                return None
            return self._events[at].outs[position].storage, 0
        for port, declaration in reference.inputs.items():
            other = self._found.steps[step].inputs.get(port)
            if declaration.info.storage == mine.storage and mine.storage not in self._found.leaves and other:
                return other.info.storage, other.info.offset - declaration.info.offset
        leaf = self._found.leaves.get(mine.storage)
        if isinstance(leaf, ProducedState):
            made = self._found.chain_table.made_in(leaf.chain, step - leaf.age)
            return (made.storage, made.offset - leaf.birth.offset) if made else None
        return mine.storage, 0

    def _check_other_storage(self, step: int, event: Event, mine: TensorInfo, its: TensorInfo) -> None:
        leaf = self._found.leaves.get(mine.storage)
        a, b = self._storages[mine.storage], self._storages[its.storage]
        if isinstance(leaf, Constant) and a.literal >= 0 and b.literal >= 0:
            left = self._slicer.recorder.tensor_of(a.snapshots[0][1], mine)
            right = self._slicer.recorder.tensor_of(b.snapshots[0][1], its)
            if not torch.equal(left, right) and not both_nan(left, right):
                raise self._baked(event, step, left.tolist(), right.tolist())
            return
        if step == 0:
            self._begins_alike = False
            return  # a first step that initialises; replay decides whether it fits
        self._refuse_first_of_its_own(step, event, mine, its)
        elsewhere = (declared_elsewhere(self._slicer, self._found.node, info.storage) for info in (mine, its))
        declared = next(filter(None, elsewhere), "")
        at = event.index, event.ins.index(mine)
        raise (None if declared else chosen_in_turn(self._slicer, self._found, *at)) or RecordingTooShortError(
            f"node {self._found.node!r}: {describe_operand(mine, event)} is another tensor in step {step} than the "
            "other steps lead to" + (f"; it is {declared}" if declared else ""),
            where=where(self._slicer, event),
            expected="the same constant, a declared input, or a value made a fixed number of steps before",
            fix=f"declare it: session.input_tensors({self._found.node!r}, {{'name': tensor}}); for a delay longer than "
            "the recording capture more steps",
            code="C009",
        )

    def _refuse_first_of_its_own(self, step: int, event: Event, mine: TensorInfo, its: TensorInfo) -> None:
        """Refuse a tensor that the first step left, where later steps read what the step before them left.

        It is made by recorded calls, so it is no reading that could be declared.
        """
        first = self._found.steps[0]
        birth = self._storages[its.storage].birth
        if step == 1 and first.begin <= birth < first.end and self._storages[mine.storage].birth >= first.begin:
            raise RecordingTooShortError(
                f"node {self._found.node!r}: {describe_operand(mine, event)} is another tensor in step {step} than the "
                "other steps lead to: the first step makes it otherwise",
                where=f"{where(self._slicer, event)}\n{where(self._slicer, self._events[birth])}, in the first step",
                expected="a first step that does what the others do",
                fix="make what it begins with before the session (zeros, or the first reading), so that no step has "
                "to; for a delay longer than the recording capture more steps",
                code="C009",
            )

    def _check_output_identity(self, step: int) -> None:
        for name, mine in self._found.step.outputs.items():
            its = self._found.steps[step].outputs.get(name)
            if its is None:
                raise CaptureError(
                    f"node {self._found.node!r}: output {name!r} is not declared in step {step}",
                    where=declared_at(self._slicer, mine),
                    expected="the same outputs in every step",
                    code="C021",
                )
            if (mine.info.sizes, mine.info.dtype) != (its.info.sizes, its.info.dtype):
                raise CaptureError(
                    f"node {self._found.node!r}: output {name!r} is {describe_tensor(its.info)} in step {step} and "
                    f"{describe_tensor(mine.info)} in step {self._found.reference}",
                    where=self._made_at(mine.info) or declared_at(self._slicer, mine),
                    expected="the same shape and dtype in every step",
                    fix="return all elements and a mask, or choose with torch.where instead of selecting",
                    code="C007",
                )
            self._check_numbers(step, name, mine, its)

    def _check_numbers(self, step: int, name: str, mine: Declaration, its: Declaration) -> None:
        """Refuse an output made of Python numbers (``torch.tensor([roll, pitch])``) that are others in each step."""
        literal = self._storages[mine.info.storage].literal
        if literal < 0 or self._storages[its.info.storage].literal < 0 or both_nan(mine.value, its.value):
            return
        if step > 0 and not torch.equal(mine.value, its.value):
            raise CaptureError(
                f"node {self._found.node!r}: output {name!r} is made of Python numbers that change from step to step: "
                f"{shortened(its.value.tolist())} in step {step}, {shortened(mine.value.tolist())} in step "
                f"{self._found.reference}",
                where=where(self._slicer, self._events[literal]),
                expected="an output that tensor operations compute",
                fix="keep the numbers in tensors: torch.stack([a, b]) of elements instead of torch.tensor of .item()",
                code="C003",
            )

    def _made_at(self, info: TensorInfo) -> str | None:
        """Return where a tensor of the reference step was made."""
        birth = self._storages[info.storage].birth
        made_here = self._found.step.begin <= birth < self._found.step.end
        return where(self._slicer, self._events[birth]) if made_here else None
