"""Runs both ways of an ``if`` and lets them meet: what they leave behind is chosen by a tensor.

The way that Python would not take is run for what it would compute. Whatever it does goes through hooks: attributes
that it assigns are put back, and what cannot be put back ends it before it is done. A decision whose ways cannot be run
both, or leave behind what no tensor can choose between, is Python's alone, and its condition leaves.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from types import FrameType, TracebackType
from typing import Any

import torch

from leapp_core.tracing.provenance.held import HeldNumbers, Known
from leapp_core.tracing.provenance.holders import (
    MISSING,
    UNKNOWN,
    WRITABLE,
    has_default,
    is_stored_plainly,
    put,
    value_in,
)
from leapp_core.tracing.provenance.merge import Merger, UnmergeableError
from leapp_core.tracing.provenance.values import KINDS, Traced, TracedMaybe, bare, known_by, told

_MOST_CALLS = 50_000
_DEEPEST = 8
Locals = tuple[Any, ...]


class Abandoned(BaseException):
    """The way that is not taken would do what cannot be put back. Not an ``Exception``: user code must not catch it."""


@dataclass(frozen=True)
class Attribute:
    """What an attribute is before a way, or behind it.

    Attributes:
        owner: Its object.
        name: Its name.
        value: Its value.
        known: What is known of its number.
    """

    owner: Any
    name: str
    value: Any
    known: Known


@dataclass(frozen=True)
class Memory:
    """What memory holds before a way, or behind it.

    Attributes:
        whole: All of it.
        value: A copy.
    """

    whole: torch.Tensor
    value: torch.Tensor


Attributes = dict[tuple[int, Any], Attribute | Memory]
"""By ``id`` of the object and name; of memory by its number."""
_MEMORY = "\0memory"


class Trial:
    """One way while it runs.

    Args:
        real: Python takes it, and all around it.
        begin: Recorded calls before it.

    Attributes:
        known: What its condition says of other truth values, by ``id`` of their twins.
    """

    def __init__(self, *, real: bool, begin: int) -> None:
        self.real, self.begin = real, begin
        self.stores: Attributes = {}
        self.known: dict[int, bool] = {}
        self.spoiled = False
        self.calls = 0


class Trials:
    """The ways that are being run, outermost first.

    Args:
        held: What is known of the numbers in attributes.
        merger: Chooses between what two ways leave behind.
        leave: Told of a condition that decides by itself.
        position: Gives the number of recorded calls.
        read: Reads an attribute, with the origin of its number.
        assign: Assigns an attribute, with the origin of its number.
        is_queue: Tells attributes of which what they hold is known beside them: nobody asks which container it is.
        keeps: Tells containers whose numbers are followed.
    """

    def __init__(
        self,
        held: HeldNumbers,
        merger: Merger,
        leave: Callable[[Traced], None],
        position: Callable[[], int],
        read: Callable[[Any, str], Any],
        assign: Callable[[Any, str, Any], None],
        is_queue: Callable[[Any, str], bool],
        keeps: Callable[[Any], bool],
    ) -> None:
        self._held, self._merger, self.leave, self.position = held, merger, leave, position
        self._read, self._assign, self._is_queue, self._keeps = read, assign, is_queue, keeps
        self.running: list[Trial] = []
        self._placed: list[tuple[Any, str, Any]] = []

    @property
    def deep(self) -> bool:
        """Whether a further decision is one too many."""
        return len(self.running) >= _DEEPEST

    def forbid(self) -> None:
        """Say that something is about to happen that cannot be taken back.

        Raises:
            Abandoned: the way that is run is not the one that Python takes.
        """
        if all(trial.real for trial in self.running):
            for trial in self.running:
                trial.spoiled = True
        else:
            raise Abandoned

    def tick(self) -> None:
        """Count a call: a way that is not taken may not end by itself."""
        trial = self.running[-1]
        trial.calls += 1
        if trial.calls > _MOST_CALLS and not trial.real:
            raise Abandoned

    def note_store(self, owner: Any, name: str) -> None:
        """Note what an attribute is before it is assigned.

        Raises:
            Abandoned: assigning it does more than that.
        """
        trial = self.running[-1]
        if trial.spoiled or (id(owner), name) in trial.stores:
            return
        before = value_in(owner, name) if is_stored_plainly(owner, name) else UNKNOWN  # reading others may do something
        if before is UNKNOWN:
            self.forbid()
            return
        trial.stores[id(owner), name] = Attribute(owner, name, before, self._held.known(owner, name))

    def note_memory(self, number: int, whole: torch.Tensor) -> None:
        """Note what memory holds before it is written: nobody has written to it since the ways began that lack it."""
        lacking = [t for t in self.running if not t.spoiled and (number, _MEMORY) not in t.stores]
        if lacking:
            value = _copied(whole)
            for trial in lacking:
                trial.stores[number, _MEMORY] = Memory(whole, value)

    def begin(self, *, taken: bool) -> Trial:
        """Begin a way."""
        real = taken and all(trial.real for trial in self.running)
        self.running.append(Trial(real=real, begin=self.position()))
        return self.running[-1]

    def end(self, trial: Trial) -> None:
        """End a way, and all that it began."""
        del self.running[self.running.index(trial) :]

    def keep(self, trial: Trial) -> None:
        """Let what a way assigned count as assigned by the one around it."""
        for outer in self.running[-1:]:
            for key, store in trial.stores.items():
                outer.stores.setdefault(key, store)

    def take_back(self, trial: Trial) -> Attributes:
        """Put attributes back; return what a way had assigned."""
        made: Attributes = {}
        for key, store in trial.stores.items():
            if isinstance(store, Memory):
                made[key] = Memory(store.whole, _copied(store.whole))
                continue
            known = self._held.known(store.owner, store.name)
            made[key] = replace(store, value=value_in(store.owner, store.name), known=known)
        for store in reversed(trial.stores.values()):
            self._put(store)
        return made

    def put_all(self, made: Attributes) -> None:
        """Assign what one way had assigned."""
        for one in made.values():
            if self.running and isinstance(one, Attribute):
                self.note_store(one.owner, one.name)
            self._put(one)

    def _put(self, one: Attribute | Memory) -> None:
        if isinstance(one, Memory):
            _write(one.whole, one.value)
            return
        put(one.owner, one.name, one.value)
        self._held.restore(one.owner, one.name, one.known)

    def merge(
        self,
        condition: Traced,
        begin: int,
        then: tuple[Locals, Attributes],
        other: tuple[Locals, Attributes],
    ) -> Locals:
        """Assign attributes what two ways leave behind; return the same of local names.

        Raises:
            UnmergeableError: no tensor can choose between some values.
        """
        keys, knowing = dict.fromkeys((*then[1], *other[1])), (known_by(condition, True), known_by(condition, False))
        pairs = []
        memory: list[tuple[torch.Tensor, torch.Tensor, torch.Tensor]] = []
        for key in keys:
            made = then[1].get(key) or other[1][key]
            if isinstance(made, Memory):
                before = made.whole if key in then[1] and key in other[1] else _copied(made.whole)
                both = [side[1][key].value if key in side[1] else before for side in (then, other)]
                memory.append((made.whole, both[0], both[1]))
                continue
            sides = [
                told(self._side(side[1].get(key), made), known)  # type: ignore[arg-type]
                for side, known in zip((then, other), knowing, strict=True)
            ]
            taken = sides[0] if condition.plain else sides[1]
            missing = any(value is MISSING for value in sides)
            if taken is MISSING or (missing and (type(made.owner) is dict or has_default(made.owner, made.name))):
                raise UnmergeableError  # whether it is there can be seen
            pairs.append((made, sides, key not in then[1] or key not in other[1]))
        values = [[*side[0], *(p[1][at] for p in pairs)] for at, side in enumerate((then, other))]
        choose = self._merger.chooser(condition, begin, (values[0], values[1]))
        names = tuple(
            choose(told(a, knowing[0]), told(b, knowing[1]), local=True) for a, b in zip(then[0], other[0], strict=True)
        )
        chosen = [
            (made, sides[not condition.plain] if self._is_queue(made.owner, made.name) else choose(*sides, empty=one))
            for made, sides, one in pairs
        ]
        entries = [(made.owner, value) for made, value in chosen if type(made.owner) in WRITABLE]
        if any(type(v) is TracedMaybe or (type(v) in KINDS and not self._keeps(owner)) for owner, v in entries):
            raise UnmergeableError  # what reads it there would not know where it came from
        for whole, first, second in memory:
            self._merger.write(condition, whole, first, second)
        for made, value in chosen:
            self._assign(made.owner, made.name, value)
            self.place(made.owner, made.name, value)
        return names

    def place(self, owner: Any, name: Any, value: Any) -> None:
        """Note where a tensor lies that was chosen: when the session ends, the one that it is to Python lies there."""
        value = bare(value)
        if self._merger.choices(value):
            self._placed.append((owner, name, value))

    def put_back(self) -> None:
        """Give attributes that hold chosen tensors those that they are to Python: the session ends."""
        for owner, name, value in self._placed:
            if value_in(owner, name) is value:
                put(owner, name, self._merger.choices(value)[-1].real)
        self._placed.clear()

    def _side(self, made: Attribute | None, like: Attribute) -> Any:
        if made is not None:
            return self._held.traced(made.value, made.known)
        value = value_in(like.owner, like.name)
        return value if value is MISSING else self._read(like.owner, like.name)


class Way:
    """One way of an ``if``, as rewritten code sees it.

    Args:
        value: What the condition is on it.
        trials: Where it runs as one; ``None`` if what it does is just done.
        condition: What decides.
        before: Values that the local names begin with; empty if they are as they were.

    Attributes:
        value: As given.
        before: As given.
        merged: Values that the local names have behind the ``if``; empty if they are as they were.
        spoiled: It did what cannot be put back, and stays done.
        failed: It is not taken and cannot be run.
        made: What attributes were assigned, by object and name, with what is known of their numbers.
    """

    __slots__ = ("_condition", "_trial", "_trials", "before", "failed", "made", "merged", "spoiled", "value")

    def __init__(
        self, value: bool, trials: Trials | None = None, condition: Traced | None = None, before: Locals = ()
    ) -> None:
        self.value, self.before, self.merged = value, before, ()
        self._trials, self._condition = trials, condition
        self._trial: Trial | None = None
        self.spoiled = self.failed = False
        self.made: Attributes = {}

    def __enter__(self) -> None:
        if self._trials is not None and self._condition is not None:
            self._trial = self._trials.begin(taken=self.value == bool(self._condition.plain))
            self._trial.known = {id(twin): truth for twin, truth in known_by(self._condition, self.value)}

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        trial = self._trial
        if self._trials is None or self._condition is None or trial is None:
            return False
        self._trials.end(trial)
        self.spoiled = trial.spoiled
        if trial.spoiled:
            return False
        if error is not None and self.value == bool(self._condition.plain):  # what it did stays done
            self._trials.keep(trial)
            self._trials.leave(self._condition)
            return False
        self.made = self._trials.take_back(trial)
        self.failed = error is not None
        return isinstance(error, (Exception, Abandoned))


def both_ways(trials: Trials, condition: Traced, read: Callable[[], Locals]) -> Iterator[Way]:
    """Yield the ways of an ``if`` to run, then put in place what they leave behind.

    Args:
        trials: Those that are being run.
        condition: The condition, with its twin.
        read: Gives what the ways leave behind beside attributes: local names that they assign, or a result.
    """
    taken, begin, start = bool(condition.plain), trials.position(), read()
    ends: dict[bool, tuple[Locals, Attributes]] = {}
    way = Way(True)
    for value in (True, False):
        way = Way(value, trials, condition, () if value else start)
        yield way
        if way.spoiled or way.failed:
            trials.leave(condition)
            if way.failed and value:
                yield Way(False, before=start)
            elif way.failed:
                way.merged, made = ends[True]
                trials.put_all(made)
            return
        ends[value] = read(), way.made
    try:
        way.merged = trials.merge(condition, begin, ends[True], ends[False])
    except UnmergeableError:
        trials.leave(condition)
        way.merged, made = ends[taken]
        trials.put_all(made)


def both_results(trials: Trials, condition: Traced, compute: tuple[Callable[[], Any], Callable[[], Any]]) -> Any:
    """Return what one of two computations returns, chosen by a condition; what both do to attributes meets, too.

    Args:
        trials: Those that are being run.
        condition: The condition, with its twin.
        compute: What is done if it is true, and if it is not.
    """
    results: list[Any] = [MISSING]
    way = Way(True)
    for way in both_ways(trials, condition, lambda: (results[-1],)):
        with way:
            results.append(compute[0 if way.value else 1]())
    return way.merged[0] if way.merged else results[-1]


def whole_of(tensor: torch.Tensor) -> torch.Tensor | None:
    """Return a tensor that covers all memory that a tensor lies in; ``None`` if that cannot be."""
    if tensor.layout is not torch.strided or tensor.requires_grad or tensor.device.type != "cpu":
        return None
    count, rest = divmod(tensor.untyped_storage().nbytes(), tensor.element_size())
    if rest or tensor.is_complex() or tensor.is_quantized:
        return None
    if tensor.numel() == count and tensor.is_contiguous():
        return tensor
    with torch._C.DisableTorchFunction(), torch.no_grad():
        return torch.as_strided(tensor, (count,), (1,), 0)


def _copied(tensor: torch.Tensor) -> torch.Tensor:
    with torch._C.DisableTorchFunction(), torch.no_grad():
        return tensor.clone()


def _write(whole: torch.Tensor, value: torch.Tensor) -> None:
    with torch._C.DisableTorchFunction(), torch.no_grad():
        whole.copy_(value)


def locals_of(frame: FrameType, names: tuple[str, ...]) -> Locals:
    """Return the values of a frame's local names."""
    values = frame.f_locals if names else {}
    return tuple(values.get(name, MISSING) for name in names)
