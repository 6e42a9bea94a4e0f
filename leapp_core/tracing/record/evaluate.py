"""Run recorded calls again on copies of memory, to know what a tensor held at some moment of the recording."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch

from leapp_core.tracing.record.effects import selections_of
from leapp_core.tracing.record.events import Event, TensorInfo
from leapp_core.tracing.record.recorder import PACK, TraceRecorder, unrecorded
from leapp_core.tracing.record.selected import SELECT


class Evaluator:
    """Memory of a moment; calls are run on it one after the other.

    Args:
        recorder: The record.
        begin: Event index of the moment.
    """

    def __init__(self, recorder: TraceRecorder, begin: int) -> None:
        self._recorder = recorder
        self._begin = begin
        self._memory: dict[int, torch.Tensor] = {}

    def run(self, events: Iterable[int]) -> None:
        """Run recorded calls in order."""
        with unrecorded():
            for index in events:
                self._run(self._recorder.events[index])

    def give(self, info: TensorInfo, value: torch.Tensor) -> None:
        """Write a value where a tensor lies."""
        with unrecorded():
            self._view(info).copy_(value)

    def value(self, info: TensorInfo) -> torch.Tensor:
        """Return a contiguous copy of a tensor's value now."""
        with unrecorded():
            return self._view(info).clone(memory_format=torch.contiguous_format)

    def _run(self, event: Event) -> None:
        infos = iter(event.ins)
        if event.func == PACK:
            values = [self._view(next(infos)) if isinstance(e, torch.Tensor) else e for e in event.args[0]]
            flat = torch.cat([torch.as_tensor(v).reshape(-1).to(event.outs[0].dtype) for v in values])
            self._store(event.outs[0], flat.view(event.outs[0].sizes))
            return
        if event.func == SELECT:
            base, index = (self._view(info) for info in event.ins)
            self._store(event.outs[0], base[_taken(event.args[1] % base.dim(), index)])
            return
        args = [self._argument(a, infos) for a in event.args]
        kwargs = {k: self._argument(a, infos) for k, a in event.kwargs.items()}
        out = event.func(*args, **kwargs)
        results = out if isinstance(out, (tuple, list)) else [out]
        tensors = [r for r in results if isinstance(r, torch.Tensor)]
        self._write_back(event)
        for info, result in zip(event.outs, tensors, strict=False):
            if self._recorder.storages[info.storage].birth == event.index:
                self._store(info, result)

    def _write_back(self, event: Event) -> None:
        for info in event.ins:
            for selection in selections_of(info, self._recorder.storages):
                base, index = (self._view(i) for i in selection.ins)
                base[_taken(selection.args[1] % base.dim(), index)] = self._view(selection.outs[0])

    def _argument(self, value: Any, infos: Any) -> Any:
        if isinstance(value, torch.Tensor):
            return self._view(next(infos))
        if type(value) in (list, tuple):
            return type(value)(self._argument(v, infos) for v in value)
        return value

    def _view(self, info: TensorInfo) -> torch.Tensor:
        memory = self._memory.get(info.storage)
        if memory is None:
            record = self._recorder.storages[info.storage]
            data = record.value_at(self._begin)
            if data is None and record.snapshots:
                data = record.snapshots[-1][1]
            memory = self._memory[info.storage] = torch.frombuffer(
                bytearray(data or bytes(max(record.nbytes, 1))), dtype=torch.uint8
            ).to(record.storage.device)
        itemsize = info.dtype.itemsize
        flat = memory[: memory.numel() // itemsize * itemsize].view(info.dtype)
        return flat.as_strided(info.sizes, info.strides, info.offset)

    def _store(self, info: TensorInfo, result: torch.Tensor) -> None:
        nbytes = max(self._recorder.storages[info.storage].nbytes, 1)
        self._memory[info.storage] = torch.zeros(nbytes, dtype=torch.uint8, device=result.device)
        self._view(info).copy_(result)


def _taken(axis: int, index: torch.Tensor) -> tuple[Any, ...]:
    """Return the key that takes a row, or several in a row, by an index tensor."""
    return (*[slice(None)] * axis, index)
