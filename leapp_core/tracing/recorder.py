"""Keeps what the modes see: events, storages, snapshots and declarations of one session."""

from __future__ import annotations

import ctypes
import sys
from pathlib import Path
from types import FrameType
from typing import Any

import torch
from torch.utils._python_dispatch import _disable_current_modes

from leapp_core.tracing.callsite import CallSites
from leapp_core.tracing.events import Declaration, Event, StorageRecord, TensorInfo
from leapp_core.tracing.numpy_literals import is_literal
from leapp_core.tracing.opplan import OpPlan, PlanTable
from leapp_core.tracing.selected import Selections

# References to a tensor seen for the first time that nobody but the dispatcher holds: its wrapper, the argument tuple,
# the handler's loop variable, and the parameters of ``touch``, ``_read_info`` and ``getrefcount``.
_ONLY_OURS = 6

_new_tuple = tuple.__new__

PACK = "leapp::pack"
"""Name of the pseudo call that packs tensor elements into a new tensor."""


class TraceRecorder:
    """The record of one session.

    Attributes:
        unsupported: Something that cannot be followed, and where it was met.
        idle: Calls pass unrecorded (paused, or enough steps were recorded).
        epoch: Counts first input declarations; contents of storages are looked at once per epoch.
        events: All recorded calls, in order.
        declarations: All declared ports, in order.
        storages: Storages by number.
        escaped: Contents of arrays that left for NumPy or lists, by event.
        known: Where tensors lie, by ``id``.
        touched: Numbers of the storages that were looked at, or born, in this epoch.
    """

    def __init__(self, driver: int) -> None:
        self.idle = False
        self.epoch = 0
        self.events: list[Event] = []
        self.declarations: list[Declaration] = []
        self.storages: list[StorageRecord] = []
        self.escaped: dict[int, bytes] = {}
        self.unsupported: tuple[str, str] | None = None
        self._nothing = torch.empty(0)
        self.plans = PlanTable()
        self.selections = Selections(self)
        self.sites = CallSites(driver, str(Path(__file__).with_name("dispatch.py")))
        self._numbers: dict[int, int] = {}
        self.known: dict[int, TensorInfo] = {}
        self.touched: set[int] = set()
        self._held: list[torch.Tensor] = []
        self._shared: list[StorageRecord] = []
        self._owners: list[Any] = []
        self._pack_plan = OpPlan(PACK)

    def start_epoch(self) -> None:
        """Begin a step: storages are looked at again at their next touch."""
        self.epoch += 1
        self.touched.clear()

    def forget_metadata(self) -> None:
        """Read tensor metadata anew at next use, after unrecorded code may have changed it."""
        self.known.clear()

    def touch(self, tensor: torch.Tensor) -> TensorInfo:
        """Return where a tensor lies; look at its memory if this is the first touch of the epoch."""
        info = self.known.get(id(tensor))
        if info is None:
            info = self._read_info(tensor, -1)
        if info.storage not in self.touched:
            self._snapshot(self.storages[info.storage])
        return info

    def add(
        self,
        func: Any,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        out: Any,
        ins: list[TensorInfo],
        plan: OpPlan,
        frame: FrameType,
    ) -> None:
        """Record one call that has just run."""
        index = len(self.events)
        if not plan.ordinary and (plan.metadata_only or plan.write_kwargs):
            for a in (*args, *kwargs.values()):
                self.known.pop(id(a), None)
        if isinstance(out, torch.Tensor):
            info = self.known.get(id(out))
            outs = [self._out_info(out, index, ins) if info is None else info]
        elif isinstance(out, (tuple, list)):
            outs = [self._out_info(o, index, ins) for o in out if isinstance(o, torch.Tensor)]
        else:
            outs = []
        stack, line = self.sites.number(frame)
        event = Event(index, func, args, kwargs, out, ins, outs, plan, stack, line)
        self.events.append(event if plan.ordinary else self._peculiar(event, frame))

    def _peculiar(self, event: Event, frame: FrameType) -> Event:
        """Note what is special about a call; return the event to keep."""
        plan, out = event.plan, event.out
        if plan.literal:
            self._mark_literal(event.ins[0], event.index, frame)
        if plan.escape == "array":
            self.escaped[event.index] = _read_bytes(out.untyped_storage())
        if plan.selects and self.selections.is_selection(event.args, event.stack, event.line):
            return self.selections.event(event.index, event.args, out, event.ins[0], event.stack, event.line)
        if plan.metadata_only:  # set_data swaps the storage after this call returns
            for a in event.args:
                self.known.pop(id(a), None)
        return event

    def add_pack(self, elements: list[Any], out: torch.Tensor, frame: FrameType) -> None:
        """Record ``torch.tensor([t0, t1, 2.0])``: reads of elements and a fresh result."""
        ins = [self.touch(e) for e in elements if isinstance(e, torch.Tensor)]
        info = self.touch(out)
        # The values came from tensors, not from Python: the storage is born here.
        record = self.storages[info.storage]
        index = len(self.events)
        record.literal, record.foreign, record.birth, record.snapshots = -1, False, index, []
        stack, line = self.sites.number(frame)
        self.events.append(Event(index, PACK, (elements,), {}, out, ins, [info], self._pack_plan, stack, line))

    def add_done(
        self, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any], out: torch.Tensor, frame: FrameType, fresh: bool
    ) -> None:
        """Record a call that explains what other software (NumPy) has just done to memory.

        Args:
            func: The ATen overload; it is not run.
            args: Its arguments.
            kwargs: Its keyword arguments.
            out: The tensor over the memory that now holds its result.
            frame: Where.
            fresh: Whether that memory was allocated for the result.
        """
        ins = [self.touch(a) for a in args if isinstance(a, torch.Tensor)]
        index = len(self.events)
        self.add(func, args, kwargs, out, ins, self.plans.learn(func), frame)
        if fresh:
            record = self.storages[self.events[index].outs[0].storage]
            record.birth, record.foreign, record.snapshots = index, False, []

    def share(self, tensor: torch.Tensor) -> None:
        """Note that other software (NumPy) got hold of a tensor's memory and may wrap any part of it anew."""
        record = self.storages[self.info_of(tensor).storage]
        if record not in self._shared:
            self._shared.append(record)

    def mark_literal(self, tensor: torch.Tensor) -> None:
        """Note that a tensor's memory was filled with numbers written out in the user's code."""
        record = self.storages[self.touch(tensor).storage]
        record.literal, record.foreign = len(self.events), False

    def keep(self, owner: Any) -> None:
        """Keep the owner of foreign memory as long as the record."""
        self._owners.append(owner)

    def annotate(self, tensor: torch.Tensor, note: str) -> None:
        """Note where a tensor's memory comes from, for messages."""
        self.storages[self.touch(tensor).storage].note = note

    def declare(
        self, node: str, port: str, role: Any, tensor: torch.Tensor, semantics: Any, frame: FrameType
    ) -> Declaration:
        """Record a port declaration with the tensor's value."""
        info = self.touch(tensor)
        stack, _ = self.sites.number(frame)
        with torch._C._DisableTorchDispatch(), torch._C.DisableTorchFunction():
            value = tensor.detach().to("cpu", copy=True, memory_format=torch.contiguous_format)
        order = len(self.declarations)
        declaration = Declaration(len(self.events), node, port, role, tensor, info, value, semantics, stack, order)
        self.declarations.append(declaration)
        return declaration

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
        return _read_bytes(record.storage)

    def info_of(self, tensor: torch.Tensor) -> TensorInfo:
        """Return where a tensor lies, without looking at its memory."""
        info = self.known.get(id(tensor))
        return self._read_info(tensor, -1) if info is None else info

    def storage_number(self, tensor: torch.Tensor) -> int:
        """Return the number of a tensor's storage as it is now; -1 if it was never seen."""
        storage = tensor.untyped_storage()
        return self._numbers.get(storage.data_ptr() or -int(storage._cdata), -1)

    def held_tensors(self) -> list[torch.Tensor]:
        """Return every tensor object seen."""
        return self._held

    def place(self, tensor: torch.Tensor, info: TensorInfo) -> None:
        """Note where a tensor lies in the record."""
        self.known[id(tensor)] = info
        self._held.append(tensor)

    def _out_info(self, tensor: torch.Tensor, index: int, ins: list[TensorInfo]) -> TensorInfo:
        info = self.known.get(id(tensor))
        if info is None:
            info = self._read_info(tensor, index)
            if self.selections.any:
                info = self.known[id(tensor)] = self.selections.translate(info, ins)
        return info

    def _read_info(self, tensor: torch.Tensor, birth: int) -> TensorInfo:
        if tensor.layout is not torch.strided:
            return self._give_up(f"a {str(tensor.layout).removeprefix('torch.')} tensor")
        storage = tensor.untyped_storage()
        address = storage.data_ptr() or -int(storage._cdata)
        offset = int(tensor.storage_offset())
        dtype = tensor.dtype
        number = self._numbers.get(address)
        if number is None:
            number, shift = self._new_storage(storage, address, birth)
            if shift:
                offset += shift // dtype.itemsize
        record = self.storages[number]
        if storage.nbytes() > record.nbytes:
            record.nbytes = storage.nbytes()
        # A named tuple without the call of its constructor, which is Python code.
        info = _new_tuple(TensorInfo, (number, offset, tuple(tensor.shape), tensor.stride(), dtype))
        if record.first_info is None:
            record.first_info = info
            if birth < 0 and tensor.dim() == 0 and not record.foreign and sys.getrefcount(tensor) <= _ONLY_OURS:
                record.literal = len(self.events)  # nobody in Python holds it: a number that TorchScript wrapped
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
            self.touched.add(number)
        self.storages.append(record)
        self._numbers[address] = number
        if foreign:
            record.foreign = True
            self._shared.append(record)
        return number, 0

    def _mark_literal(self, info: TensorInfo, index: int, frame: FrameType) -> None:
        record = self.storages[info.storage]
        if record.birth >= 0 or len(record.snapshots) != 1 or record.literal >= 0:
            return
        if record.foreign:  # torch.from_numpy(np.array([1.0, 2.0])), written out in the step
            value = self.tensor_of(record.snapshots[0][1], info)
            if info.dtype == torch.bfloat16 or not is_literal(value.numpy(), self.sites, frame):
                return
        elif record in self._shared:
            return
        record.literal = index

    def _snapshot(self, record: StorageRecord) -> None:
        self.touched.add(record.number)
        if record.parameter and record.snapshots:
            return  # weights are compared once, when the session ends
        data = _read_bytes(record.storage)
        if record.snapshots and record.snapshots[-1][1] == data:
            data = record.snapshots[-1][1]
        record.snapshots.append((len(self.events), data))


def unrecorded() -> Any:
    """Context in which our own tensor work is seen by no mode."""
    return _Unrecorded()


class _Unrecorded:
    def __enter__(self) -> None:
        self._modes = _disable_current_modes()
        self._modes.__enter__()
        self._functions = torch._C.DisableTorchFunction()
        self._functions.__enter__()

    def __exit__(self, *exc: Any) -> None:
        self._functions.__exit__(*exc)
        self._modes.__exit__(*exc)


def _read_bytes(storage: torch.UntypedStorage) -> bytes:
    if storage.nbytes() == 0:
        return b""
    if storage.device.type == "cpu":
        return ctypes.string_at(storage.data_ptr(), storage.nbytes())
    with unrecorded():
        copy = storage.cpu()  # type: ignore[no-untyped-call]
        return ctypes.string_at(copy.data_ptr(), copy.nbytes())
