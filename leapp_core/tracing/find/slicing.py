"""Walk a step backward from what is needed to where it came from."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import numpy.typing as npt

from leapp_core.tracing.find.steps import Step
from leapp_core.tracing.record.effects import Effects, EffectTable, Write
from leapp_core.tracing.record.events import Declaration, Event, TensorInfo
from leapp_core.tracing.record.opplan import is_dynamic
from leapp_core.tracing.record.recorder import TraceRecorder
from leapp_core.tracing.record.regions import Masks, Region, RegionTable, element_offsets, numel
from leapp_core.tracing.source.book import SourceFiles
from leapp_core.tracing.source.heap import Heap


@dataclass(frozen=True)
class StepSlice:
    """What of a step reaches its outputs and next state.

    Attributes:
        events: Indices of the calls, ascending.
        live_in: Bytes read that neither the step nor its declared inputs made.
        used: Declared inputs that are read.
    """

    events: tuple[int, ...]
    live_in: Masks
    used: frozenset[str] = field(default_factory=frozenset)


@dataclass(frozen=True)
class LiveRead:
    """An operand that reads bytes which were there before the step.

    Attributes:
        info: The operand.
        event: Index of the reading call; -1 for a declared output.
        position: Position among the call's operands.
        port: Output port, when a declared output reads.
        live: Which elements, in logical order, were there before the step; ``None`` for all.
    """

    info: TensorInfo
    event: int
    position: int = 0
    port: str = ""
    live: npt.NDArray[np.bool_] | None = field(default=None, compare=False)


def varying_storages(slicer: Slicer, events: Iterable[int]) -> frozenset[int]:
    """Return the storages whose size depends on values: results of selections by mask and what is made of them."""
    varying: set[int] = set()
    for index in events:
        event = slicer.recorder.events[index]
        effects = slicer.effects.of(event)
        if is_dynamic(event) or any(event.ins[i].storage in varying for i in effects.reads):
            varying |= {info.storage for info in effects.births}
    return frozenset(varying)


class Slicer:
    """Slices steps of one record.

    Args:
        recorder: The record.
        heap: What lived when the session ended; what lives now without it.
    """

    def __init__(self, recorder: TraceRecorder, heap: Heap | None = None) -> None:
        self._recorder = recorder
        self.effects = EffectTable(recorder.events, recorder.storages)
        self.regions = RegionTable()
        self.sources = SourceFiles()
        self.heap = heap or Heap()
        self.outside = recorder.python.outside  # plugins are asked for their simulators once per session

    @cached_property
    def seen_types(self) -> dict[tuple[type, str], set[type]]:
        """Types of what Python objects were seen to hold, by their class and the attribute."""
        return self._recorder.python.types_of_attributes()

    @property
    def recorder(self) -> TraceRecorder:
        """The record that is sliced."""
        return self._recorder

    def masks(self) -> Masks:
        """Return an empty set of bytes."""
        return Masks([s.nbytes for s in self._recorder.storages])

    def backward(self, step: Step, end_need: Masks, outputs: bool = True) -> StepSlice:
        """Slice one step of a node.

        Args:
            step: The step.
            end_need: Bytes needed when the step ends (successors of state).
            outputs: Whether the declared outputs are needed.
        """
        need = self.masks()
        for storage in end_need:
            need.merge(storage, end_need.get(storage))
        declared = [*step.inputs.values(), *(step.outputs.values() if outputs else ())]
        return self._walk(step.begin, step.end, need, self._by_index(declared), set(map(id, step.inputs.values())))

    def backward_through(self, steps: Sequence[Step]) -> StepSlice:
        """Slice what the outputs of steps in a row depend on, from their inputs and from before the first."""
        inputs = [d for step in steps for d in step.inputs.values()]
        declared = [*inputs, *(d for step in steps for d in step.outputs.values())]
        at = self._by_index(declared)
        return self._walk(steps[0].begin, steps[-1].end, self.masks(), at, set(map(id, inputs)))

    def backward_to(
        self,
        info: TensorInfo,
        begin: int,
        end: int,
        declared: Iterable[Declaration],
        live: npt.NDArray[np.bool_] | None = None,
    ) -> StepSlice:
        """Slice what a tensor's value (its ``live`` elements) before event ``end`` depends on, back to ``begin``."""
        need = self.masks()
        if live is None:
            need.add(info.storage, self.regions.of(info))
        else:
            first = element_offsets(info).ravel()[live] * info.dtype.itemsize
            need.add(info.storage, (first[:, None] + np.arange(info.dtype.itemsize)).ravel())
        inputs = list(declared)
        return self._walk(begin, end, need, self._by_index(inputs), set(map(id, inputs)))

    def live_reads(self, step: Step, sliced: StepSlice) -> list[LiveRead]:
        """Return the sliced operands and declared outputs that read bytes from before the step, in order."""
        written = self.masks()
        found: list[LiveRead] = []
        at = self._by_index([*step.inputs.values(), *step.outputs.values()])
        inputs = set(map(id, step.inputs.values()))
        wanted = set(sliced.events)
        for index in range(step.begin, step.end + 1):
            for declaration in at.get(index, ()):
                region = self.regions.of(declaration.info)
                if id(declaration) in inputs:
                    written.add(declaration.info.storage, region)
                else:
                    found += self._live_read(declaration.info, written, -1, 0, declaration.port)
            if index == step.end:
                break
            event = self._recorder.events[index]
            effects = self.effects.of(event)
            if index in wanted:
                for position, info in self.operands(event, effects):
                    found += self._live_read(info, written, index, position)
                for selection in effects.mirrors:  # the row is written back at the index that it was taken by
                    found += self._live_read(selection.ins[1], written, selection.index, 1)
            for info in effects.births:
                written.add(info.storage, self.regions.of(info))
            for write in effects.writes:
                written.add(write.info.storage, self.written(write))
        return found

    def written(self, write: Write) -> Region:
        """Return the bytes that a write changes."""
        return self._region(write.info) if write.exact is None else write.exact

    def operands(self, event: Event, effects: Effects) -> list[tuple[int, TensorInfo]]:
        """Return the operands whose data matters, with their positions: reads and targets updated in place."""
        updated = {w.info for w in effects.writes if w.reads}
        return [(i, info) for i, info in enumerate(event.ins) if i in effects.reads or info in updated]

    def _live_read(self, info: TensorInfo, written: Masks, event: int, position: int, port: str = "") -> list[LiveRead]:
        if numel(info) == 0:
            return []
        mask = written.get(info.storage)
        here = mask[self.regions.of(info)]
        if here.all():
            return []
        live = ~mask[element_offsets(info).ravel() * info.dtype.itemsize] if here.any() else None
        return [LiveRead(info, event, position, port, live)]

    def _by_index(self, declarations: Iterable[Declaration]) -> dict[int, list[Declaration]]:
        at: dict[int, list[Declaration]] = {}
        for d in sorted(declarations, key=lambda d: d.order):
            at.setdefault(d.index, []).append(d)
        return at

    def _walk(self, begin: int, end: int, need: Masks, at: dict[int, list[Declaration]], inputs: set[int]) -> StepSlice:
        events: list[int] = []
        used: set[str] = set()
        for index in range(end, begin - 1, -1):
            for declaration in reversed(at.get(index, ())):
                region = self.regions.of(declaration.info)
                storage = declaration.info.storage
                if id(declaration) not in inputs:
                    need.add(storage, region)
                elif need.touches(storage, region):
                    need.remove(storage, region)
                    used.add(declaration.port)
            if index > begin and self._take(self._recorder.events[index - 1], need):
                events.append(index - 1)
        for storage in need:
            if self._recorder.storages[storage].nbytes == 0:
                need.remove(storage, slice(None))
        return StepSlice(tuple(reversed(events)), need, frozenset(used))

    def _take(self, event: Event, need: Masks) -> bool:
        effects = self.effects.of(event)
        if not effects.has_data:
            return False
        if not (
            any(need.touches(b.storage, self._region(b)) for b in effects.births)
            or any(need.touches(w.info.storage, self.written(w)) for w in effects.writes)
        ):
            return False
        for selection in effects.mirrors:  # the whole row is written back, at the index it was taken by
            need.add(selection.outs[0].storage, self.regions.of(selection.outs[0]))
            need.add(selection.ins[1].storage, self.regions.of(selection.ins[1]))
        for info in effects.births:
            need.remove(info.storage, slice(None))
        for write in effects.writes:
            if not write.reads:
                need.remove(write.info.storage, self.written(write))
        for position in effects.reads:
            info = event.ins[position]
            need.add(info.storage, self._region(info))
        return True

    def _region(self, info: TensorInfo) -> Region:
        """Return the bytes of a tensor; memory of size zero counts as one byte, as what a mask selects may be empty."""
        return slice(0, 1) if self._recorder.storages[info.storage].nbytes == 0 else self.regions.of(info)
