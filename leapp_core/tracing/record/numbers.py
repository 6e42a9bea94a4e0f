"""Python numbers that the session followed: where they came from, what they reached, and where they left.

Calls are recorded with the numbers that Python gave them. Beside them lie the *twins*: 0-d tensors on which the same
arithmetic was done. Once the record shows that a number changes from step to step, the calls that were given it are
given its twin instead, and everything else finds tensors.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from types import CodeType
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from leapp_core.tracing.record.growth import Product, grows_without_bound
from leapp_core.tracing.record.storage import tensors_of, unrecorded
from leapp_core.tracing.source.static import Kinds

if TYPE_CHECKING:
    from leapp_core.tracing.record.recorder import TraceRecorder

MOST_TURNS = 64
"""Turns of a ``while`` loop that a tensor may decide on."""
_ROUGH = 1e-15
_NUMBERS = Kinds(int, float, bool, np.float64)


class Place:
    """Where numbers come from: an attribute of an object, or tensors that were asked for their value.

    Attributes:
        name: The attribute's name; empty for values of tensors.
        kind: Class of the object whose attribute it is.
        varies: The number was not the same in all steps, or comes from tensors.
        foreign: Something that is not followed changed it.
        given: It was assigned a number whose origin is not known, or whose twin was dropped.
        sources: Places that what was assigned came from.
        grown: Products and sums among what was assigned.
        whole: A whole number was assigned.
        written: It was assigned by code that is followed.
    """

    def __init__(self, name: str, kind: type = object, *, varies: bool = False) -> None:
        self.name = name
        self.kind = kind
        self.varies = varies
        self.foreign = False
        self.given = False
        self.sources: set[Place] = set()
        self.grown: set[Product] = set()
        self.whole = False
        self.written = False
        self._first: Any = None

    @property
    def key(self) -> object:
        """What places of the same attribute of objects of one class have in common."""
        return (self.kind, self.name) if self.name else self

    def see(self, number: Any) -> None:
        """Note the number that a step begins with."""
        if self._first is None:
            self._first = number
        elif not same(self._first, number):
            self.varies = True
            # Codes tell modes of one type apart.
            self.foreign |= type(self._first) is not type(number) and not is_number(self._first, number)


@dataclass
class Leave:
    """An expression whose value left the numbers that are followed.

    Attributes:
        code: Code that it lies in.
        lasti: Instruction that computes it or what it is part of.
        line: Its line.
        part: Which part of the expression at the instruction it is; empty for the whole.
        raises: It did not leave, but the operation raises for some values.
        followed: The code is one that was rewritten.
        roots: Where values that left here came from.
    """

    code: CodeType
    lasti: int
    line: int
    part: str
    raises: bool
    followed: bool
    roots: set[Place] = field(default_factory=set)


@dataclass(frozen=True)
class Given:
    """A recorded call that was given a number.

    Attributes:
        event: Its index.
        kind: How the twin takes the number's place: ``argument``, ``operand``, ``pack``, ``clone``, ``rows`` or
            ``select``.
        position: Of the argument or operand.
        twin: What takes its place.
        roots: Where the number came from.
    """

    event: int
    kind: str
    position: int
    twin: Any
    roots: frozenset[Place]


class NumberLog:
    """What is known of Python numbers in one session.

    Attributes:
        computed: Indices of the calls that only twins made.
        claims: Twins and the numbers that they must hold.
        given: Calls that were given numbers.
        names: Twins that attributes hold, with their names.
        reads: Places that were read, by where in the source.
        untold: Where in the source something was read that is not followed.
        items: Places of tensors' values, by the call that gave the value.
        item_places: The same by call site.
        places: All of them.
        leaves: Where values left, by code, instruction and part.
        promoted: Twins took the place of numbers.
        lost: Places whose twins do not hold what Python computes, or will not.
        truncated: Places of floats that whole numbers were made of.
        chosen: A tensor or number was chosen between two ways.
        rough: Where numbers came from of which a last digit, that another implementation may give, decided.
        bounded: ``while`` loops whose turns are a fixed number in the program: file, line, and where the numbers that
            decide on them came from.
        lengths: How long containers were where user code asked, by file and line: recorded calls before, and length.
        unsafe: Memory was written that a decision chose, or chose from, and that somebody else may know.
    """

    def __init__(self) -> None:
        self.computed: set[int] = set()
        self.claims: list[tuple[torch.Tensor, Any, frozenset[Place]]] = []
        self.given: list[Given] = []
        self.names: list[tuple[torch.Tensor, str]] = []
        self.reads: dict[str, set[Place]] = {}
        self.untold: set[str] = set()
        self.items: dict[int, Place] = {}
        self.item_places: dict[tuple[int, int], Place] = {}
        self.places: list[Place] = []
        self.leaves: dict[tuple[int, int, str], Leave] = {}
        self.promoted = False
        self.lost: set[Place] = set()
        self.truncated: set[Place] = set()
        self.rough: list[frozenset[Place]] = []
        self.bounded: list[tuple[str, int, frozenset[Place]]] = []
        self.lengths: dict[tuple[str, int], list[tuple[int, int]]] = {}
        self.unsafe = False
        self.chosen = False
        self._done = 0
        self._checked = 0

    def storages(self, recorder: TraceRecorder) -> dict[int, str]:
        """Return the names of attributes by the storages of the twins that they held."""
        return {recorder.storage_number(tensor): name for tensor, name in self.names if name}

    def twins(self, recorder: TraceRecorder) -> set[int]:
        """Return ``id`` of the tensors that only followed numbers made."""
        made = (tensor for index in self.computed for tensor in tensors_of((recorder.events[index].out,)))
        return {id(tensor) for tensor, _ in self.names} | set(map(id, made))

    def hidden(self) -> set[int]:
        """Return the calls that are no part of what the user's code does with tensors."""
        return set() if self.promoted else self.computed

    def depends(self, roots: Iterable[Place]) -> bool:
        """Return whether numbers from some places change from step to step."""
        return any(place.varies for place in sources_of(roots))

    def is_sound(self, place: Place) -> bool:
        """Return whether all that happens to a place's number is known."""
        return not (place.foreign or place.given or place in self.lost)

    def reached_from(self, place: Place) -> set[Place]:
        """Return the places whose numbers came from a place's, itself among them."""
        reached, grown = {place}, True
        while grown:
            further = {p for p in self.places if p not in reached and not p.sources.isdisjoint(reached)}
            reached |= further
            grown = bool(further)
        return reached

    def has_pending(self, places: set[Place]) -> bool:
        """Return whether a call was given a number from some places and has no twin in its stead."""
        return any(not given.roots.isdisjoint(places) for given in self.given)

    def hinges(self, places: set[Place]) -> bool:
        """Return whether a last digit of what came from some places may decide, or readings on the turns of a loop.

        A last digit does not matter of what comes from readings, as it does not where tensors are compared: only
        counters come back to the same numbers again and again. Readings may ask for any number of turns.
        """
        roots = [roots for roots in self.rough if not roots.isdisjoint(places)]
        turns = [roots for _, _, roots in self.bounded if not roots.isdisjoint(places)]
        known = any(all(place.name for place in sources_of(one)) for one in roots)
        return known or any(not place.name for one in turns for place in sources_of(one))

    def check_claims(self) -> None:
        """Hold twins against the numbers that Python computed; those that differ, or once will, are not used."""
        growing = grows_without_bound(self.places)
        self.lost |= {p for p in growing if p.whole or any(t in self.reached_from(p) for t in self.truncated)}
        with unrecorded():
            for twin, number, roots in self.claims[self._checked :]:
                if not is_equal(twin.item(), number):
                    self.lost |= roots
        self._checked = len(self.claims)

    def to_promote(self) -> Iterator[Given]:
        """Yield the calls whose numbers are to be twins, of those that were not yet."""
        self.check_claims()
        waiting, self.given = self.given, []
        for given in waiting:
            if any(place.foreign or place in self.lost for place in given.roots) or not self.depends(given.roots):
                self.given.append(given)  # it may change yet
            else:
                yield given


def sources_of(roots: Iterable[Place]) -> Iterator[Place]:
    """Yield some places, the places that what was assigned to them came from, and so on."""
    seen: set[Place] = set()
    waiting = list(roots)
    while waiting:
        place = waiting.pop()
        if place not in seen:
            seen.add(place)
            waiting += place.sources
            yield place


def is_number(*values: Any) -> bool:
    """Return whether values are numbers or truth values, not modes."""
    return all(type(v) in _NUMBERS for v in values)


def same(one: Any, other: Any) -> bool:
    """Return whether two numbers are the same, of one type."""
    return type(one) is type(other) and bool(one == other or (one != one and other != other))


def is_equal(found: Any, wanted: Any) -> bool:
    """Return whether a twin's value is Python's, but for the last place of a transcendental function."""
    if found == wanted or (found != found and wanted != wanted):
        return True
    return isinstance(wanted, float) and abs(found - wanted) <= _ROUGH * abs(wanted)
