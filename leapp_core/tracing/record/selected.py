"""``x[i]`` with a 0-d integer tensor: PyTorch reads ``i`` as a number and takes a view; here it stays an index.

The row taken gets a storage number of its own in the record, so that reading it is a result of ``x`` and ``i`` and not
a fixed part of ``x``. A call that writes to the row writes to ``x`` too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from leapp_core.tracing.record.events import Event, StorageRecord, TensorInfo
from leapp_core.tracing.record.opplan import OpPlan

if TYPE_CHECKING:
    from leapp_core.tracing.record.memory import MemoryRecord

SELECT = "leapp::select"
"""Name of the pseudo call: base, axis, index tensor."""

INDEXED_AXIS = (torch.int64, torch.int32, torch.int16, torch.int8, torch.uint8)


class Selections:
    """Rows taken by tensor index in one session.

    Args:
        recorder: The record they are part of.
    """

    def __init__(self, recorder: MemoryRecord) -> None:
        self._recorder = recorder
        self.plan = OpPlan(SELECT)
        # Number of a row's own storage, to the storage and element it really starts at.
        self._real: dict[int, tuple[int, int]] = {}

    @property
    def any(self) -> bool:
        """Whether a row was taken."""
        return bool(self._real)

    def is_selection(self, args: tuple[Any, ...], stack: int, line: int) -> bool:
        """Return whether a ``select`` takes a row by a tensor whose number was read just before, in one expression."""
        if not self._recorder.events:
            return False
        before = self._recorder.events[-1]
        return (
            before.plan.name == "aten::item"
            and (before.stack, before.line) == (stack, line)
            and before.args[0].dtype in INDEXED_AXIS
            and before.out == args[2]
        )

    def event(
        self, index: int, args: tuple[Any, ...], out: torch.Tensor, base: TensorInfo, stack: int, line: int
    ) -> Event:
        """Return the event of taking a row; from now on ``out`` lies in a storage of its own."""
        recorder = self._recorder
        pointer = recorder.events[-1].args[0]
        real = base.storage, base.offset + args[2] % max(base.sizes[args[1]], 1) * base.strides[args[1]]
        number = len(recorder.storages)
        record = StorageRecord(number, recorder.storages[base.storage].storage, index)
        recorder.touched.add(number)
        recorder.storages.append(record)
        self._real[number] = real
        info = TensorInfo(number, 0, tuple(out.size()), out.stride(), out.dtype)
        recorder.place(out, info)
        record.first_info = info
        ins = [base, recorder.touch(pointer)]
        event = Event(index, SELECT, (args[0], args[1], pointer), {}, out, ins, [info], self.plan, stack, line)
        record.selected = event
        return event

    def move(self, number: int, storage: int, offset: int) -> None:
        """Note where a row that has a storage of its own really starts."""
        self._real[number] = storage, offset

    def translate(self, info: TensorInfo, ins: list[TensorInfo]) -> TensorInfo:
        """Return where a view of a row lies, in the row's own storage."""
        for source in ins:
            real = self._real.get(source.storage)
            if real is not None and real[0] == info.storage:
                return info._replace(storage=source.storage, offset=info.offset - real[1])
        return info
