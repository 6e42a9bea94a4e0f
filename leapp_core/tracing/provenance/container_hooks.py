"""Hooks at which rewritten code uses containers of numbers."""

from __future__ import annotations

import copy
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from types import BuiltinFunctionType
from typing import Any

import torch

from leapp_core.tracing.provenance import arithmetic
from leapp_core.tracing.provenance.containers import (
    CHANGING,
    Adopted,
    entries,
    is_of_numbers,
    shape_of,
)
from leapp_core.tracing.provenance.held import Known
from leapp_core.tracing.provenance.holders import WRITABLE, holder_of, is_stored_plainly
from leapp_core.tracing.provenance.maybe_hooks import MaybeHooks
from leapp_core.tracing.provenance.twins import CONTAINERS, dtype_of, fits
from leapp_core.tracing.provenance.values import FOLLOWED, KINDS, Traced, bare, is_mixed, traced
from leapp_core.tracing.record.numbers import Place, same
from leapp_core.tracing.record.recorder import TraceRecorder

_COPYING = (list, tuple, deque, dict, reversed, enumerate, zip, iter, copy.copy, len, print, str, repr)
"""Functions that hand numbers on as they are, or do not look at them."""
_VALUED = {"append": 0, "appendleft": 0, "insert": 1, "setdefault": 1}
"""Methods that put a value into a container, and which argument it is."""
_HANDING = frozenset(
    {"pop", "popleft", "popitem", "get", "items", "values", "keys", "copy", "clear", "reverse", "rotate"}
)
_LARGEST = 64


class ContainerHooks(MaybeHooks):
    """Follows containers of numbers.

    Args:
        recorder: The record.
    """

    def __init__(self, recorder: TraceRecorder) -> None:
        super().__init__(recorder)
        self._adopted: dict[int, Adopted] = {}
        self._shapes: dict[Place, tuple[Any, ...]] = {}
        self._begun: dict[Place, int] = {}
        self._entries: dict[Place, dict[Any, Place]] = {}
        self._current: dict[Place, Adopted] = {}
        self._step = -1

    # -- while a step runs -----------------------------------------------------------------------------------------

    def _container(self, owner: Any, name: str, value: Any, site: str) -> Any:
        """Return the container in an attribute, with the origins of its numbers."""
        held = self._held.find(owner, name)
        own = holder_of(owner, name) is owner and (type(value) is not tuple or is_stored_plainly(owner, name))
        if not self._active() or not is_of_numbers(value) or not own:
            self._log.untold.add(site)
            if held is not None:
                self._spoil(held.place)
            return value
        place = self._held.of(owner, name).place
        adopted = self._adopted_of(value) or self._current.get(place)
        if adopted is None or adopted.container is not value:
            adopted = Adopted(owner, name, value, place)
            self._replace(adopted)
        if adopted.place is not place:  # two attributes hold it
            self._spoil(place)
            self._spoil(adopted.place)
        self._install(adopted)
        self._log.reads.setdefault(site, set()).update((place, *self._entries.get(place, {}).values()))
        return adopted.container

    def _begin_step(self) -> None:
        """Let containers hold numbers with their origins from the first hook of a step on: others may know them."""
        self._step = self._recorder.epoch
        for adopted in list(self._adopted.values()):
            if type(adopted.container) is not tuple and self._adopted_of(adopted.container) is adopted:
                self._install(adopted)

    def _install(self, adopted: Adopted) -> None:
        """Put numbers with their origins into a container, once in a step."""
        if adopted.kept is None:
            return
        place, values = adopted.place, dict(entries(adopted.container))
        begins = self._begun.get(place) != self._recorder.epoch
        if place in self._begun and not adopted.follows(values):
            self._spoil(place)
        self._begun[place] = self._recorder.epoch
        shape = shape_of(values)
        if begins and self._shapes.setdefault(place, shape) != shape:
            self._spoil(place)
        made = {}
        for key, value in values.items():
            made[key] = value
            if type(value) in FOLLOWED:
                own = self._entry_place(adopted, key)
                number: Any = adopted.kept.get(key)
                if begins:
                    own.see(value)
                if type(number) in KINDS and same(number.plain, value):
                    roots = frozenset({own})
                    made[key] = traced(value, number.carried, roots, number.rough, self._leave, mixed=number.mixed)
                else:
                    made[key] = self._first(adopted, key, value)
        adopted.put(made)
        adopted.kept = None
        self._adopted[id(adopted.container)] = adopted

    def _replace(self, adopted: Adopted) -> None:
        """Let go of the container that an attribute held before."""
        before = self._current.get(adopted.place)
        self._current[adopted.place] = adopted
        if before is not None and self._adopted.get(id(before.container)) is before:
            del self._adopted[id(before.container)]
            self._park(before)

    def _first(self, adopted: Adopted, key: Any, value: Any) -> Any:
        """Return a number that no code which is followed has put into a container."""
        if not fits(value):
            self._spoil(adopted.place)
            return value
        twin = self._first_twin(value, _name(adopted.name, key))
        return traced(value, twin, frozenset({self._entry_place(adopted, key)}), False, self._leave)

    def _entry(self, adopted: Adopted, key: Any, value: Any, *, constant: bool) -> Any:
        """Return a value as it is put into a container."""
        place = self._entry_place(adopted, key)
        place.written = adopted.place.written = True
        if type(value) in KINDS:
            self._log.names.append((value.twin, _name(adopted.name, key)))
            return value
        if type(value) in FOLLOWED and fits(value):
            if not constant:
                for one in (adopted.place, *self._entries.get(adopted.place, {}).values()):
                    one.given = True
            twin = self.compute(torch.tensor, value, dtype=dtype_of(value), device="cpu")
            return traced(value, twin, frozenset({place}), False, self._leave)
        if type(value) in FOLLOWED:
            self._spoil(adopted.place)
        return self.hook_plain(value)

    # -- places ----------------------------------------------------------------------------------------------------

    def _entry_place(self, adopted: Adopted, key: Any) -> Place:
        """Return what the number at a place of a container comes from."""
        places, whole = self._entries.setdefault(adopted.place, {}), adopted.place
        if key not in places:
            own = places[key] = self._new_place(whole.name, whole.kind)
            own.foreign, own.given = whole.foreign, whole.given
        return places[key]

    def _spoil(self, place: Place) -> None:
        """Say that something which is not followed changed a container, or may."""
        place.foreign = True
        for own in self._entries.get(place, {}).values():
            own.foreign = True

    def _park(self, adopted: Adopted) -> None:
        """Put plain numbers into a container; what it held is what the next step begins with."""
        if adopted.kept is not None:
            return
        if type(adopted.container) is tuple:
            self._adopted.pop(id(adopted.container), None)  # plain numbers take another tuple
        adopted.park()
        kept: dict[Any, Any] = adopted.kept or {}
        for key, value in kept.items():
            if type(value) in FOLLOWED:
                self._spoil(adopted.place)  # no hook has seen where it came from
            if type(value) in KINDS:
                own = self._entry_place(adopted, key)
                own.sources |= value.roots
                own.grown |= value.grown
                own.whole |= type(value.plain) is int
                own.written |= adopted.place.written

    def _adopted_of(self, container: Any) -> Adopted | None:
        if self._recorder.idle:
            return None  # what is done between recorded steps, or behind the last one, is not followed
        adopted = self._adopted.get(id(container)) if type(container) in CONTAINERS else None
        return adopted if adopted is not None and adopted.container is container else None

    def _keeps(self, container: Any) -> bool:
        return self._is_own(container) or self._adopted_of(container) is not None

    def _keep_container(self, owner: Any, name: str, value: Any, *, constant: bool) -> bool:
        """Assign an attribute a container with numbers that have an origin; return whether that could be."""
        if type(value) not in CONTAINERS or not self._active() or not is_of_numbers(value):
            return False
        known = self._held.find(owner, name)
        followed = any(type(v) in KINDS for _, v in entries(value)) or (
            known is not None and known.place in self._begun
        )
        if not followed or not is_stored_plainly(owner, name):
            return False
        if self._trying:
            self._trials.forbid()
        held = self._held.of(owner, name)
        other = self._adopted_of(value)
        if other is not None and other.place is not held.place:
            self._spoil(other.place)
        adopted = Adopted(owner, name, value, held.place)
        adopted.kept = None
        setattr(owner, name, value)
        adopted.put({key: self._entry(adopted, key, v, constant=constant) for key, v in entries(value)})
        held.known = Known(epoch=self._recorder.epoch)
        self._adopted[id(adopted.container)] = adopted
        self._begun.setdefault(held.place, self._recorder.epoch)
        self._replace(adopted)
        return True

    def _set_entry(self, adopted: Adopted, key: Any, value: Any, *, constant: bool) -> bool:
        """Assign an entry of a container; return whether that could be."""
        container = adopted.container
        if type(container) not in WRITABLE:
            return False
        if type(key) in KINDS:
            return self._set_entry_at(adopted, key, value)
        if type(key) not in (int, str):
            return False
        if type(key) is int and type(container) is not dict:
            key = key + len(container) if key < 0 else key
        if self._trying:
            self._trials.note_store(container, key)
        container[key] = self._entry(adopted, key, value, constant=constant)
        return True

    def _of_container(self, function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Call what is known not to hide a container's numbers; ``NotImplemented`` for other functions."""
        if type(function) is BuiltinFunctionType:
            adopted = self._adopted_of(function.__self__)
            if adopted is not None:
                return self._method(adopted, function, args, kwargs)
        first = self._adopted_of(args[0]) if args else None
        if first is None:
            return NotImplemented
        if any(function is known for known in _COPYING):
            return function(*args, **kwargs)
        alone = len(args) == 1 and not kwargs and type(first.container) is not dict
        if alone and function is sum:
            return self._summed(first.container)
        if alone and (function is max or function is min):
            found = self._of_numbers(function, tuple(first.container)) if len(first.container) > 1 else NotImplemented
            return found if found is not NotImplemented else self._let_go(first, function, args, kwargs)
        return NotImplemented

    def _method(self, adopted: Adopted, function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        name, container = function.__name__, adopted.container
        if name in _HANDING:
            return function(*args, **kwargs)
        if name in _VALUED and len(args) > _VALUED[name]:
            at = _VALUED[name]
            value = self._entry(adopted, args[0] if at else len(container), args[at], constant=False)
            return function(*args[:at], value)
        if name in CHANGING:
            given = dict(*args, **kwargs) if name == "update" else dict(enumerate(args[0]))
            put = {key: self._entry(adopted, key, v, constant=False) for key, v in given.items()}
            return function(put) if name == "update" else function(list(put.values()))
        return self._let_go(adopted, function, args, kwargs)

    def _number_at(self, table: Any, key: Traced) -> Any:
        """Return the entry at a place that is a number with an origin; ``NotImplemented`` if they are not alike."""
        if not _is_alike(table) or key.twin.dtype is not torch.int64:
            return NotImplemented
        self._leave(key, "slice", raises=True)
        like = _twin_of(table)

        def row(at: torch.Tensor, *numbers: Any) -> torch.Tensor:
            rows = torch.stack([arithmetic.tensor(n, like) for n in numbers])
            return arithmetic.row_at(rows, at)

        result = bare(table[key.plain])
        return self._explained(result, row, (key, *table), True, double=False)

    def _set_entry_at(self, adopted: Adopted, key: Traced, value: Any) -> bool:
        container = adopted.container
        if type(container) is dict or not _is_alike([*container, value]) or key.twin.dtype is not torch.int64:
            return False
        size, like = len(container), _twin_of([*container, value])
        if not -size <= key.plain < size or not any(type(v) in KINDS for v in container):
            return False  # Python raises
        self._leave(key, "slice", raises=True)
        for number in range(size):

            def chosen(at: torch.Tensor, new: Any, old: Any, number: int = number) -> torch.Tensor:
                here = torch.eq(arithmetic.from_begin(at, size), number)
                return torch.where(here, arithmetic.tensor(new, like), arithmetic.tensor(old, like))

            old = container[number]
            result = bare(value if key.plain % size == number else old)
            made = self._explained(result, chosen, (key, value, old), True, double=False)
            self._set_entry(adopted, number, made, constant=False)
        return True

    # -- when it ends ----------------------------------------------------------------------------------------------

    def _let_go(self, adopted: Adopted, function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        self._release(adopted)
        return function(*args, **kwargs)

    def _release(self, adopted: Adopted) -> None:
        """Give up a container: code that is not followed gets it."""
        inside = dict(entries(adopted.container)) if adopted.kept is None else adopted.kept
        for value in inside.values():
            if type(value) in KINDS:
                self._leave(value)
        self._spoil(adopted.place)
        self._park(adopted)

    def _plain(self, value: Any, depth: int, part: str = "") -> Any:
        adopted = self._adopted_of(value)
        if adopted is None:
            return super()._plain(value, depth, part)
        self._release(adopted)
        return adopted.container

    @contextmanager
    def _parked(self) -> Iterator[None]:
        """Let containers hold plain numbers for a while: code that is not followed runs."""
        parked = [adopted for adopted in self._adopted.values() if adopted.kept is None]
        for adopted in parked:
            self._park(adopted)
        try:
            yield
        finally:
            for adopted in parked:
                if self._adopted_of(adopted.container) is adopted and self._active():  # tuples are others by now
                    self._install(adopted)

    def _park_containers(self) -> None:
        self._end_of_step()
        for adopted in list(self._adopted.values()):
            self._park(adopted)

    def _end_of_record(self) -> None:
        self._park_containers()
        super()._end_of_record()


def _is_alike(values: Any) -> bool:
    """Return whether all values are numbers of one type, in every step."""
    kinds = {type(bare(v)) for v in values}
    return len(values) <= _LARGEST and len(kinds) == 1 and kinds <= {int, float} and not is_mixed(*values)


def _twin_of(values: Iterable[Any]) -> torch.Tensor:
    twin: torch.Tensor = next(v.twin for v in values if type(v) in KINDS)
    return twin


def _name(attribute: str, key: Any) -> str:
    return f"{attribute.strip('_')}_{key}"
