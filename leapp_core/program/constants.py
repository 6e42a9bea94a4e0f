"""Values of constants, and what to call them."""

from __future__ import annotations

import gc
import re
from collections.abc import Iterable, Sequence
from functools import cached_property

import torch

from leapp_core.program.states import StateSlot
from leapp_core.tracing.find.analysis import NodeAnalysis
from leapp_core.tracing.record.events import TensorInfo
from leapp_core.tracing.record.recorder import TraceRecorder, unrecorded
from leapp_core.tracing.source.heap import Heap
from leapp_core.tracing.source.static import class_module, dict_of

_GROUP = 64
_UNSAFE = re.compile(r"\W+")


class TensorNames:
    """Names of parameters, buffers and attributes that hold tensors, looked up once per session.

    Args:
        recorder: The record.
        given: Names users gave, as ``(name, tensor)``.
        heap: All live objects.
    """

    def __init__(self, recorder: TraceRecorder, given: Iterable[tuple[str, torch.Tensor]], heap: Heap) -> None:
        self._parameters: dict[int, str] = {}
        self._buffers: dict[int, str] = {}
        self._recorder = recorder
        self._held = recorder.held_tensors()
        wanted = {t.untyped_storage().data_ptr() for t in recorder.held_tensors()}
        self._heap = heap
        self._scan_modules(wanted)
        for name, tensor in given:
            self._buffers[tensor.untyped_storage().data_ptr()] = name

    def parameter(self, address: int) -> str | None:
        """Return the qualified name of the parameter at an address."""
        return self._parameters.get(address)

    def buffer(self, address: int) -> str | None:
        """Return the qualified name of the registered buffer at an address."""
        return self._buffers.get(address)

    def holder(self, storage: int) -> str | None:
        """Return the attribute under which an object holds a tensor in a storage."""
        return self._held_as.get(storage)

    @cached_property
    def _held_as(self) -> dict[int, str]:
        holders = self._heap.holders({id(t) for t in self._held})
        return {self._recorder.storage_number(t): holders[id(t)] for t in self._held if id(t) in holders}

    @cached_property
    def _kept_as(self) -> dict[int, str]:
        """What the program called the tensors that it held when recording ended, by storage."""
        names = self._recorder.python.tensor_names()
        return {self._recorder.storage_number(t): names[id(t)] for t in self._held if id(t) in names}

    def state_names(self, found: NodeAnalysis, slots: Sequence[StateSlot]) -> tuple[str, ...]:
        """Return a name for each state: of the buffer, attribute or local name that holds it, else ``state``.

        What held it when recording ended counts: a loop that goes on keeps other tensors there.
        """
        storages = [storages_over_steps(found, slot) for slot in slots]
        recorder = self._recorder
        addresses = {n: recorder.storages[n].storage.data_ptr() for numbers in storages for n in numbers}
        seen = self._kept_as
        unnamed = [numbers for numbers in storages if not any(n in seen or self.buffer(addresses[n]) for n in numbers)]
        by_storage = self._held_as if unnamed else {}
        if unnamed and recorder.numbers.promoted:
            by_storage = {**recorder.numbers.storages(recorder), **by_storage}
        if any(by_storage.keys().isdisjoint(numbers) for numbers in unnamed):  # kept in dictionaries, tuples, lists
            wanted = set().union(*unnamed)
            held = {id(t): (t, n) for t in self._held if (n := recorder.storage_number(t)) in wanted}
            kept_in = _attributes([t for t, _ in held.values()], self._held)
            by_storage = {held[key][1]: name for key, name in kept_in.items()} | by_storage
        result = []
        for numbers in storages:
            registered = (self.buffer(addresses[n]) for n in numbers)
            kept = (names.get(n) for names in (seen, by_storage) for n in numbers)
            result.append(next((name for name in (*registered, *kept) if name), "state"))
        return tuple(result)

    def _scan_modules(self, wanted: set[int]) -> None:
        modules = self._heap.kinds_of(torch.nn.Module)
        children = {id(c) for m in modules for c in m.children()}
        roots = [m for m in modules if id(m) not in children] or modules
        with unrecorded():
            for module in sorted(roots, key=lambda m: sum(1 for _ in m.modules())):
                for name, tensor in module.named_parameters():
                    if tensor.untyped_storage().data_ptr() in wanted:
                        self._parameters[tensor.untyped_storage().data_ptr()] = name
                for name, buffer in module.named_buffers():
                    if buffer.untyped_storage().data_ptr() in wanted:
                        self._buffers[buffer.untyped_storage().data_ptr()] = name


def storages_over_steps(found: NodeAnalysis, slot: StateSlot) -> list[int]:
    """Return where the values of a state lie: first the one that the step after the recorded ones reads."""
    storages = [slot.read.storage]
    if slot.chain is not None:
        newest = found.chain_table.made_in(slot.chain, len(found.steps) - slot.age)
        if newest is not None:
            storages.insert(0, newest.storage)
        for step in reversed(range(len(found.steps))):
            info = found.chain_table.made_in(slot.chain, step)
            if info is not None:
                storages.append(info.storage)
    return storages


def _attributes(tensors: Sequence[torch.Tensor], ours: object) -> dict[int, str]:
    """Return the attribute or key under which user code holds each tensor, alone or in a tuple or list."""
    names: dict[int, str] = {}
    groups: list[Sequence[object]] = []
    wanted = {id(t) for t in tensors}
    for referrer in gc.get_referrers(*tensors) if tensors else ():
        if type(referrer) in (tuple, list) and referrer is not ours and referrer is not tensors:
            groups.append(referrer)
        else:
            names.update(_keys_of(referrer, wanted))
    unnamed = wanted - names.keys()
    by_group = {id(g): g for g in groups if len(g) <= _GROUP and any(id(t) in unnamed for t in g)}
    found: dict[int, str] = {}
    for referrer in gc.get_referrers(*by_group.values()) if by_group else ():
        if referrer is not groups and referrer is not by_group:
            found.update(_keys_of(referrer, set(by_group)))
    for key, name in found.items():
        for position, item in enumerate(by_group[key]):
            if id(item) in wanted:
                names.setdefault(id(item), f"{name}_{position}")
    return names


def _keys_of(referrer: object, wanted: set[int]) -> dict[int, str]:
    if class_module(type(referrer)).startswith("leapp_core."):
        return {}
    attributes = referrer if type(referrer) is dict else dict_of(referrer)
    return {
        id(value): key.strip("_")
        for key, value in list(attributes.items())
        if id(value) in wanted and type(key) is str and key.strip("_")
    }


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
