"""What is known of the numbers in attributes: as last seen or assigned, with their twins."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch

from leapp_core.tracing.provenance.values import KINDS, NO_PLACES, Traced, TracedMaybe, is_followed, traced
from leapp_core.tracing.record.growth import NOTHING_GROWN, Grown
from leapp_core.tracing.record.numbers import Place, same


@dataclass(frozen=True)
class Known:
    """What is known of the number in an attribute.

    Attributes:
        number: As last seen or assigned.
        twin: Its twin; ``None`` if it has none.
        roots: Where it came from.
        rough: See :class:`~leapp_core.tracing.provenance.values.Traced`.
        grown: See there.
        mixed: See there.
        epoch: Step in which it was read or assigned.
        maybe: What it is where it may be ``None``.
        thing: What it was assigned if that is no number: alone in a tuple.
    """

    number: Any = None
    twin: torch.Tensor | None = None
    roots: frozenset[Place] = NO_PLACES
    rough: bool = False
    grown: Grown = NOTHING_GROWN
    mixed: bool = False
    epoch: int = -1
    maybe: TracedMaybe | None = None
    thing: tuple[Any, ...] = ()


NOTHING_KNOWN = Known()


def is_same(known: Any, value: Any) -> bool:
    """Return whether an attribute holds what it was last seen to hold."""
    return known is value or (is_followed(known) and is_followed(value) and same(known, value))


class Held:
    """An attribute of one object.

    Attributes:
        owner: Gives the object, or ``None`` when it is gone.
        place: What its numbers come from.
        known: What is known of its number.
    """

    __slots__ = ("known", "owner", "place")

    def __init__(self, owner: Any, place: Place) -> None:
        try:
            self.owner: Callable[[], Any] = weakref.ref(owner)
        except TypeError:
            self.owner = lambda: owner
        self.place = place
        self.known = NOTHING_KNOWN


class HeldNumbers:
    """The attributes that were read or assigned.

    Args:
        new_place: Makes the place of an attribute, from its name and the class of its object.
        leave: Told that a number leaves.
    """

    def __init__(self, new_place: Callable[[str, type], Place], leave: Callable[[Traced], None]) -> None:
        self._new_place, self._leave = new_place, leave
        self._held: dict[tuple[int, str], Held] = {}

    def find(self, owner: Any, name: str) -> Held | None:
        """Return an attribute if it was read or assigned."""
        return self._held.get((id(owner), name))

    def of(self, owner: Any, name: str) -> Held:
        """Return an attribute."""
        held = self.find(owner, name)
        if held is None or held.owner() is not owner:
            held = self._held[id(owner), name] = Held(owner, self._new_place(name, type(owner)))
        return held

    def known(self, owner: Any, name: str) -> Known:
        """Return what is known of an attribute's number."""
        held = self.find(owner, name)
        return NOTHING_KNOWN if held is None or held.owner() is not owner else held.known

    def restore(self, owner: Any, name: str, known: Known) -> None:
        """Know of an attribute what was known before."""
        if known is not NOTHING_KNOWN or self.find(owner, name) is not None:
            self.of(owner, name).known = known

    def assign(self, owner: Any, name: str, value: Traced, epoch: int) -> None:
        """Note that an attribute was assigned a number with an origin."""
        place = self.of(owner, name).place
        place.sources |= value.roots
        place.grown |= value.grown
        place.written = True
        place.whole |= type(value.plain) is int
        self.of(owner, name).known = Known(
            value.plain, value.twin, value.roots, value.rough, value.grown, value.mixed, epoch
        )

    def traced(self, value: Any, known: Known) -> Any:
        """Return an attribute's value with the origin that is known of it."""
        if known.maybe is not None and is_same(known.number, value):
            return known.maybe
        if known.twin is None or type(value) in KINDS or (known.number is not value and known.number != value):
            return value
        if type(value) is not type(known.number):
            return value
        return traced(value, known.twin, known.roots, known.rough, self._leave, known.grown, mixed=known.mixed)
