"""What two ways of an ``if`` leave behind, chosen by its condition."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import torch

from leapp_core.tracing.provenance.arithmetic import LARGEST
from leapp_core.tracing.provenance.holders import MISSING
from leapp_core.tracing.provenance.twins import Twins
from leapp_core.tracing.provenance.values import (
    KINDS,
    Implied,
    Traced,
    TracedBool,
    TracedMaybe,
    bare,
    entry_of,
    is_followed,
    is_mixed,
    is_tensor,
    is_thing,
    known_by,
    maybe_of,
    traced,
)
from leapp_core.tracing.record.growth import NOTHING_GROWN
from leapp_core.tracing.record.numbers import same, sources_of
from leapp_core.tracing.record.recorder import TraceRecorder, unrecorded

_TENSOR = torch.Tensor


class UnmergeableError(Exception):
    """No tensor can choose between two values."""


@dataclass(frozen=True)
class Choice:
    """A tensor that was chosen from two that may be known elsewhere.

    Attributes:
        condition: What chose.
        twin: It as a tensor, where the two lie.
        then: Chosen where it is true.
        other: Chosen where it is not.
        made: What was chosen, in memory of its own.
    """

    condition: Traced
    twin: _TENSOR
    then: _TENSOR
    other: _TENSOR
    made: _TENSOR

    @property
    def real(self) -> _TENSOR:
        """What it is to Python."""
        return self.then if self.condition.plain else self.other


class Merger:
    """Chooses between values.

    A tensor that was chosen is a new one; to the user's code it is one of the two that it was chosen from. So what is
    written into it is written into those, as far as conditions let it, and what is written into those is chosen anew.

    Args:
        recorder: The record.
        twins: Computes twins.
    """

    def __init__(self, recorder: TraceRecorder, twins: Twins) -> None:
        self._recorder, self._twins = recorder, twins
        self._log = recorder.numbers
        self._choices: list[Choice] = []
        self._made: dict[int, Choice] = {}
        self._foreign: dict[int, bytes] = {}
        self._writing = False

    @property
    def watches(self) -> bool:
        """Whether it matters who writes where."""
        return bool(self._choices or self._foreign)

    def choices(self, value: Any) -> list[Choice]:
        """Return how a tensor was chosen, from what that was chosen, and so on to the one that it is to Python."""
        found: list[Choice] = []
        while is_tensor(value) and self._choices:
            choice = self._made.get(self._number(value))
            if choice is None or choice.made is not value:
                break
            found.append(choice)
            value = choice.real
        return found

    def reach(self, storages: Iterable[int]) -> set[int]:
        """Return the storages that are written where some are."""
        reached: set[int] = set(storages)
        for number in reached:
            self._foreign.pop(number, None)
        if self._writing:
            return reached
        grown = True
        while grown:
            before = len(reached)
            for choice in self._choices:
                of_two = {self._number(choice.then), self._number(choice.other)}
                made = self._number(choice.made)
                if made in reached or not of_two.isdisjoint(reached):
                    reached |= of_two | {made}
            grown = len(reached) > before
        return reached

    def write_through(self, storages: Iterable[int]) -> None:
        """Write what was written into some storages into those that it was chosen from, then choose anew."""
        touched = set(storages)
        self._writing = True
        try:
            with torch._C.DisableTorchFunction(), torch.no_grad():
                for number in list(touched):
                    if number in self._made:
                        self._push(self._made[number], self._made[number].made, None, touched)
                for choice in self._choices:
                    if not touched.isdisjoint((self._number(choice.then), self._number(choice.other))):
                        choice.made.copy_(torch.where(choice.twin, choice.then, choice.other))
                        touched.add(self._number(choice.made))
        finally:
            self._writing = False

    def write(self, condition: Traced, whole: _TENSOR, then: _TENSOR, other: _TENSOR) -> None:
        """Write into memory what one of two ways wrote there."""
        with torch._C.DisableTorchFunction(), torch.no_grad():
            whole.copy_(torch.where(condition.twin, then, other))
        self._log.promoted = self._log.chosen = True

    def _push(self, choice: Choice, value: _TENSOR, where: _TENSOR | None, touched: set[int]) -> None:
        """Write what was written into a chosen tensor into the one that it is, where a condition holds."""
        for tensor, way in ((choice.then, choice.twin), (choice.other, torch.logical_not(choice.twin))):
            known = way if where is None else torch.logical_and(where, way)
            inner = self._made.get(self._number(tensor))
            if inner is not None and inner.made is tensor:
                self._push(inner, value, known, touched)
                continue
            self._log.unsafe |= inner is not None  # part of what was chosen: nobody has needed that yet
            tensor.copy_(torch.where(known, value, tensor))
            touched.add(self._number(tensor))

    def _number(self, tensor: _TENSOR) -> int:
        return self._recorder.info_of(tensor).storage

    def changed(self) -> bool:
        """Return whether memory from outside that was chosen from has changed since, and no recorded call wrote it."""
        found = {n: self._recorder.current_bytes(self._recorder.storages[n]) for n in self._foreign}
        return any(found[n] != data for n, data in self._foreign.items())

    def chooser(self, condition: Traced, begin: int, sides: tuple[list[Any], list[Any]]) -> Callable[..., Any]:
        """Return a function that chooses between the value where a condition is true and the other.

        Args:
            condition: The condition.
            begin: Recorded calls before the first way began.
            sides: All values that either way leaves behind.
        """
        chosen: dict[tuple[int, int], Any] = {}
        alone = {n for side in sides for n in self._alone(side, begin)}
        kept = []

        def choose(then: Any, other: Any, *, empty: bool = False, local: bool = False) -> Any:
            if local and then is not other and is_thing(then) and is_thing(other):
                real = then if condition.plain else other
                return entry_of([(condition, then), (None, other)], real, condition)
            key = id(then), id(other)
            if key not in chosen:
                kept.append((then, other))  # their identities stay theirs
                chosen[key] = self._choose(condition, then, other, alone, empty)
            return chosen[key]

        return choose

    def _choose(self, condition: Traced, then: Any, other: Any, alone: set[int], empty: bool) -> Any:
        if then is other and not is_tensor(then):  # the same tensor now may be another at another time
            return then
        missing = then is MISSING or other is MISSING
        if empty and (missing or then is None or other is None):
            try:
                then, other = self._filled(condition, then, other)
            except UnmergeableError:
                if missing:
                    raise
        if then is MISSING or other is MISSING:
            return other if then is MISSING else then
        if any(v is None or type(v) is TracedMaybe for v in (then, other)):
            return self._maybe(condition, then, other, alone)
        return self._alike(condition, then, other, alone, empty=empty)

    def _alike(self, condition: Traced, then: Any, other: Any, alone: set[int], *, empty: bool) -> Any:
        """Choose between two values of the same kind."""
        if is_followed(bare(then)) and is_followed(bare(other)):
            return self._chosen_number(condition, then, other)
        if is_tensor(then) and is_tensor(other):
            return self._tensor(condition, then, other, alone)
        if type(then) is tuple and type(other) is tuple and len(then) == len(other):
            return tuple(self._choose(condition, a, b, alone, empty) for a, b in zip(then, other, strict=True))
        if type(then) is type(other) and type(then) in (str, bytes) and then == other:
            return then
        raise UnmergeableError

    def _maybe(self, condition: Traced, then: Any, other: Any, alone: set[int]) -> Any:
        """Choose between a tensor or number and ``None``."""
        flags = [v.flag if type(v) is TracedMaybe else v is not None for v in (then, other)]
        values = [v.value if type(v) is TracedMaybe else v for v in (then, other)]
        if then is None or other is None:
            value = values[then is None]
        else:
            value = self._choose(condition, values[0], values[1], alone, empty=False)
        if not (is_tensor(value) or is_followed(bare(value))):
            raise UnmergeableError
        return maybe_of(self._chosen_number(condition, flags[0], flags[1]), value)

    def _chosen_number(self, condition: Traced, then: Any, other: Any) -> Any:
        a, b = bare(then), bare(other)
        if same(a, b) and not any(type(n) in KINDS and not n.constant for n in (then, other)):
            return then
        mixed = is_mixed(then, other) or {type(a), type(b)} == {int, float}
        if not mixed and type(a) is not type(b):
            raise UnmergeableError
        if any(type(n) is int and not -LARGEST < n < LARGEST for n in (a, b)):
            raise UnmergeableError
        value = a if condition.plain else b
        parts = [x for x in (then, other, condition) if type(x) in KINDS]
        roots = frozenset().union(*(x.roots for x in parts))
        given = [x.twin if type(x) in KINDS else self._twins.constant(x) for x in (then, other)]
        if mixed:
            given = [self._twins.compute(t.to, torch.float64) if t.dtype is torch.int64 else t for t in given]
        twin = self._twins.compute(torch.where, condition.twin, *given)
        self._log.claims.append((twin, self._twins.code(value), roots))
        self._log.promoted = self._log.chosen = True
        grown = NOTHING_GROWN.union(*(x.grown for x in parts))
        rough = any(x.rough for x in (then, other) if type(x) in KINDS)
        made = traced(value, twin, roots, rough, condition.leave, grown, mixed=mixed)
        if type(made) is TracedBool:
            made.implies = _implied(condition, then, other)
        return made

    def _tensor(self, condition: Traced, then: _TENSOR, other: _TENSOR, alone: set[int]) -> _TENSOR:
        if _kind(then) != _kind(other) or then.layout is not torch.strided:
            raise UnmergeableError
        if type(then) not in (_TENSOR, torch.nn.Parameter) or type(other) not in (_TENSOR, torch.nn.Parameter):
            raise UnmergeableError
        twin = condition.twin
        if then.device.type != "cpu":
            twin = self._twins.compute(twin.to, then.device)
        with torch._C.DisableTorchFunction():
            made: _TENSOR = torch.where(twin, then, other)
        self._log.promoted = self._log.chosen = True
        numbers = [self._recorder.info_of(t).storage for t in (then, other)]
        if not alone.issuperset(numbers):
            self._choices.append(Choice(condition, twin, then, other, made))
            self._made[self._number(made)] = self._choices[-1]
        for number in numbers:
            record = self._recorder.storages[number]
            if number not in alone and record.birth < 0:
                self._foreign.setdefault(number, self._recorder.current_bytes(record))
        return made

    def _filled(self, condition: Traced, then: Any, other: Any) -> tuple[Any, Any]:
        """Put a tensor in the place of the ``None``, or nothing, that an attribute is before its first value is made.

        Which way is taken first depends on Python's values alone, which begin the same after every reset: nobody ever
        sees that tensor.
        """
        first = then is None or then is MISSING
        value, real = (other, not condition.plain) if first else (then, condition.plain)
        known = real and all(place.name for place in sources_of(condition.roots))
        if known and not is_tensor(value) and (then is MISSING or other is MISSING):
            return value, value
        if not real or not is_tensor(value) or not all(place.name for place in sources_of(condition.roots)):
            raise UnmergeableError
        with unrecorded():
            empty = torch.zeros_like(value)
        return (empty, value) if first else (value, empty)

    def _alone(self, side: list[Any], begin: int) -> set[int]:
        """Return the storages that were made on a way and that one value alone lies in."""
        tensors = [v for v in _flat(side) if is_tensor(v)]
        numbers = [self._recorder.info_of(t).storage for t in {id(t): t for t in tensors}.values()]
        fresh = (n for n in numbers if self._recorder.storages[n].birth >= begin)
        return {n for n in fresh if numbers.count(n) == 1}


def _implied(condition: Traced, then: Any, other: Any) -> tuple[Implied, Implied]:
    """Return what is known where ``then if condition else other`` is true, and where it is false.

    ``a and b`` is ``b if a else a``, ``a or b`` is ``a if a else b``.
    """
    if type(then) is not TracedBool or type(other) is not TracedBool:
        return (), ()
    if other.carried is condition.carried:
        return (*known_by(condition, True), *known_by(then, True)), ()
    if then.carried is condition.carried:
        return (), (*known_by(condition, False), *known_by(other, False))
    return (), ()


def _flat(values: Iterable[Any]) -> Iterator[Any]:
    for value in values:
        if type(value) is TracedMaybe:
            yield value.value
        elif type(value) is tuple:
            yield from _flat(value)
        else:
            yield value


def _kind(tensor: _TENSOR) -> tuple[Any, ...]:
    return tensor.shape, tensor.dtype, tensor.device
