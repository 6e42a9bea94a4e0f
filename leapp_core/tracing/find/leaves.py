"""What a step reads that it did not make: constant, state, or something nobody declared."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from leapp_core.tracing.find.align import Alignment
from leapp_core.tracing.find.chains import Chain
from leapp_core.tracing.find.slicing import LiveRead, Slicer
from leapp_core.tracing.find.steps import Step
from leapp_core.tracing.record.events import StorageRecord, TensorInfo
from leapp_core.tracing.record.regions import Region

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Constant:
    """Memory that holds the same values in every step.

    Attributes:
        storage: Its number.
        lazy: It was built or filled by the first step.
    """

    storage: int
    lazy: bool = False


@dataclass(frozen=True)
class InPlaceState:
    """Memory that stays and is written by recorded calls."""

    storage: int


@dataclass(frozen=True)
class ProducedState:
    """A value made in an earlier step and kept by reference.

    Attributes:
        storage: Memory read in the reference step.
        age: How many steps ago it was made.
        chain: What makes its successor.
        birth: Where the value lies in ``storage``.
    """

    storage: int
    age: int
    chain: Chain
    birth: TensorInfo


@dataclass(frozen=True)
class Unexplained:
    """Another tensor in each step, made by nothing that was recorded (or by a call without counterpart).

    Attributes:
        storage: Its number.
        read: Where it is read.
        reason: ``outside`` (never made by a recorded call), ``tail`` (its producer has no counterpart in the
            reference step).
    """

    storage: int
    read: LiveRead
    reason: str


Leaf = Constant | InPlaceState | ProducedState | Unexplained


class LeafClassifier:
    """Classifies live memory of one node.

    Args:
        slicer: Slicer of the record.
        steps: Steps of the node.
        alignment: Their alignment.
        reference: Index of the reference step.
    """

    def __init__(self, slicer: Slicer, steps: tuple[Step, ...], alignment: Alignment, reference: int) -> None:
        self._slicer = slicer
        self._steps = steps
        self._alignment = alignment
        self._reference = reference
        self._writes = [self._write_map(step) for step in steps]

    def classify(self, storage: int, mask: Mask, reads: list[LiveRead]) -> Leaf:
        """Say what live bytes of a storage are."""
        record = self._slicer.recorder.storages[storage]
        reference = self._steps[self._reference]
        if reference.begin <= record.literal < reference.end:
            return Constant(storage)
        before = self._storages_one_step_before(reads)
        if self._reference > 0 and before and storage not in before and reads:
            leaf = self._produced(record, reads[0])
            return self._rewritten(storage, mask) or leaf if isinstance(leaf, Unexplained) else leaf
        return self._kept(storage, mask)

    def writes_in(self, step: int, storage: int, mask: Mask) -> bool:
        """Return whether recorded calls of a step write any of the bytes."""
        return any(bool(mask[region].any()) for region in self._writes[step].get(storage, ()))

    def counterpart(self, read: LiveRead, step: int) -> TensorInfo | None:
        """Return the operand of another step that corresponds to ``read``."""
        if read.event < 0:
            declaration = self._steps[step].outputs.get(read.port)
            return declaration.info if declaration else None
        at = self._alignment.between(self._reference, step).get(read.event)
        if at is None:
            return None
        ins = self._slicer.recorder.events[at].ins
        return ins[read.position] if read.position < len(ins) else None

    def _storages_one_step_before(self, reads: list[LiveRead]) -> set[int]:
        if self._reference == 0:
            return set()
        infos = (self.counterpart(read, self._reference - 1) for read in reads)
        return {info.storage for info in infos if info is not None}

    def _kept(self, storage: int, mask: Mask) -> Leaf:
        written = [j for j in range(len(self._steps)) if self.writes_in(j, storage, mask)]
        born = self._step_of(self._slicer.recorder.storages[storage].birth)
        if any(j > 0 for j in written) or (written and len(self._steps) == 1):
            return InPlaceState(storage)
        return Constant(storage, lazy=bool(written) or born == 0)

    def _produced(self, record: StorageRecord, read: LiveRead) -> Leaf:
        kept = self._kept_input(record.number)
        if kept is not None:
            return kept
        made_in = self._step_of(record.birth)
        if made_in is None or made_in >= self._reference:
            return Unexplained(record.number, read, "outside")
        at = self._alignment.between(made_in, self._reference).get(record.birth)
        if at is None:
            return Unexplained(record.number, read, "tail")
        outs = self._slicer.recorder.events[record.birth].outs
        position = next(i for i, info in enumerate(outs) if info.storage == record.number)
        if position >= len(self._slicer.recorder.events[at].outs):
            return Unexplained(record.number, read, "tail")
        return ProducedState(record.number, self._reference - made_in, Chain(at, position), outs[position])

    def _rewritten(self, storage: int, mask: Mask) -> ProducedState | None:
        """Return the chain of a value that a call of an earlier step wrote over all that is read.

        Buffers that change places are such: the value moves on from one to the other.
        """
        begin, end = self._steps[0].begin, self._steps[self._reference].begin
        for index in reversed(range(begin, end)):
            event = self._slicer.recorder.events[index]
            for write in self._slicer.effects.of(event).writes:
                if write.info.storage != storage:
                    continue
                region = self._slicer.written(write)
                if not mask[region].any():
                    continue
                rest = mask.copy()
                rest[region] = False
                return None if rest.any() else self._made_by(index, write.info)
        return None

    def _made_by(self, index: int, info: TensorInfo) -> ProducedState | None:
        """Return the chain of a call's result that lies in older memory."""
        step = self._step_of(index)
        at = None if step is None else self._alignment.between(step, self._reference).get(index)
        outs = self._slicer.recorder.events[index].outs
        if step is None or at is None or info not in outs:
            return None
        return ProducedState(info.storage, self._reference - step, Chain(at, outs.index(info)), info)

    def _kept_input(self, storage: int) -> ProducedState | None:
        """Return the chain of a declared input of an earlier step that user code keeps."""
        for step in reversed(range(self._reference)):
            for port, declaration in self._steps[step].inputs.items():
                if declaration.info.storage == storage:
                    return ProducedState(storage, self._reference - step, Chain(-1, port=port), declaration.info)
        return None

    def _step_of(self, event: int) -> int | None:
        return next((j for j, s in enumerate(self._steps) if s.begin <= event < s.end), None)

    def _write_map(self, step: Step) -> dict[int, list[Region]]:
        found: dict[int, list[Region]] = {}
        for event in self._slicer.recorder.events[step.begin : step.end]:
            for write in self._slicer.effects.of(event).writes:
                found.setdefault(write.info.storage, []).append(self._slicer.written(write))
        return found


def arguments(event: Any) -> list[Any]:
    """Return all non-tensor leaves of a call's arguments, in order, with nested lists flattened."""
    import torch

    leaves: list[Any] = []

    def visit(value: Any) -> None:
        if isinstance(value, torch.Tensor):
            return
        if isinstance(value, (list, tuple)):
            leaves.append(len(value))
            for item in value:
                visit(item)
        else:
            leaves.append(value)

    visit(event.args)
    visit([event.kwargs[k] for k in sorted(event.kwargs)])
    return leaves
