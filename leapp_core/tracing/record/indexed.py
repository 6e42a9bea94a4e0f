"""Exactly which elements ``t[indices] = value`` writes, where the indices cannot change."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from leapp_core.tracing.record.events import Event, StorageRecord, TensorInfo
from leapp_core.tracing.record.regions import element_offsets

INDEX_PUT = frozenset({"aten::index_put_", "aten::_index_put_impl_"})


def indexed_bytes(event: Event, steady: set[int], storages: list[StorageRecord]) -> npt.NDArray[np.int64] | None:
    """Return the bytes an indexed assignment writes, sorted; ``None`` if that may differ from step to step.

    Args:
        event: An ``index_put_`` call.
        steady: Storages that no recorded call writes and that came from outside or from Python numbers.
        storages: All storages.
    """
    accumulate = event.args[3] if len(event.args) > 3 else event.kwargs.get("accumulate", False)
    target = event.ins[0]
    if accumulate:
        return None
    positions: list[Any] = []
    operands = iter(event.ins[1:])
    for index in event.args[1]:
        if index is None:
            positions.append(slice(None))
            continue
        info = next(operands)
        value = _value(info, steady, storages)
        if value is None:
            return None
        positions.append(value)
    return _bytes(target, positions)


def _value(info: TensorInfo, steady: set[int], storages: list[StorageRecord]) -> npt.NDArray[Any] | None:
    record = storages[info.storage]
    if info.storage not in steady or not record.snapshots:
        return None
    kinds = {torch.int64: np.int64, torch.int32: np.int32, torch.bool: np.bool_, torch.uint8: np.bool_}
    if info.dtype not in kinds or len({data for _, data in record.snapshots}) > 1:
        return None
    flat: npt.NDArray[Any] = np.frombuffer(record.snapshots[0][1], dtype=kinds[info.dtype])
    return flat[element_offsets(info)]


def _bytes(target: TensorInfo, positions: list[Any]) -> npt.NDArray[np.int64]:
    offsets = element_offsets(target)
    chosen = np.zeros(offsets.shape, dtype=np.bool_)
    chosen[tuple(positions)] = True
    item = target.dtype.itemsize
    first = np.unique(offsets[chosen]) * item
    result: npt.NDArray[np.int64] = (first[:, None] + np.arange(item, dtype=np.int64)).ravel()
    return result
