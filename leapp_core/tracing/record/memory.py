"""Where tensors lie: the storages of one session, looked at once per step."""

from __future__ import annotations

import sys
from abc import ABC, abstractmethod
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from leapp_core.tracing.objects.state import PythonState
from leapp_core.tracing.record.events import Declaration, Event, StorageRecord, TensorInfo
from leapp_core.tracing.record.numbers import NumberLog
from leapp_core.tracing.record.opplan import OpPlan, PlanTable
from leapp_core.tracing.record.selected import Selections
from leapp_core.tracing.record.storage import address_of, read_bytes, storage_over, tensors_of, unrecorded
from leapp_core.tracing.source.callsite import CallSites

# References to a tensor seen for the first time that nobody but the dispatcher holds: its wrapper, the argument tuple,
# the handler's loop variable, and the parameters of ``touch``, ``_read_info`` and ``getrefcount``.
_ONLY_OURS = 6
_STRIDED = torch.strided
Guard = Callable[[OpPlan, tuple[Any, ...], dict[str, Any]], Callable[[], None] | None]
"""Told of a call before it runs: its plan, arguments and keyword arguments; says what to do after it."""
_new_tuple = tuple.__new__


class MemoryRecord(ABC):
    """Storages, and the places of tensors in them.

    Attributes:
        unsupported: Something that cannot be followed, and where it was met.
        epoch: Counts first input declarations; contents of storages are looked at once per epoch.
        events: All recorded calls, in order.
        declarations: All declared ports, in order.
        storages: Storages by number.
        escaped: Contents of arrays that left for NumPy or lists, by event.
        python: What Python objects of the program hold.
        numbers: What is known of Python numbers.
        known: Where tensors lie, by ``id``.
        calls: Where the ``id`` of each call goes that passes unrecorded, or ``None``.
        guard: Told of calls that do more than give a result.
        ended: Told that nothing more is recorded.
        between: Told that a step ended and the next begins.
        touched: Numbers of the storages that were looked at, or born, in this epoch.
    """

    def __init__(self, driver: int) -> None:
        self._idle = False
        self.epoch = 0
        # Ordinary calls are noted as they come and settled, all at once, when something needs to know where their
        # results lie. Until then a result is known by the mark of the epoch it was made or last looked at in.
        self._mark = mark_of(0)
        self._noted: list[tuple[Any, ...]] = []
        self._expected: dict[int, TensorInfo] = {}
        self._early: dict[int, list[tuple[int, bytes]]] = {}
        self._unsettled: list[Declaration] = []
        self.events: list[Event] = []
        self.declarations: list[Declaration] = []
        self.storages: list[StorageRecord] = []
        self.escaped: dict[int, bytes] = {}
        self.unsupported: tuple[str, str] | None = None
        self.calls: list[int] | None = None
        self.guard: Guard | None = None
        self.ended: Callable[[], None] | None = None
        self.between: Callable[[], None] | None = None
        self._nothing = torch.empty(0)
        self.plans = PlanTable()
        self.selections = Selections(self)
        self.sites = CallSites(driver, str(Path(__file__).parents[1] / "dispatch.py"))
        self.python = PythonState()
        self.numbers = NumberLog()
        self._numbers: dict[int, int] = {}
        self.known: dict[int, TensorInfo] = {}
        self.touched: set[int] = {self._mark[0]}
        self._held: list[torch.Tensor] = []
        self._shared: list[StorageRecord] = []
        self._owners: list[Any] = []
        self._writers: list[tuple[tuple[Any, ...], dict[str, Any]]] = []
        self._written_at: set[int] = set()

    @property
    def idle(self) -> bool:
        """Whether calls pass unrecorded (paused, or enough steps were recorded)."""
        return self._idle

    @idle.setter
    def idle(self, value: bool) -> None:
        if value:
            self.settle()
        self._idle = value

    @property
    def position(self) -> int:
        """Number of calls recorded so far."""
        return len(self.events) + len(self._noted)

    @property
    def unsettled(self) -> bool:
        """Whether calls were noted and not settled."""
        return bool(self._noted)

    def look_last(self) -> None:
        """Look at what Python's objects hold for the last time."""
        if self.between is not None:
            self.between()
        self.python.end()

    def start_epoch(self) -> None:
        """Begin a step: storages are looked at again at their next touch."""
        self.epoch += 1
        if self.between is not None:
            self.between()
        self._mark = mark_of(self.epoch)
        self.touched.clear()
        self.touched.add(self._mark[0])

    def forget_metadata(self) -> None:
        """Read tensor metadata anew at next use, after unrecorded code may have changed it."""
        self.known.clear()

    def touch(self, tensor: torch.Tensor) -> TensorInfo:
        """Return where a tensor lies; look at its memory if this is the first touch of the epoch."""
        info = self.known.get(id(tensor))
        if info is None:
            if self._expected and tensor.layout is _STRIDED and address_of(tensor.untyped_storage()) in self._expected:
                return self._look_early(tensor)
            info = self._read_info(tensor, -1)
        elif info[0] < 0:
            return self._look_early(tensor)
        if info.storage not in self.touched:
            self._snapshot(self.storages[info.storage])
        return info

    def share(self, tensor: torch.Tensor) -> None:
        """Note that other software (NumPy) got hold of a tensor's memory and may wrap any part of it anew."""
        self.settle()
        record = self.storages[self.info_of(tensor).storage]
        if record not in self._shared:
            self._shared.append(record)

    def mark_literal(self, tensor: torch.Tensor) -> None:
        """Note that a tensor's memory was filled with numbers written out in the user's code."""
        self.settle()
        record = self.storages[self.touch(tensor).storage]
        record.literal, record.foreign = self.position, False

    def keep(self, owner: Any) -> None:
        """Keep the owner of foreign memory as long as the record."""
        self._owners.append(owner)

    def annotate(self, tensor: torch.Tensor, note: str) -> None:
        """Note where a tensor's memory comes from, for messages."""
        self.settle()
        self.storages[self.touch(tensor).storage].note = note

    def tensor_of(self, data: bytes, info: TensorInfo) -> torch.Tensor:
        """Return a fresh CPU tensor with the geometry of ``info`` over a copy of a storage's contents."""
        with unrecorded():
            if not data:
                return torch.empty(info.sizes, dtype=info.dtype)
            flat = torch.frombuffer(bytearray(data), dtype=torch.uint8)
            itemsize = info.dtype.itemsize
            flat = flat[: len(data) // itemsize * itemsize].view(info.dtype)
            return flat.as_strided(info.sizes, info.strides, info.offset).clone(memory_format=torch.contiguous_format)

    def current_bytes(self, record: StorageRecord) -> bytes:
        """Return a storage's contents now."""
        return read_bytes(record.storage)

    def info_of(self, tensor: torch.Tensor) -> TensorInfo:
        """Return where a tensor lies, without looking at its memory."""
        self.settle()
        info = self.known.get(id(tensor))
        return self._read_info(tensor, -1) if info is None else info

    def storage_number(self, tensor: torch.Tensor) -> int:
        """Return the number of a tensor's storage as it is now; -1 if it was never seen."""
        self.settle()
        storage = tensor.untyped_storage()
        return self._numbers.get(address_of(storage), -1)

    def outlives_the_step(self, tensor: torch.Tensor) -> bool:
        """Return whether a tensor lies in memory that recorded steps knew, or that other software owns.

        The record keeps what it knows alive, so fresh memory lies elsewhere.
        """
        return self.storage_number(tensor) >= 0 or not tensor.untyped_storage().resizable()

    def addresses(self) -> frozenset[int]:
        """Return where the storages seen begin."""
        self.settle()
        return frozenset(self._numbers)

    def held_tensors(self) -> list[torch.Tensor]:
        """Return every tensor object seen."""
        return self._held

    def place(self, tensor: torch.Tensor, info: TensorInfo) -> None:
        """Note where a tensor lies in the record."""
        self.known[id(tensor)] = info
        self._held.append(tensor)

    def _expect(self, tensor: torch.Tensor) -> None:
        if tensor.layout is not _STRIDED:
            self._give_up(f"a {str(tensor.layout).removeprefix('torch.')} tensor")
            return
        self.known[id(tensor)] = self._mark
        address = address_of(tensor.untyped_storage())
        if address not in self._numbers:
            self._expected.setdefault(address, self._mark)

    def _look_early(self, tensor: torch.Tensor) -> TensorInfo:
        """Look at the memory of a result that is not settled, if this is the first touch of the epoch."""
        storage = tensor.untyped_storage()
        address = address_of(storage)
        number = self._numbers.get(address)
        if number is not None:
            if number not in self.touched:
                self._snapshot(self.storages[number])
        elif self._expected.get(address) is not self._mark:
            data = read_bytes(storage)
            seen = self._early.setdefault(address, [])
            seen.append((self.position, seen[-1][1] if seen and seen[-1][1] == data else data))
            self._expected[address] = self._mark
        self.known[id(tensor)] = self._mark
        return self._mark

    def _settled(self, tensor: torch.Tensor) -> TensorInfo:
        info = self.known.get(id(tensor))
        return self._read_info(tensor, -1) if info is None or info[0] < 0 else info

    def _out_info(self, tensor: torch.Tensor, index: int, ins: list[TensorInfo]) -> TensorInfo:
        info = self.known.get(id(tensor))
        if info is None or info[0] < 0:
            info = self._read_info(tensor, index)
            if self.selections.any:
                info = self.known[id(tensor)] = self.selections.translate(info, ins)
        return info

    def _read_info(self, tensor: torch.Tensor, birth: int) -> TensorInfo:
        if tensor.layout is not _STRIDED:
            return self._give_up(f"a {str(tensor.layout).removeprefix('torch.')} tensor")
        storage = tensor.untyped_storage()
        address = address_of(storage)
        offset = int(tensor.storage_offset())
        dtype = tensor.dtype
        number, shift = self._numbers.get(address), 0
        if number is None:
            number, shift = self._new_storage(storage, address, birth)
            if shift:
                offset += shift // dtype.itemsize
        record = self.storages[number]
        if shift + storage.nbytes() > record.nbytes:
            record.nbytes = shift + storage.nbytes()
            if record.nbytes > record.storage.nbytes():
                self._widen(record, storage, shift)
        # A named tuple without the call of its constructor, which is Python code.
        info = _new_tuple(TensorInfo, (number, offset, tuple(tensor.shape), tensor.stride(), dtype))
        if record.first_info is None:
            record.first_info = info
            if birth < 0 and tensor.dim() == 0 and not record.foreign and sys.getrefcount(tensor) <= _ONLY_OURS:
                record.literal = self.position  # nobody in Python holds it: a number that TorchScript wrapped
        if birth < 0 and not record.parameter and isinstance(tensor, torch.nn.Parameter):
            record.parameter = True
        self.known[id(tensor)] = info
        self._held.append(tensor)
        return info

    def _give_up(self, what: str) -> TensorInfo:
        """Stop recording at something that has no memory to follow; user code goes on, compiling refuses."""
        if self.unsupported is None:
            self.unsupported = what, self.sites.describe(*self.sites.number(sys._getframe(3)))
        self.idle = True
        return self._read_info(self._nothing, -1)

    def _new_storage(self, storage: torch.UntypedStorage, address: int, birth: int) -> tuple[int, int]:
        foreign = not storage.resizable() and address > 0 and storage.device.type == "cpu"
        if foreign:  # every access to a NumPy array wraps its memory anew, maybe from another first element
            for known in self._shared:
                start = known.storage.data_ptr()
                if start <= address < start + known.nbytes:
                    return known.number, address - start
        number = len(self.storages)
        record = StorageRecord(number, storage, birth)
        if birth >= 0:
            if self._expected.get(address, self._mark) is self._mark:
                self.touched.add(number)
            record.snapshots = self._early.pop(address, [])
        self.storages.append(record)
        self._numbers[address] = number
        if foreign:
            record.foreign = True
            self._shared.append(record)
        return number, 0

    def _widen(self, record: StorageRecord, storage: torch.UntypedStorage, shift: int) -> None:
        """Memory of other software goes on beyond what was seen of it, as where two arrays interleave in one.

        Nothing that was recorded read what lies beyond, so earlier looks may hold there what is there now.
        """
        self._owners += [record.storage, storage]
        record.storage = storage_over(record.storage.data_ptr(), record.nbytes) if shift else storage
        now = read_bytes(record.storage)
        record.snapshots = [(position, data + now[len(data) :]) for position, data in record.snapshots]

    def _snapshot(self, record: StorageRecord) -> None:
        self.touched.add(record.number)
        if record.parameter and record.snapshots and not self._is_written(record):
            return  # weights are compared once, when the session ends
        data = read_bytes(record.storage)
        if record.snapshots and record.snapshots[-1][1] == data:
            data = record.snapshots[-1][1]
        record.snapshots.append((self.position, data))

    def _is_written(self, record: StorageRecord) -> bool:
        """Return whether recorded calls write to memory (an optimizer steps, weights adapt online)."""
        if not record.written:
            for args, kwargs in self._writers:
                tensors = tensors_of((*args, *kwargs.values()))
                self._written_at.update(address_of(t.untyped_storage()) for t in tensors)
            self._writers.clear()
            record.written = address_of(record.storage) in self._written_at
        return record.written

    @abstractmethod
    def settle(self) -> None:
        """Find out where the results of noted calls lie."""


def mark_of(epoch: int) -> TensorInfo:
    """Return what stands for the place of a result until it is settled: no storage has its number."""
    return TensorInfo(-1 - epoch, 0, (), (), torch.uint8)
