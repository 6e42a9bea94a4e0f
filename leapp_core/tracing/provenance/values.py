"""Numbers that remember the 0-d tensor they are."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeGuard

import numpy as np
import torch

from leapp_core.tracing.record.growth import NOTHING_GROWN, Grown
from leapp_core.tracing.record.numbers import Place
from leapp_core.tracing.source.static import Kinds, is_a

NUMBERS = Kinds(int, float, np.float64)
"""Types of numbers that are followed. Not their subclasses: ``bool`` is none."""
FOLLOWED = Kinds(*NUMBERS, bool)
"""Types whose values are followed."""
NO_PLACES: frozenset[Place] = frozenset()


class Traced:
    """What a number whose origin is known is extended with.

    Rewritten code unwraps it before it computes. Whatever else asks it for its value, code that is not rewritten or
    the interpreter itself, gets the plain number, and the session is told that the value left.

    Attributes:
        plain: The number.
        twin: The 0-d tensor, ``int64``, ``float64`` or ``bool``, that holds it in the record.
        roots: Where it came from.
        rough: Another implementation of a function may give another last digit.
        grown: Products and sums on the way, of which numbers that feed on themselves grow without bound.
        leave: Told that the value leaves.
        mixed: It is an ``int`` in some steps and a ``float`` in others, as ``min(1, t)`` is; its twin is ``float64``.
    """

    plain: Any
    twin: torch.Tensor
    roots: frozenset[Place]
    rough: bool
    grown: Grown
    leave: Callable[[Traced], None]
    mixed: bool


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


NUMERIC = Kinds(TracedInt, TracedFloat, TracedDouble)
"""Types of the numbers among :data:`KINDS`."""
KINDS = Kinds(*NUMERIC, TracedBool)
_KIND: dict[type, Any] = {int: TracedInt, float: TracedFloat, np.float64: TracedDouble, bool: TracedBool}
_BASES: tuple[tuple[Any, type], ...] = (
    (TracedInt, int),
    (TracedFloat, float),
    (TracedDouble, np.float64),
    (TracedBool, bool),
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
) -> Any:
    """Return ``value`` with its twin."""
    made = _KIND[type(value)](value)
    made.plain, made.twin, made.roots, made.rough, made.leave, made.grown = value, twin, roots, rough, leave, grown
    made.mixed = mixed
    return made


def bare(value: Any) -> Any:
    """Return a number without its origin; other values as they are."""
    return value.plain if type(value) in KINDS else value


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
