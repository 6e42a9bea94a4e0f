"""Decide, before anything is emitted, which calls fold into constants and which memory is written in place."""

from __future__ import annotations

from dataclasses import dataclass

from leapp_core.program.states import StateSlot, state_slots, used_infos
from leapp_core.program.views import ViewTable, within
from leapp_core.tracing.find.analysis import NodeAnalysis
from leapp_core.tracing.find.leaves import Constant
from leapp_core.tracing.find.slicing import Slicer, varying_storages
from leapp_core.tracing.record.events import TensorInfo
from leapp_core.tracing.record.regions import numel


@dataclass(frozen=True)
class Layout:
    """Decisions for one node's graph.

    Attributes:
        states: Automatically found states.
        folded: Sliced calls whose results are constants.
        events: Sliced calls that are emitted.
        written: Storages written in the graph, which therefore need memory of their own.
        used: Geometries used, by storage.
        dynamic: Storages whose size depends on values.
    """

    states: tuple[StateSlot, ...]
    folded: frozenset[int]
    events: tuple[int, ...]
    written: frozenset[int]
    used: dict[int, list[TensorInfo]]
    dynamic: frozenset[int]


def lay_out(slicer: Slicer, found: NodeAnalysis, views: ViewTable) -> Layout:
    """Return the decisions for a node."""
    states = state_slots(slicer, found, views)
    folded = _foldable(slicer, found, varying_storages(slicer, found.sliced.events))
    events = tuple(i for i in found.sliced.events if i not in folded)
    used = used_infos(slicer, found, events)
    for slot in states:
        for info in (slot.read, slot.next_info):
            used.setdefault(info.storage, []).append(info)
    written = {w.info.storage for i in events for w in slicer.effects.of(slicer.recorder.events[i]).writes}
    written |= _mixed(found, views, used)
    return Layout(states, frozenset(folded), events, frozenset(written), used, varying_storages(slicer, events))


def _foldable(slicer: Slicer, found: NodeAnalysis, dynamic: frozenset[int]) -> set[int]:
    """Return sliced calls whose result depends on no input and no state and is written by nobody.

    What is empty is the same in every step, unless its size depends on values (``dynamic`` storages).
    """
    events = slicer.recorder.events
    written = {w.info.storage for e in events for w in slicer.effects.of(e).writes}
    declared = {d.info.storage for d in found.step.inputs.values()}
    fixed = {s for s, leaf in found.leaves.items() if isinstance(leaf, Constant)} - written - declared
    folded: set[int] = set()
    for index in found.sliced.events:
        event = events[index]
        effects = slicer.effects.of(event)
        born = {b.storage for b in effects.births}
        read = (event.ins[i] for i in effects.reads)
        reads = {info.storage for info in read if numel(info) or info.storage in dynamic}
        if not effects.writes and born and not born & (written | declared) and reads <= fixed:
            folded.add(index)
            fixed |= born
    return folded


def _mixed(found: NodeAnalysis, views: ViewTable, used: dict[int, list[TensorInfo]]) -> set[int]:
    """Return memory that is put together in place.

    It is partly a declared input and partly constant or state, or its declared parts are read across their borders.
    """
    declared: dict[int, list[TensorInfo]] = {}
    for declaration in found.step.inputs.values():
        declared.setdefault(declaration.info.storage, []).append(declaration.info)
    mixed = {s for s in declared if s in found.leaves}
    for storage, bases in declared.items():
        for info in used.get(storage, ()):
            if not any(info == b or views.reaches(info, b) or within(info, b) for b in bases):
                mixed.add(storage)
    return mixed
