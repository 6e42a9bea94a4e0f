"""What Python objects of the program hold, looked at twice: what differs may decide what later steps compute."""

from __future__ import annotations

import datetime
import decimal
import gc
import time
from collections import deque
from collections.abc import Callable, Iterator
from enum import Enum
from types import CodeType, FrameType
from typing import Any, NamedTuple

import numpy as np
import torch

from leapp_core.tracing.objects.carried import Carrier, plain
from leapp_core.tracing.objects.children import (
    Child,
    Children,
    Order,
    globals_of,
    holds_nothing,
    is_array,
    is_passing,
    locals_of,
)
from leapp_core.tracing.objects.names import Element, in_sequence, rank, tensor_name
from leapp_core.tracing.objects.script_state import Unlike
from leapp_core.tracing.objects.standard import BUFFERS, contents
from leapp_core.tracing.source.callsite import above_hooks, is_installed, is_ours
from leapp_core.tracing.source.clocks import Anew, gives_anew, may_give_anew
from leapp_core.tracing.source.outside import Outside
from leapp_core.tracing.source.static import class_name, derives, dict_of, is_plain_class

MAX_OBJECTS = 60_000
_MAX_FRAMES = 48
_PLAIN = (int, float, bool, str, bytes, complex, type(None), range, datetime.timedelta, datetime.date, decimal.Decimal)
_MOST = frozenset(map(id, (int, float, bool, str, bytes, complex, type(None))))
"""Addresses of the types of most of what a program holds: what is of one of these itself needs no second glance."""
# The values of derived classes, and of dates that may have a time zone of the user's, by the code of their base.
_CONVERTED: dict[type, Callable[[Any], Any]] = {
    int: int.__int__,
    float: float.__float__,
    str: str.__str__,
    bytes: bytes.hex,
    complex: complex.__repr__,
    datetime.datetime: lambda thing: datetime.datetime.__reduce_ex__(thing, 2)[1][0],
    datetime.date: lambda thing: datetime.date.__reduce__(thing)[1],
    datetime.time: lambda thing: datetime.time.__reduce_ex__(thing, 2)[1][0],
    datetime.timedelta: lambda thing: datetime.timedelta.__reduce__(thing)[1],
    decimal.Decimal: decimal.Decimal.as_tuple,
}


class Changed(NamedTuple):
    """A value that differs between two looks.

    Attributes:
        path: How it is reached.
        before: Its type and the value at the first look; ``None`` if it was not there.
        after: The same at the last.
    """

    path: tuple[Element, ...]
    before: Any
    after: Any


class Look(NamedTuple):
    """What was seen at one time.

    Attributes:
        values: Values by place.
        beyond: Places that were reached and not looked at, as there were too many objects: what is there, and behind
            them, is not known.
    """

    values: dict[int, Any]
    beyond: frozenset[int]


_SHARED = (list, dict, deque, set, np.ndarray, torch.Tensor)
"""What one name changes and another reads."""


class PythonState:
    """Looks at the Python values that the frames of a step can reach, and says which differ.

    Tensors are left out: the record follows them. Nothing of the program is run, and nothing is kept but values: paths
    are compared, so objects that are made anew in each step are the same as before if they hold the same.

    Attributes:
        odd: Names of classes whose objects could not be looked into, to the reason.
        cut_off: There were more objects than are looked at.
        seconds: Time that looking took.
        outside: Simulators, of which only objects are looked into.
    """

    def __init__(self) -> None:
        self.outside = Outside()
        self._places: dict[tuple[int, Element], int] = {}
        self._elements: list[tuple[int, Element]] = [(-1, ())]
        self._roots: list[tuple[Element, Any]] = []
        self._step = 0
        self._looks: list[Look] = []
        self._before_pause: Look | None = None
        self._by_others: set[int] = set()
        self._kinds: dict[int, type] = {}
        self._full: dict[int, bool] = {}
        self._counted: dict[int, Any] = {}
        self._tensors: dict[int, list[int]] = {}
        self._again: dict[int, set[int]] = {}
        self.odd: dict[str, str] = {}
        self.cut_off = False
        self.seconds = 0.0

    @property
    def watching(self) -> bool:
        """Whether a first look was taken, and the last not yet."""
        return bool(self._roots)

    def look(self, step: int, frame: FrameType, driver: int) -> None:
        """Look at what the frames from ``frame`` to the driver reach, when a step begins; once per step."""
        if step <= self._step:
            return
        before, self._step = self._step, step
        self._roots = list(_roots(frame, driver))
        self._looks = [*self._looks[-1:], self._values()]
        self._by_others.clear()
        if len(self._looks) > 1:  # a loop counts where its next step begins, which may never be
            first, last = (look.values for look in self._looks)
            self._counted = {p: first[p] for p in self._counted_before(first, last, step - before)}

    def end(self) -> None:
        """Look for the last time, and let go of all objects."""
        if self._roots:
            self._looks = [*self._looks[-1:], self._values()]
            self._roots = []

    def pause(self) -> None:
        """Code that is no part of the program is about to run."""
        if self._roots:
            self._before_pause = self._values()

    def resume(self) -> None:
        """That code has run: what it changed does not count."""
        if self._roots and self._before_pause is not None:
            self._by_others |= self._different(self._before_pause, self._values())
            self._before_pause = None

    def changed(self, known: frozenset[int]) -> list[Changed]:
        """Return the values that differ between the last two looks.

        Args:
            known: Addresses of memory that the record follows; NumPy arrays there are left out.
        """
        if len(self._looks) < 2:
            return []
        before, after = self._looks
        found = []
        for place in sorted((self._different(before, after) - self._by_others) | self._counted.keys()):
            value = after.values.get(place)
            if not (isinstance(value, _Array) and value.address in known):
                found.append(Changed(self._path(place), self._counted.get(place, before.values.get(place)), value))
        return found

    def _counted_before(self, before: dict[int, Any], after: dict[int, Any], steps: int) -> set[int]:
        """Return the values that differ and may have been counted where a step begins, before its inputs.

        Those that names of frames hold themselves, and numbers: what a loop calls first counts before every look.
        Queues grow until they are full; a length counts if it grew with each of the steps.
        """
        different = _changed_values(before, after)
        return {p for p in different if self._elements[p][0] == 0 or self._is_count(p, before[p], after[p], steps)}

    def _is_count(self, place: int, before: Any, after: Any, steps: int) -> bool:
        numbers = [v[1] for v in (before, after) if isinstance(v, tuple) and v[0] in (int, float)]
        if len(numbers) < 2:
            return False
        return self._elements[place][1][0] != "length" or bool(numbers[1] - numbers[0] == steps)

    def notes(self) -> tuple[str, ...]:
        """Return what could not be looked at, said to the user."""
        found = [f"objects of {name} were not looked into: {reason}" for name, reason in sorted(self.odd.items())]
        if self.cut_off:
            found.append(f"only the nearest {MAX_OBJECTS} Python objects were looked at for values that change")
        return tuple(found)

    def types_of_attributes(self) -> dict[tuple[type, str], set[type]]:
        """Return the types of what objects were seen to hold, by their class and the attribute."""
        found: dict[tuple[type, str], set[type]] = {}
        for place, kind in self._kinds.items():
            element = self._elements[place][1]
            if element[0] == "attr":
                found.setdefault((element[2], element[1]), set()).add(kind)
        return found

    def full_queues(self) -> frozenset[str]:
        """Return the names of attributes that hold queues as long as they may be, and no others."""
        found: dict[str, bool] = {}
        for place, full in self._full.items():
            element = self._elements[place][1]
            if element[0] == "attr":
                found[element[1]] = full and found.get(element[1], True)
        return frozenset(name for name, full in found.items() if full)

    def tensor_names(self) -> dict[int, str]:
        """Return what the program calls each tensor that it held at the last look, by ``id``.

        An attribute (``history_2`` of ``self.history[2]``) comes before a local name, and of two names the one that was
        there first: ``self.previous = action`` makes one tensor of both. Who asks held the tensors since that look
        (an ``id`` may be that of another one later).
        """
        found = {}
        for number, places in self._tensors.items():
            name = tensor_name(min(map(self._path, places), key=rank))
            if name:
                found[number] = name
        return found

    def held_alone(self) -> set[int]:
        """Return the tensors, by ``id``, that the program held at the last look under one name, and in no list."""
        found = set()
        for number, places in self._tensors.items():
            paths = list(map(self._path, places))
            if len({tensor_name(path) for path in paths}) == 1 and not any(map(in_sequence, paths)):
                found.add(number)
        return found

    def shared(self) -> list[frozenset[Element]]:
        """Return, for each container that was reached in several ways at the last look, the names on these ways."""
        found = []
        for places in self._again.values():
            names = {name for name in map(self._named, places) if name} if len(places) > 1 else set()
            if len(names) > 1:
                found.append(frozenset(names))
        return found

    def _named(self, place: int) -> Element:
        """Return the last name on the way to a place: of a variable, a global, a member of a module or an attribute."""
        while place > 0:
            place, element = self._elements[place]
            if element[0] in ("attr", "global", "local", "member"):
                return element if element[0] != "attr" or is_plain_class(element[2]) else ()
        return ()

    @property
    def kinds(self) -> frozenset[type]:
        """The types of all that was looked at."""
        return frozenset(self._kinds.values())

    def types_of_locals(self, code: CodeType) -> dict[str, type]:
        """Return the types of what the local names of a frame of the step were seen to hold."""
        elements = ((self._elements[place], kind) for place, kind in self._kinds.items())
        return {e[1]: kind for (above, e), kind in elements if above == 0 and e[0] == "local" and e[2] is code}

    def _path(self, place: int) -> tuple[Element, ...]:
        parts: list[Element] = []
        while place > 0:
            place, element = self._elements[place]
            parts.append(element)
        return tuple(reversed(parts))

    def _different(self, before: Look, after: Look) -> set[int]:
        """Return the places whose value differs, or is at one of two looks and is known not to be at the other."""
        found = _changed_values(before.values, after.values)
        gone = {p for p in before.values.keys() - after.values.keys() if not self._lies_beyond(after, p)}
        new = {p for p in after.values.keys() - before.values.keys() if not self._lies_beyond(before, p)}
        return found | gone | new

    def _lies_beyond(self, look: Look, place: int) -> bool:
        """Return whether a look stopped before a place, or before what it is reached through."""
        while place > 0:
            if place in look.beyond:
                return True
            place = self._elements[place][0]
        return False

    def _values(self) -> Look:
        """Return the values within reach by place, nearest first; the time it takes is kept."""
        began, collects = time.perf_counter(), gc.isenabled()
        gc.disable()  # it would run code of the program, and takes longer than looking where a simulator lives
        try:
            return self._reached()
        finally:
            if collects:
                gc.enable()
            self.seconds += time.perf_counter() - began

    def _reached(self) -> Look:
        found: dict[int, Any] = {}
        seen: dict[int, Any] = {}
        kinds, held = _Kinds(), Children(self.outside)
        waiting: deque[tuple[int, Any]] = deque()
        for element, value in self._roots:
            waiting.append((self._place(0, element), value))
        self._tensors = {}
        self._again = {}
        while waiting and len(seen) < MAX_OBJECTS:
            place, thing = waiting.popleft()
            kind = type(thing)
            if id(kind) in _MOST:
                self._note(place, kind)
                found[place] = kind, thing
                continue
            children = self._look_into(place, thing, kinds.of(kind), found, seen, held)
            waiting.extend((self._place(place, element), child) for element, child in children)
        self.cut_off |= len(seen) >= MAX_OBJECTS
        return Look(found, frozenset(place for place, _ in waiting))

    def _look_into(
        self, place: int, thing: Any, kind: _Kind, found: dict[int, Any], seen: dict[int, Any], held: Children
    ) -> list[Child]:
        """Note what is at a place, a value or an object; return what it holds unless it is known already."""
        if not kind.plain:
            return []  # a class whose metaclass has operators of its own: it can be no key
        self._note(place, Anew if kind.asks and gives_anew(thing) else kind.cls)
        if kind.cls is deque:
            self._full[place] = thing.maxlen == len(thing)
        if kind.shared:
            self._again.setdefault(id(thing), set()).add(place)
        if kind.value or (kind.array and not thing.dtype.hasobject):
            found[place] = _value(plain(thing))
            return []
        if kind.tensor:
            self._tensors.setdefault(id(thing), []).append(place)
        if id(thing) in seen:
            return []
        seen[id(thing)] = thing  # kept until the end: what children are made of must not be used again
        try:
            return list(held.of(thing))
        except Exception as error:  # noqa: BLE001 - an object odder than any we know of must not end the user's session
            self.odd[class_name(kind.cls)] = f"{type(error).__name__}: {error}"
            return []

    def _note(self, place: int, kind: type) -> None:
        """Keep the type of what is at a place; ``object`` if it was of more than one."""
        if self._kinds.setdefault(place, kind) is not kind:
            self._kinds[place] = object

    def _place(self, parent: int, element: Element) -> int:
        found = self._places.get((parent, element))
        if found is None:
            found = self._places[parent, element] = len(self._elements)
            self._elements.append((parent, element))
        return found


class _Kind(NamedTuple):
    """What there is to know of a type before one of its objects is looked at.

    Attributes:
        cls: The type.
        plain: It can be a key.
        asks: Its objects may be functions that give another result each time.
        shared: Its objects are what one name changes and another reads.
        value: They are values to compare.
        array: They are, unless they hold objects.
        tensor: They are tensors.
    """

    cls: type
    plain: bool
    asks: bool
    shared: bool
    value: bool
    array: bool
    tensor: bool


class _Kinds:
    """Types, each asked once per look: there are far fewer of them than of objects."""

    def __init__(self) -> None:
        self._known: dict[int, _Kind] = {}  # by address, since not every type can be a key

    def of(self, cls: type) -> _Kind:
        """Return what there is to know of a type."""
        found = self._known.get(id(cls))
        if found is None:
            found = self._known[id(cls)] = _Kind(
                cls,
                plain=is_plain_class(cls),
                asks=may_give_anew(cls),
                shared=derives(cls, *_SHARED),
                value=derives(cls, Carrier) or holds_nothing(cls),
                array=is_array(cls),
                tensor=derives(cls, torch.Tensor),
            )
        return found


class _Array:
    """Contents of a NumPy array."""

    def __init__(self, array: np.ndarray[Any, Any]) -> None:
        root = array
        while isinstance(root.base, np.ndarray):
            root = root.base
        self.address = int(root.__array_interface__["data"][0])
        self._data = (array.shape, contents(array if array.flags.c_contiguous else array.copy()))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Array) and self._data == other._data

    def __hash__(self) -> int:
        return hash(self._data)


def _value(thing: Any) -> Any:
    """Return a type and a plain value that stands for a leaf: operators of users' classes are never run."""
    kind = type(thing)
    if derives(kind, np.ndarray):
        return _Array(thing)
    if derives(kind, Enum):
        return kind, str(dict_of(thing).get("_name_"))
    if derives(kind, np.generic):
        return kind, np.generic.tobytes(thing)
    if derives(kind, *BUFFERS):
        return kind, contents(thing)
    for builtin in _PLAIN:
        if kind is builtin:
            return kind, thing
    return kind, _as_plain(thing, kind)


def _as_plain(thing: Any, kind: type) -> Any:
    """Return the plain value of an object of a class that derives from a type of Python's."""
    if derives(kind, Unlike) or derives(kind, Order):
        return thing
    for base, convert in _CONVERTED.items():
        if derives(kind, base):
            return convert(thing)
    return None


def _changed_values(before: dict[int, Any], after: dict[int, Any]) -> set[int]:
    return {p for p, value in after.items() if p in before and not _same(before[p], value)}


def _same(a: Any, b: Any) -> bool:
    return bool(a == b) or repr(a) == repr(b)  # not-a-number is the same as before


def _roots(frame: FrameType | None, driver: int) -> Iterator[tuple[Element, Any]]:
    """Yield what the frames of a step hold: any of them may be a loop that counts."""
    for _ in range(_MAX_FRAMES):
        if frame is None:
            return
        frame = above_hooks(frame)
        code, drives = frame.f_code, id(frame) == driver
        if not drives and not driver and is_installed(code.co_filename):
            return  # a session without a driver: a test runner or library calls the user's code
        # What a library is just putting together changes until it returns; of its calls only what outlives them counts.
        passing = not drives and is_installed(code.co_filename)
        for name, value in ({} if is_ours(code.co_filename) else locals_of(frame)).items():
            if not (passing and is_passing(value)):
                yield ("local", name, code), value
        yield from globals_of(code, frame.f_globals)
        if drives:
            return
        frame = frame.f_back
