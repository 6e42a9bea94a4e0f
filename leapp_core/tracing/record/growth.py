"""Which numbers grow without bound: Python's integers do, a 0-d ``int64`` tensor comes round."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from leapp_core.tracing.record.numbers import Place


class Product(NamedTuple):
    """A product, or a sum, that a number went through.

    Attributes:
        of: Where one operand came from.
        plus: Where the other summand came from; ``None`` for a product.
    """

    of: frozenset[Place]
    plus: frozenset[Place] | None


Grown = frozenset[Product]
NOTHING_GROWN: Grown = frozenset()


def grows_without_bound(places: Collection[Place]) -> set[Place]:
    """Return the places whose number is a multiple of what it was some steps before, or a sum of two such.

    A counter grows, too, by the same amount each step: that takes longer than a robot lasts. Places of one attribute of
    one class are taken for one: objects may be made anew in each step.
    """
    sources: dict[object, set[object]] = {}
    for place in places:
        sources.setdefault(place.key, set()).update(source.key for source in place.sources)
    above = {key: _reached(key, sources) for key in sources}
    return {place for place in places if place.grown and _is_cycle(place, above)}


def _is_cycle(place: Place, above: dict[object, set[object]]) -> bool:
    cycle = {key for key in above[place.key] if place.key in above.get(key, ())}
    for product in place.grown:
        if _meets(product.of, cycle) and (product.plus is None or _meets(product.plus, cycle)):
            return True
    return False


def _meets(places: Iterable[Place], keys: set[object]) -> bool:
    return any(place.key in keys for place in places)


def _reached(key: object, sources: dict[object, set[object]]) -> set[object]:
    seen: set[object] = set()
    waiting = list(sources.get(key, ()))
    while waiting:
        at = waiting.pop()
        if at not in seen:
            seen.add(at)
            waiting += sources.get(at, ())
    return seen
