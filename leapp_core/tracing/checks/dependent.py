"""Which memory of a step depends on its inputs or state, and what of it leaves for Python or makes a call raise."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from leapp_core.tracing.find.analysis import NodeAnalysis
from leapp_core.tracing.find.leaves import InPlaceState, ProducedState
from leapp_core.tracing.find.slicing import Slicer
from leapp_core.tracing.record.events import Event, StorageRecord
from leapp_core.tracing.record.opplan import draws_random, is_dynamic
from leapp_core.tracing.record.regions import Masks
from leapp_core.tracing.record.selected import SELECT

_INTEGERS = frozenset({torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64})
_TAKING = frozenset({"index", "gather", "take", "index_select", "select", "embedding", "scatter", "index_put"})
_TAKING_TOO = frozenset({"index_add", "index_copy", "index_fill", "scatter_add", "scatter_reduce", "take_along_dim"})
_FACTORING = frozenset(
    {f"linalg_{name}" for name in ("cholesky", "inv", "solve", "lu_factor", "ldl_factor", "eig", "eigh", "eigvals")}
    | {f"linalg_{name}" for name in ("eigvalsh", "svd", "svdvals", "lstsq", "tensorinv", "tensorsolve", "matrix_power")}
    | {"cholesky", "inverse", "pinverse", "cholesky_inverse", "svd", "_linalg_check_errors"}
)
_DIVIDING = frozenset({"div", "floor_divide", "remainder", "fmod", "__ifloordiv__"})


@dataclass(frozen=True)
class Escape:
    """One value of the reference step that depends on inputs or state and left for Python.

    Attributes:
        event: The call by which it left.
        kind: ``scalar``, ``bool``, ``array``, ``size`` (of a selection), ``sizes`` (another in each step), or
            ``raises``: the call raises for some values.
    """

    event: Event
    kind: str


def dependent_escapes(slicer: Slicer, found: NodeAnalysis) -> list[Escape]:
    """Return the escapes before the outputs of the reference step whose value depends on inputs or state.

    The size of a selection (``x[mask]``, ``nonzero``) is one too: ``len`` and ``.shape`` give it to Python.
    """
    return follow(slicer, found, found.step.out_index, initial_memory(slicer, found))[0]


def dependent_memory(slicer: Slicer, found: NodeAnalysis) -> Masks:
    """Return the bytes that depend on inputs or state when the reference step ends."""
    return follow(slicer, found, found.step.end, initial_memory(slicer, found))[1]


def follow(
    slicer: Slicer, found: NodeAnalysis, end: int, tainted: Masks, *, everything: bool = False
) -> tuple[list[Escape], Masks]:
    """Return what leaves for Python in the reference step, and the bytes that depend on others at its end.

    Args:
        slicer: Slicer of the record.
        found: The node's analysis.
        end: The event before which to stop.
        tainted: The bytes that others depend on when the step begins; the inputs are added.
        everything: Random numbers count too, and calls that raise for some values.
    """
    step = found.step
    declared = sorted(step.inputs.values(), key=lambda d: d.index)
    escapes: list[Escape] = []
    computed = slicer.recorder.numbers.computed  # beside what the user's code does; numbers have a log of their own
    for index in range(step.begin, end):
        while declared and declared[0].index <= index:
            info = declared.pop(0).info
            tainted.add(info.storage, slicer.regions.of(info))
        event = slicer.recorder.events[index]
        reads = any(tainted.touches(i.storage, slicer.regions.of(i)) for i in event.ins)
        if index in computed:
            pass
        elif event.plan.escape and reads and not _is_index(slicer, index):
            escapes.append(Escape(event, event.plan.escape))
        elif reads and is_dynamic(event):
            escapes.append(Escape(event, "size"))
        elif reads and everything and _may_raise(slicer, event, tainted):
            escapes.append(Escape(event, "raises"))
        _spread(slicer, event, tainted, reads, everything and draws_random(event.plan, event.args, event.kwargs))
    return escapes, tainted


def _may_raise(slicer: Slicer, event: Event, tainted: Masks) -> bool:
    """Return whether a call raises for some values: indices out of range, division by zero, no factorization."""
    name = event.plan.name.removeprefix("aten::").removesuffix("_")
    if name in _FACTORING:
        return True
    if name not in _TAKING | _TAKING_TOO | _DIVIDING and event.func != SELECT:
        return False
    operands = event.ins[1:] if name in _DIVIDING else event.ins
    if name in _DIVIDING and any(info.dtype not in _INTEGERS for info in event.ins):
        return False
    return any(i.dtype in _INTEGERS and tainted.touches(i.storage, slicer.regions.of(i)) for i in operands)


def _is_index(slicer: Slicer, index: int) -> bool:
    """Return whether a number was read only to take a row by a tensor index, which the program keeps as an index."""
    events = slicer.recorder.events
    return index + 1 < len(events) and events[index + 1].func == SELECT


def initial_memory(slicer: Slicer, found: NodeAnalysis) -> Masks:
    """Return the bytes of the state that the program needs."""
    tainted = slicer.masks()
    for storage, leaf in found.leaves.items():
        if isinstance(leaf, (InPlaceState, ProducedState)):
            tainted.merge(storage, found.sliced.live_in.get(storage))
    return tainted


def varying_memory(slicer: Slicer, found: NodeAnalysis) -> Masks:
    """Return the memory that may differ when the step begins, whether the program needs it or not.

    A tensor that counts steps decides what is computed, though no output is computed from it.
    """
    tainted = initial_memory(slicer, found)
    begin = found.steps[min(1, len(found.steps) - 1)].begin
    written = {
        write.info.storage
        for event in slicer.recorder.events[begin : found.step.end]
        for write in slicer.effects.of(event).writes
    }
    for record in slicer.recorder.storages:
        if record.birth >= found.step.begin or record.literal >= 0:
            continue
        if record.birth >= begin or record.number in written or _differs(record, begin):
            tainted.add(record.number, slice(None))
    return tainted


def _differs(record: StorageRecord, begin: int) -> bool:
    """Return whether memory was seen with other contents since the first step, which may initialise."""
    seen = [data for index, data in record.snapshots if index >= begin]
    return any(data is not seen[0] for data in seen)


def _spread(slicer: Slicer, event: Event, tainted: Masks, reads: bool, drawn: bool) -> None:
    effects = slicer.effects.of(event)
    dependent = drawn or (
        reads and any(tainted.touches(event.ins[i].storage, slicer.regions.of(event.ins[i])) for i in effects.reads)
    )
    for info in effects.births:
        (tainted.add if dependent else tainted.remove)(info.storage, slicer.regions.of(info))
    for write in effects.writes:
        if dependent:
            tainted.add(write.info.storage, slicer.written(write))
        elif not write.reads:
            tainted.remove(write.info.storage, slicer.written(write))
