"""Constants as users are shown them: what was captured by value, where it entered, and what deserves a look."""

from __future__ import annotations

import numpy as np
import torch

from leapp_core.program.build import BuiltGraph
from leapp_core.program.memory import LiftedConstant
from leapp_core.spec.dtypes import canonical
from leapp_core.tracing.find.analysis import NodeAnalysis
from leapp_core.tracing.find.messages import call_name
from leapp_core.tracing.find.slicing import Slicer
from leapp_core.tracing.record.events import Event, StorageRecord
from leapp_core.tracing.record.regions import Masks, elements_in
from leapp_core.tracing.result import ConstantRecord


def constant_records(slicer: Slicer, found: NodeAnalysis, built: BuiltGraph) -> tuple[ConstantRecord, ...]:
    """Return a record for every lifted constant that is neither a parameter nor a registered buffer."""
    return tuple(
        _record(slicer, found, constant, getattr(built.module, constant.name))
        for constant in built.constants
        if constant.role == "constant"
    )


def _record(slicer: Slicer, found: NodeAnalysis, constant: LiftedConstant, value: torch.Tensor) -> ConstantRecord:
    storage = slicer.recorder.storages[constant.info.storage]
    reads = [] if constant.event >= 0 else found.reads.get(storage.number, [])
    at = reads[0].event if reads else constant.event
    event = slicer.recorder.events[at] if at >= 0 else None
    read = _bytes_read(slicer, found, constant)
    seen = value[torch.from_numpy(elements_in(read.get(storage.number), constant.info))]
    numbers = seen.numel() > 0 and value.dtype != torch.bool and not value.is_complex()
    origin = "literal" if storage.literal >= 0 else "foreign" if storage.foreign else "tensor"
    warning = None
    if storage.foreign:
        warning = "its memory is owned by software outside PyTorch, which may change it after the capture"
    elif _written_elsewhere(slicer, found, storage, read):
        warning = "other code wrote this memory during the session"
    elif (call := foreign_read(slicer, constant)) is not None:
        site = slicer.recorder.sites.portable(call.stack, call.line)
        origin = "foreign"
        warning = f"computed from memory owned by software outside PyTorch, which may change it, read at {site}"
    return ConstantRecord(
        node=found.node,
        name=constant.name,
        dtype=str(value.dtype).removeprefix("torch.") if value.is_complex() else canonical(value.dtype),
        shape=tuple(value.shape),
        minimum=float(seen.min()) if numbers else None,
        maximum=float(seen.max()) if numbers else None,
        where=slicer.recorder.sites.portable(event.stack, event.line) if event else "an output",
        call=call_name(event) if event else "output",
        origin=origin,
        warning=warning,
        elements=seen.numel(),
    )


def foreign_read(slicer: Slicer, constant: LiftedConstant) -> Event | None:
    """Return the recorded call through which foreign memory went into a constant that was computed in the session.

    A reading that nothing declares looks like this: the simulator's memory is scaled or reshaped by recorded calls,
    and only their result, which is fresh memory, meets the inputs.
    """
    events, storages = slicer.recorder.events, slicer.recorder.storages
    wanted = {constant.info.storage}
    for index in range(constant.event - 1, -1, -1):
        effects = slicer.effects.of(events[index])
        made = {info.storage for info in (*events[index].outs, *(w.info for w in effects.writes))}
        if not made & wanted:
            continue
        read = {events[index].ins[position].storage for position in effects.reads}
        if any(storages[storage].foreign for storage in read):
            return events[index]
        wanted |= read
    return None


def _bytes_read(slicer: Slicer, found: NodeAnalysis, constant: LiftedConstant) -> Masks:
    """Return what the program reads of a constant: a buffer that steps fill but for some columns is one in those."""
    record = slicer.recorder.storages[constant.info.storage]
    read = Masks({record.number: record.nbytes})
    read.merge(record.number, found.sliced.live_in.get(record.number))
    if record.number not in read:
        read.add(record.number, slicer.regions.of(constant.info))
    return read


def _written_elsewhere(slicer: Slicer, found: NodeAnalysis, record: StorageRecord, read: Masks) -> bool:
    """Return whether anything but the node's first step, which may fill a buffer, wrote what the program reads."""
    filled = found.steps[0]
    mask = read.get(record.number)
    later = (data for at, data in record.snapshots if at >= filled.end)
    values = {np.frombuffer(data, np.uint8)[mask[: len(data)]].tobytes() for data in later}
    written = (
        write
        for event in slicer.recorder.events
        if not filled.begin <= event.index < filled.end
        for write in slicer.effects.of(event).writes
        if write.info.storage == record.number
    )
    return len(values) > 1 or any(read.touches(record.number, slicer.written(write)) for write in written)
