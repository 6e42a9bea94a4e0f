"""Values of constants, and what to call them."""

from __future__ import annotations

import gc
import re
from collections.abc import Iterable

import torch

from leapp_core.program.states import StateSlot
from leapp_core.tracing.analysis import NodeAnalysis
from leapp_core.tracing.events import TensorInfo
from leapp_core.tracing.recorder import TraceRecorder, unrecorded

_GROUP = 64
_UNSAFE = re.compile(r"\W+")


class TensorNames:
    """Names of parameters, buffers and attributes that hold tensors, looked up once per session.

    Args:
        recorder: The record.
        given: Names users gave, as ``(name, tensor)``.
    """

    def __init__(self, recorder: TraceRecorder, given: Iterable[tuple[str, torch.Tensor]] = ()) -> None:
        self._parameters: dict[int, str] = {}
        self._buffers: dict[int, str] = {}
        self._attributes: dict[int, str] = {}
        self._held = recorder.held_tensors()
        wanted = {t.untyped_storage().data_ptr() for t in recorder.held_tensors()}
        self._scan_modules(wanted)
        for name, tensor in given:
            self._buffers[tensor.untyped_storage().data_ptr()] = name

    def parameter(self, address: int) -> str | None:
        """Return the qualified name of the parameter at an address."""
        return self._parameters.get(address)

    def buffer(self, address: int) -> str | None:
        """Return the qualified name of the registered buffer at an address."""
        return self._buffers.get(address)

    def attribute(self, tensors: Iterable[torch.Tensor]) -> str | None:
        """Return the attribute or key under which user code holds one of the tensors."""
        for tensor in tensors:
            name = _holder(tensor)
            if name:
                return name
            for group in gc.get_referrers(tensor):  # (h, c) of an LSTM, a list of past values
                if type(group) in (tuple, list) and group is not self._held and len(group) <= _GROUP:
                    name = _holder(group)
                    if name:
                        return f"{name}_{next(i for i, t in enumerate(group) if t is tensor)}"
        return None

    def state_name(self, recorder: TraceRecorder, found: NodeAnalysis, slot: StateSlot) -> str:
        """Return a name for a state: of the buffer or attribute that holds it, else ``state``."""
        storages = {slot.read.storage}
        if slot.chain is not None:
            for step in range(len(found.steps)):
                at = found.alignment.between(found.reference, step).get(slot.chain[0])
                if at is not None:
                    storages.add(recorder.events[at].outs[slot.chain[1]].storage)
        for storage in storages:
            name = self.buffer(recorder.storages[storage].storage.data_ptr())
            if name:
                return name
        holders = [t for t in recorder.held_tensors() if recorder.storage_number(t) in storages]
        found_name = self.attribute(reversed(holders))
        return found_name or "state"

    def _scan_modules(self, wanted: set[int]) -> None:
        modules = [o for o in gc.get_objects() if issubclass(type(o), torch.nn.Module)]
        children = {id(c) for m in modules for c in m.children()}
        roots = [m for m in modules if id(m) not in children] or modules
        with unrecorded():
            for module in sorted(roots, key=lambda m: sum(1 for _ in m.modules())):
                for name, tensor in module.named_parameters():
                    if tensor.untyped_storage().data_ptr() in wanted:
                        self._parameters[tensor.untyped_storage().data_ptr()] = name
                for name, tensor in module.named_buffers():
                    if tensor.untyped_storage().data_ptr() in wanted:
                        self._buffers[tensor.untyped_storage().data_ptr()] = name


def _holder(value: object) -> str | None:
    """Return the attribute name under which some object holds a value."""
    for referrer in gc.get_referrers(value):
        if type(referrer).__module__.startswith("leapp_core."):
            continue
        attributes = referrer if type(referrer) is dict else getattr(referrer, "__dict__", {})
        for key, held in list(attributes.items()):
            if held is value and isinstance(key, str) and key.strip("_"):
                return key.lstrip("_")
    return None


def constant_value(recorder: TraceRecorder, info: TensorInfo, begin: int) -> torch.Tensor:
    """Return a constant's value, contiguous and on the CPU, as it was first read at or after event ``begin``."""
    record = recorder.storages[info.storage]
    data = record.value_at(begin)
    if data is None:  # parameters are looked at once; results folded into constants are read as they stand
        data = record.snapshots[-1][1] if record.snapshots else recorder.current_bytes(record)
    return recorder.tensor_of(data, info)


def identifier(name: str) -> str:
    """Return a name that fx accepts as a target."""
    safe = _UNSAFE.sub("_", name).strip("_")
    return safe if safe and not safe[0].isdigit() else f"_{safe}"
