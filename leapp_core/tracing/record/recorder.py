"""Keeps what the modes see: the calls and declarations of one session."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

import torch

from leapp_core.tracing.record.events import Declaration, Event, TensorInfo
from leapp_core.tracing.record.memory import MemoryRecord
from leapp_core.tracing.record.opplan import OpPlan
from leapp_core.tracing.record.storage import address_of, read_bytes
from leapp_core.tracing.record.storage import tensors_of as tensors_of
from leapp_core.tracing.record.storage import unrecorded as unrecorded
from leapp_core.tracing.source.array_literals import is_literal

PACK = "leapp::pack"
"""Name of the pseudo call that packs tensor elements into a new tensor."""

_STRIDED = torch.strided


class TraceRecorder(MemoryRecord):
    """The record of one session.

    Args:
        driver: ``id`` of the frame that drives the steps; 0 if there is none.
    """

    def __init__(self, driver: int) -> None:
        super().__init__(driver)
        self.pack_plan = OpPlan(PACK)

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Run code that is not part of the program: neither its calls nor what it does to Python values count."""
        self.idle = True
        self.python.pause()
        try:
            yield
        finally:
            self.idle = False
            self.forget_metadata()
            self.python.resume()

    def end(self) -> None:
        """Record no further step."""
        if self.ended is not None:
            self.ended()
        self.idle = True

    @contextmanager
    def resting(self) -> Iterator[None]:
        """Do work of our own that must not be recorded."""
        was, self.idle = self.idle, True
        try:
            yield
        finally:
            self.idle = was

    def note(
        self, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any], out: Any, plan: OpPlan, frame: FrameType
    ) -> None:
        """Record an ordinary call that has just run, for now without where its results lie."""
        if plan.writes:
            self._writers.append((args, kwargs))
        if isinstance(out, torch.Tensor):
            if id(out) not in self.known:  # as in _expect, without the call
                if out.layout is _STRIDED:
                    self.known[id(out)] = self._mark
                    address = address_of(out.untyped_storage())
                    if address not in self._numbers and address not in self._expected:
                        self._expected[address] = self._mark
                else:
                    self._expect(out)
        elif isinstance(out, (tuple, list)):
            for o in out:
                if isinstance(o, torch.Tensor) and id(o) not in self.known:
                    self._expect(o)
        stack, line = self.sites.number(frame)
        self._noted.append((func, args, kwargs, out, plan, stack, line))

    def settle(self) -> None:
        """Find out where the results of noted calls lie."""
        noted, self._noted = self._noted, []
        for func, args, kwargs, out, plan, stack, line in noted:
            index = len(self.events)
            ins = [self._settled(a) for a in tensors_of((*args, *kwargs.values()) if kwargs else args)]
            outs = [self._out_info(o, index, ins) for o in tensors_of((out,))]
            self.events.append(Event(index, func, args, kwargs, out, ins, outs, plan, stack, line))
        self._expected.clear()
        self._early.clear()
        for declaration in self._unsettled:
            declaration.info = self._settled(declaration.tensor)
        self._unsettled.clear()

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
        """Record one call that has just run; noted calls are settled."""
        index = len(self.events)
        if plan.writes:
            self._writers.append((args, kwargs))
        if not plan.ordinary and (plan.metadata_only or plan.write_kwargs):
            for a in (*args, *kwargs.values()):
                self.known.pop(id(a), None)
        outs = [self._out_info(o, index, ins) for o in tensors_of((out,))]
        stack, line = self.sites.number(frame)
        event = Event(index, func, args, kwargs, out, ins, outs, plan, stack, line)
        self.events.append(event if plan.ordinary else self._peculiar(event, frame))

    def _peculiar(self, event: Event, frame: FrameType) -> Event:
        """Note what is special about a call; return the event to keep."""
        plan, out = event.plan, event.out
        if plan.literal:
            self._mark_literal(event.ins[0], event.index, frame)
        if plan.escape == "array":
            self.escaped[event.index] = read_bytes(out.untyped_storage())
        if plan.selects and self.selections.is_selection(event.args, event.stack, event.line):
            return self.selections.event(event.index, event.args, out, event.ins[0], event.stack, event.line)
        if plan.metadata_only:  # set_data swaps the storage after this call returns
            for a in event.args:
                self.known.pop(id(a), None)
        return event

    def add_pack(self, elements: list[Any], out: torch.Tensor, frame: FrameType) -> None:
        """Record ``torch.tensor([t0, t1, 2.0])``: reads of elements and a fresh result."""
        self.settle()
        ins = [self.touch(e) for e in elements if isinstance(e, torch.Tensor)]
        info = self.touch(out)
        # The values came from tensors, not from Python: the storage is born here.
        record = self.storages[info.storage]
        index = len(self.events)
        record.literal, record.foreign, record.birth, record.snapshots = -1, False, index, []
        stack, line = self.sites.number(frame)
        self.events.append(Event(index, PACK, (elements,), {}, out, ins, [info], self.pack_plan, stack, line))

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
        self.settle()
        ins = [self.touch(a) for a in args if isinstance(a, torch.Tensor)]
        index = len(self.events)
        self.add(func, args, kwargs, out, ins, self.plans.learn(func), frame)
        if fresh:
            record = self.storages[self.events[index].outs[0].storage]
            record.birth, record.foreign, record.snapshots = index, False, []

    def declare(
        self, node: str, port: str, role: Any, tensor: torch.Tensor, semantics: Any, frame: FrameType
    ) -> Declaration:
        """Record a port declaration with the tensor's value."""
        stack, line = self.sites.number(frame)
        with torch._C._DisableTorchDispatch(), torch._C.DisableTorchFunction():
            info = self.touch(tensor)
            value = tensor.clone(memory_format=torch.contiguous_format)
            if value.device.type != "cpu":
                value = value.cpu()
        order = len(self.declarations)
        declaration = Declaration(self.position, node, port, role, tensor, info, value, semantics, stack, order, line)
        self.declarations.append(declaration)
        if info[0] < 0:
            self._unsettled.append(declaration)
        return declaration

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
