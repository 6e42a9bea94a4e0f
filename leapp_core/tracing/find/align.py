"""Put the calls of two steps side by side."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from difflib import SequenceMatcher

from leapp_core.tracing.find.steps import Step
from leapp_core.tracing.record.events import Event

_Key = tuple[object, int, int, bool]


class Alignment:
    """Which call of one step corresponds to which of another: same operator at the same place of the user's code.

    Args:
        events: All events.
        steps: Steps of one node.
        computed: Calls that only twins of Python numbers made; they correspond to each other alone.
    """

    def __init__(self, events: list[Event], steps: tuple[Step, ...], computed: Collection[int] = frozenset()) -> None:
        self._computed = computed
        self._events = events
        self._steps = steps
        self._maps: dict[tuple[int, int], Mapping[int, int]] = {}

    def between(self, source: int, target: int) -> Mapping[int, int]:
        """Return event index in step ``source`` to event index in step ``target``, for those with a counterpart."""
        if source == target:
            step = self._steps[source]
            return {i: i for i in range(step.begin, step.end)}
        found = self._maps.get((source, target))
        if found is None:
            found = self._maps[source, target] = self._align(self._steps[source], self._steps[target])
        return found

    def _align(self, a: Step, b: Step) -> Mapping[int, int]:
        first = self._keys(a, exact=True), self._keys(b, exact=True)
        if first[0] == first[1]:
            return {a.begin + i: b.begin + i for i in range(len(first[0]))}
        exact = _match(*first, a.begin, b.begin)
        # Steps written one below the other differ in the driver's line, not in what they do.
        loose = _match(self._keys(a, exact=False), self._keys(b, exact=False), a.begin, b.begin)
        return exact if len(exact) >= len(loose) else loose

    def _keys(self, step: Step, *, exact: bool) -> list[_Key]:
        events, computed = self._events[step.begin : step.end], self._computed
        return [(e.func, e.stack, e.line if exact else 0, e.index in computed) for e in events]


def _match(a: list[_Key], b: list[_Key], start_a: int, start_b: int) -> dict[int, int]:
    matcher = SequenceMatcher(None, a, b, autojunk=False)
    pairs: dict[int, int] = {}
    for block in matcher.get_matching_blocks():
        for i in range(block.size):
            pairs[start_a + block.a + i] = start_b + block.b + i
    return pairs
