"""Numbers that remember the 0-d tensor they are."""

from __future__ import annotations

import enum
import operator
from collections import deque
from collections.abc import Callable
from typing import Any, TypeGuard

import numpy as np
import torch

from leapp_core.tracing.record.growth import NOTHING_GROWN, Grown
from leapp_core.tracing.record.numbers import Place
from leapp_core.tracing.source.static import Kinds, class_dict, class_module, is_a, mro

NUMBERS = Kinds(int, float, np.float64)
"""Types of numbers that are followed. Not their subclasses: ``bool`` is none."""
FOLLOWED = Kinds(*NUMBERS, bool)
"""Types of numbers and truth values, which are followed."""
NO_PLACES: frozenset[Place] = frozenset()
Implied = tuple[tuple[torch.Tensor, bool], ...]
"""Twins of truth values, and what they are."""


class Traced:
    """What a number whose origin is known is extended with.

    Rewritten code unwraps it before it computes. Whatever else asks it for its value, code that is not rewritten or
    the interpreter itself, gets the plain number, and the session is told that the value left.

    Attributes:
        plain: The number.
        epoch: The step in which it was made.
        roots: Where it came from.
        rough: Another implementation of a function may give another last digit.
        grown: Products and sums on the way, of which numbers that feed on themselves grow without bound.
        leave: Told that the value leaves.
        mixed: It is an ``int`` in some steps and a ``float`` in others, as ``min(1, t)`` is; its twin is ``float64``.
        implies: What is known of others where it is true, and where it is false; see :func:`known_by`.
        constant: It is written out in the source, or in an attribute that no function assigns. It counts as a plain
            number wherever it is not kept.
    """

    plain: Any
    epoch: int
    roots: frozenset[Place]
    rough: bool
    grown: Grown
    leave: Callable[[Traced], None]
    mixed: bool
    constant: bool
    _twin: torch.Tensor
    implies: tuple[Implied, Implied] = ((), ())

    @property
    def twin(self) -> torch.Tensor:
        """The 0-d tensor, ``int64``, ``float64`` or ``bool``, that holds it in the record."""
        self.leave.__self__.used(self)  # type: ignore[attr-defined]
        return self._twin

    @property
    def carried(self) -> torch.Tensor:
        """The same, for the step after the one in which the number was made: its keeper hands it on."""
        return self._twin


class TracedInt(int, Traced):
    """An ``int`` that is a 0-d ``int64`` tensor."""

    __class__ = property(lambda _: int)  # what user code asks for


class TracedFloat(float, Traced):
    """A ``float`` that is a 0-d ``float64`` tensor."""

    __class__ = property(lambda _: float)  # what user code asks for


class TracedDouble(np.float64, Traced):  # type: ignore[misc]
    """NumPy's ``float64`` that is a 0-d ``float64`` tensor."""

    __class__ = property(lambda _: np.float64)  # what user code asks for


class TracedBool(int, Traced):
    """A ``bool`` that is a 0-d ``bool`` tensor; Python lets nothing derive from ``bool`` itself."""

    __class__ = property(lambda _: bool)  # what user code asks for


class TracedText(str, Traced):
    """A ``str`` that is one of a few, a mode: a 0-d ``int64`` tensor holds its code."""

    __class__ = property(lambda _: str)  # what user code asks for


class TracedMember(Traced):
    """A member of an enumeration that is one of a few, a mode: a 0-d ``int64`` tensor holds its code."""

    __class__ = property(lambda self: type(self.plain))  # what user code asks for

    def __getattr__(self, name: str) -> Any:
        self.leave(self)
        return getattr(self.plain, name)


class TracedEntry(TracedMember):
    """An entry of a table that no tensor holds, taken by a number or mode: a function, a module, a dictionary.

    Attributes:
        options: Each entry that it may be, with the condition that it is that one; of the last none is needed.
    """

    options: list[tuple[Any, Any]]

    __class__ = property(lambda self: type(self.plain))  # what user code asks for


class TracedMaybe(TracedMember):
    """``None`` in some steps, a tensor or number in others: a 0-d ``bool`` tensor says whether there is one.

    Attributes:
        flag: Whether there is one.
        value: It; where there is none, what it was or would be.
    """

    flag: Traced
    value: Any

    __class__ = property(lambda self: type(self.plain))  # what user code asks for


MODES = Kinds(TracedText, TracedMember)
"""Types of what is no number and is one of a few."""
NUMERIC = Kinds(TracedInt, TracedFloat, TracedDouble)
"""Types of the numbers among :data:`KINDS`."""
KINDS = Kinds(*NUMERIC, TracedBool, *MODES, TracedEntry, TracedMaybe)
_KIND: dict[type, Any] = {int: TracedInt, float: TracedFloat, np.float64: TracedDouble, bool: TracedBool}
_BASES: tuple[tuple[Any, type], ...] = (
    (TracedInt, int),
    (TracedFloat, float),
    (TracedDouble, np.float64),
    (TracedBool, bool),
    (TracedText, str),
)
SEQUENCES = Kinds(list, tuple)
PLAIN_NUMBERS = Kinds(int, float)
"""Types of Python's own numbers."""
_LONGEST = 64
_NO_THINGS = Kinds(
    int,
    float,
    complex,
    bool,
    str,
    bytes,
    list,
    tuple,
    set,
    deque,
    type(None),
    object,
    np.ndarray,
    np.float32,
    np.float64,
)
_OF_PYTHON = frozenset({"builtins", "enum"})
_OPERATORS = frozenset(
    {"__eq__", "__ne__", "__lt__", "__le__", "__gt__", "__ge__", "__hash__", "__bool__", "__int__", "__index__"}
    | {"__float__", "__neg__", "__abs__", "__contains__", "__iter__", "__len__", "__getitem__", "__call__"}
    | {
        f"__{side}{name}__"
        for side in ("", "r", "i")
        for name in ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow")
    }
)


def traced(
    value: Any,
    twin: torch.Tensor,
    roots: frozenset[Place],
    rough: bool,
    leave: Callable[[Traced], None],
    grown: Grown = NOTHING_GROWN,
    *,
    mixed: bool = False,
    constant: bool = False,
) -> Any:
    """Return ``value`` with its twin."""
    kind = _KIND.get(type(value))
    made = (TracedText(value) if type(value) is str else TracedMember()) if kind is None else kind(value)
    made.plain, made._twin, made.roots, made.rough, made.leave, made.grown = value, twin, roots, rough, leave, grown
    made.mixed, made.constant, made.epoch = mixed, constant, leave.__self__.epoch  # type: ignore[attr-defined]
    return made


def bare(value: Any) -> Any:
    """Return a number without its origin; other values as they are."""
    return value.plain if type(value) in KINDS else value


def entry_of(options: list[tuple[Any, Any]], plain: Any, key: Traced) -> Any:
    """Return an entry of a table that was taken by a key."""
    made = TracedEntry()
    made.plain, made._twin, made.roots, made.rough, made.leave = plain, key.twin, key.roots, key.rough, key.leave
    made.grown, made.mixed, made.constant, made.options = NOTHING_GROWN, False, False, options
    made.epoch = key.epoch
    return made


def maybe_of(flag: Any, value: Any) -> Any:
    """Return what is a value where a flag is true, and ``None`` elsewhere."""
    if type(flag) is not TracedBool:
        return value if flag else None
    made = TracedMaybe()
    made.flag, made.value, made.plain = flag, value, bare(value) if flag.plain else None
    made._twin, made.roots, made.rough, made.leave = flag.carried, flag.roots, flag.rough, flag.leave
    made.grown, made.mixed, made.constant, made.epoch = NOTHING_GROWN, False, False, flag.epoch
    return made


def known_by(truth: Traced, value: bool) -> Implied:
    """Return what is known of truth values where one of them is true, or false: of itself, too."""
    return (truth.carried, value), *truth.implies[0 if value else 1]


def told(value: Any, implied: Implied) -> Any:
    """Return what a value is that may be ``None``, where something is known of truth values."""
    if type(value) is TracedMaybe:
        for twin, there in implied:
            if twin is value.carried:
                return value.value if there else None
    return value


def is_thing(value: Any) -> bool:
    """Return whether a value is something that is called, or asked for its attributes or entries."""
    return type(value) not in _NO_THINGS and type(value) not in KINDS and not is_tensor(value) and not is_mode(value)


def is_constant(value: Any) -> bool:
    """Return whether a value has an origin that is a constant."""
    return type(value) in KINDS and value.constant


def settled(value: Any) -> Any:
    """Return a value without the origins that are constants, in lists, tuples and slices, too."""
    kind = type(value)
    if kind in KINDS:
        return value.plain if value.constant else value
    if kind is slice:
        return slice(settled(value.start), settled(value.stop), settled(value.step))
    if kind in SEQUENCES:
        parts = [settled(v) for v in value]
        return value if all(map(operator.is_, parts, value)) else kind(parts)
    return value


def is_mode(value: Any) -> bool:
    """Return whether a value is a text or a member of an enumeration that a mode may be: compared by what it is."""
    if type(value) is str:
        return len(value) <= _LONGEST
    if not is_a(value, enum.Enum) or is_a(value, enum.Flag) or type(type(value)) is not enum.EnumMeta:
        return False
    return not any(_has_operators(base) for base in mro(type(value)))


def _has_operators(cls: type) -> bool:
    """Return whether a class that somebody has written says how its objects are compared or computed with."""
    return class_module(cls) not in _OF_PYTHON and not _OPERATORS.isdisjoint(class_dict(cls))


def is_followed(value: Any) -> bool:
    """Return whether the origin of a value, which has none yet, is followed."""
    return type(value) in FOLLOWED or is_mode(value)


def is_mixed(*values: Any) -> bool:
    """Return whether some number may be of another type in another step."""
    return any(type(v) in KINDS and v.mixed for v in values)


def is_tensor(value: Any) -> TypeGuard[torch.Tensor]:
    """Return whether a value is a tensor, not only says so."""
    return type(value) is torch.Tensor or is_a(value, torch.Tensor)


def _leaving(name: str, native: Any) -> Callable[..., Any]:
    def call(self: Any, *others: Any, **named: Any) -> Any:
        self.leave(self)
        return native(self.plain, *map(bare, others), **named)

    call.__name__ = name
    return call


def _asked(name: str) -> property:
    def get(self: Any) -> Any:
        self.leave(self)
        return getattr(self.plain, name)

    return property(get)


_OF_MEMBERS: dict[str, Callable[..., Any]] = {
    "__eq__": operator.eq, "__ne__": operator.ne, "__lt__": operator.lt, "__le__": operator.le, "__gt__": operator.gt,
    "__ge__": operator.ge, "__hash__": hash, "__str__": str, "__repr__": repr, "__format__": format, "__bool__": bool,
    "__int__": int, "__index__": operator.index, "__float__": float, "__len__": len, "__iter__": iter,
    "__getitem__": operator.getitem, "__contains__": operator.contains, "__setitem__": operator.setitem,
    "__delitem__": operator.delitem, "__next__": next, "__delattr__": delattr,
    "__call__": lambda function, *given, **named: function(*given, **named),
}  # fmt: skip
_KEPT = frozenset(
    {
        "__new__", "__init__", "__class__", "__getattribute__", "__setattr__", "__delattr__", "__dir__", "__doc__",
        "__init_subclass__", "__subclasshook__", "__getnewargs__", "__sizeof__", "__class_getitem__", "__dict__",
        "__getattr__", "__getformat__", "__setformat__", "__array_interface__", "__array_struct__",
        "__array_priority__",
    }
)  # fmt: skip
for _kind, _base in _BASES:
    for _name in dir(_base):
        if _name in _KEPT:
            continue
        _native = getattr(_base, _name)
        if _name.startswith("__"):
            if callable(_native):
                setattr(_kind, _name, _leaving(_name, _native))
        else:
            setattr(_kind, _name, _asked(_name))


for _name, _native in _OF_MEMBERS.items():
    setattr(TracedMember, _name, _leaving(_name, _native))
