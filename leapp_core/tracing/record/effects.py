"""What each recorded call did to memory: what it read, wrote, made, and which views it took."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from leapp_core.tracing.record.events import Event, StorageRecord, TensorInfo
from leapp_core.tracing.record.indexed import INDEX_PUT, indexed_bytes
from leapp_core.tracing.record.opplan import hidden_writes
from leapp_core.tracing.record.recorder import PACK
from leapp_core.tracing.record.selected import SELECT
from leapp_core.tracing.record.storage import tensors_of


@dataclass(frozen=True)
class Write:
    """A write to existing memory.

    Attributes:
        info: The tensor written to.
        reads: Whether the old contents matter.
        exact: The bytes written, where they are fewer than the tensor's.
    """

    info: TensorInfo
    reads: bool
    exact: npt.NDArray[np.int64] | None = field(default=None, compare=False)


@dataclass(frozen=True)
class Effects:
    """Effects of one call.

    Attributes:
        reads: Operands whose data is read, as positions in ``event.ins``.
        writes: Writes to memory that existed before.
        births: Fresh results.
        views: ``(result, operand)`` for results that lie in an operand's memory.
        mirrors: Selections whose rows are written: the tensor they were taken from is written too.
    """

    reads: tuple[int, ...] = ()
    writes: tuple[Write, ...] = ()
    births: tuple[TensorInfo, ...] = ()
    views: tuple[tuple[TensorInfo, TensorInfo], ...] = ()
    mirrors: tuple[Event, ...] = ()

    @property
    def has_data(self) -> bool:
        """Whether the call makes or changes data."""
        return bool(self.writes or self.births)


def selections_of(info: TensorInfo, storages: list[StorageRecord]) -> list[Event]:
    """Return the selections by tensor index that a tensor came from, the last one first."""
    found: list[Event] = []
    selection = storages[info.storage].selected
    while selection is not None:
        found.append(selection)
        selection = storages[selection.ins[0].storage].selected
    return found


class EffectTable:
    """Effects of all events, computed once each."""

    def __init__(self, events: list[Event], storages: list[StorageRecord]) -> None:
        self._events = events
        self._storages = storages
        self._effects: dict[int, Effects] = {}
        self._untouched: set[int] | None = None

    def of(self, event: Event) -> Effects:
        """Return the effects of an event."""
        found = self._effects.get(event.index)
        if found is None:
            found = self._effects[event.index] = self._compute(event)
        return found

    def _compute(self, event: Event) -> Effects:
        plan = event.plan
        if event.func in (PACK, SELECT):
            return Effects(reads=tuple(range(len(event.ins))), births=tuple(event.outs))
        if plan.metadata_only:
            views = tuple((o, i) for o, i in zip(event.outs, event.ins, strict=False) if o != i)
            return Effects(views=views)
        written = _written_positions(event)
        if plan.write_kwargs:
            writes = tuple(Write(o, reads=False) for o in event.outs)
        else:
            exact = indexed_bytes(event, self._steady(), self._storages) if plan.name in INDEX_PUT else None
            reads_target = not plan.overwrites and exact is None
            writes = tuple(Write(event.ins[i], reads_target, exact) for i in written)
        reads = tuple(i for i in range(len(event.ins)) if i not in written)
        if plan.metadata_reader:
            reads = ()
        births, views = self._results(event, {w.info for w in writes})
        mirrors = tuple(s for w in writes for s in selections_of(w.info, self._storages))
        writes += tuple(Write(s.ins[0], reads=True) for s in mirrors)
        return Effects(reads, writes, births, views, mirrors)

    def _steady(self) -> set[int]:
        """Return storages from outside or from Python numbers that no recorded call writes."""
        if self._untouched is None:
            written = {
                info.storage
                for event in self._events
                if event.plan.writes or event.plan.write_kwargs
                for info in (event.ins[i] for i in _written_positions(event))
            }
            self._untouched = {s.number for s in self._storages if s.birth < 0} - written
        return self._untouched

    def _results(
        self, event: Event, written: set[TensorInfo]
    ) -> tuple[tuple[TensorInfo, ...], tuple[tuple[TensorInfo, TensorInfo], ...]]:
        births: list[TensorInfo] = []
        views: list[tuple[TensorInfo, TensorInfo]] = []
        sources = {i.storage: i for i in reversed(event.ins)}
        for out in event.outs:
            if out in written:
                continue
            source = sources.get(out.storage)
            if source is None or self._storages[out.storage].birth == event.index:
                births.append(out)
            elif out != source:
                views.append((out, source))
        return tuple(births), tuple(views)


def _written_positions(event: Event) -> tuple[int, ...]:
    """Return positions in ``event.ins`` of written positional operands (and of ``out=`` operands)."""
    plan = event.plan
    written_args = set(plan.write_args) | set(hidden_writes(plan, event.args))
    if not written_args and not plan.write_kwargs:
        return ()
    positions: list[int] = []
    at = 0
    for i, arg in enumerate(event.args):
        count = len(tensors_of([arg]))
        if i in written_args:
            positions.extend(range(at, at + count))
        at += count
    for name, arg in event.kwargs.items():
        count = len(tensors_of([arg]))
        if name in plan.write_kwargs:
            positions.extend(range(at, at + count))
        at += count
    return tuple(positions)
