"""Lists, tuples, deques and dictionaries of numbers in attributes: every entry has its origin.

While a step runs, a container that functions of the user's change holds numbers with their origins, so that loops,
unpacking and ``sum`` find them; where the next step begins, and for code that is not followed, it holds plain numbers.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from leapp_core.tracing.provenance.holders import value_in
from leapp_core.tracing.provenance.values import FOLLOWED, KINDS, bare, is_tensor
from leapp_core.tracing.record.numbers import Place, same
from leapp_core.tracing.source.static import Kinds

CHANGING = frozenset({"append", "appendleft", "extend", "extendleft", "insert", "update", "setdefault"})
"""Methods that put values into a container."""
_LARGEST = 256
_BESIDE = Kinds(str, type(None))
"""Types of what may lie beside numbers, and must stay what it is."""


class Adopted:
    """A container whose numbers are followed.

    Args:
        owner: Object whose attribute holds it.
        name: The attribute.
        container: The container.
        place: What its numbers come from.

    Attributes:
        owner: As given.
        name: As given.
        container: As given.
        place: As given.
        kept: Its entries with their origins, while it holds plain numbers; ``None`` while it holds them itself.
    """

    __slots__ = ("container", "kept", "name", "owner", "place")

    def __init__(self, owner: Any, name: str, container: Any, place: Place) -> None:
        self.owner, self.name, self.container, self.place = owner, name, container, place
        self.kept: dict[Any, Any] | None = {}

    def park(self) -> None:
        """Put plain numbers into the container, and keep those with an origin."""
        if self.kept is None:
            self.kept = dict(entries(self.container))
            self.put({key: bare(value) for key, value in self.kept.items()})

    def put(self, values: dict[Any, Any]) -> None:
        """Put values into the container, which has entries at the same places."""
        if type(self.container) is tuple:
            before, self.container = self.container, tuple(values.values())
            if value_in(self.owner, self.name) is before:
                setattr(self.owner, self.name, self.container)
            return
        for key, value in values.items():
            if self.container[key] is not value:
                self.container[key] = value

    def follows(self, values: dict[Any, Any]) -> bool:
        """Return whether nobody has changed plain entries since they were put in."""
        kept = self.kept or {}
        return values.keys() == kept.keys() and all(_same(bare(kept[key]), value) for key, value in values.items())


def entries(container: Any) -> Iterator[tuple[Any, Any]]:
    """Yield places and entries of a container."""
    return iter(container.items()) if type(container) is dict else enumerate(container)


def is_of_numbers(container: Any) -> bool:
    """Return whether a container may be followed: numbers, and beside them nothing but tensors, text and ``None``."""
    if not 0 < len(container) <= _LARGEST:
        return False
    inside = list(container.values()) if type(container) is dict else list(container)
    if not all(type(v) in FOLLOWED or type(v) in KINDS or type(v) in _BESIDE or is_tensor(v) for v in inside):
        return False
    return any(type(v) in FOLLOWED or type(v) in KINDS for v in inside)


def shape_of(values: dict[Any, Any]) -> tuple[Any, ...]:
    """Return what must be the same whenever a step begins: where numbers and tensors lie, and the rest itself."""
    return tuple((key, _kind(value)) for key, value in values.items())


def _kind(value: Any) -> Any:
    if is_tensor(value):
        return "tensor"
    return "number" if type(bare(value)) in FOLLOWED else value


def _same(one: Any, other: Any) -> bool:
    return one is other or (type(one) in FOLLOWED and same(one, other))
