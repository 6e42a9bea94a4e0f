"""Twins of Python numbers: 0-d tensors on which Python's arithmetic is done again, where the session records it."""

from __future__ import annotations

import math
import sys
import threading
from collections import deque
from collections.abc import Callable, Sequence
from types import CodeType
from typing import Any

import numpy as np
import torch

from leapp_core.tracing.provenance import arithmetic
from leapp_core.tracing.provenance.codes import Codes
from leapp_core.tracing.provenance.values import (
    KINDS,
    NO_PLACES,
    NUMBERS,
    Traced,
    bare,
    is_followed,
    is_mixed,
    is_tensor,
    traced,
)
from leapp_core.tracing.record.events import Event
from leapp_core.tracing.record.growth import NOTHING_GROWN, Grown, Product
from leapp_core.tracing.record.numbers import Leave, NumberLog, Place
from leapp_core.tracing.record.recorder import TraceRecorder, unrecorded
from leapp_core.tracing.source.callsite import above_hooks
from leapp_core.tracing.source.static import Kinds

CONTAINERS = Kinds(list, tuple, deque, dict)
DEEP = 12
_FLOATS = Kinds(float, np.float64)
_LARGEST_LIST = 64
_LARGEST_DIVISOR = 2**32
_LEAST, _LARGEST = -arithmetic.LARGEST, arithmetic.LARGEST


class Twins:
    """Computes twins, and notes numbers that leave.

    Args:
        recorder: The record.
    """

    _leave_nothing = False

    def __init__(self, recorder: TraceRecorder) -> None:
        self._recorder = recorder
        self._log: NumberLog = recorder.numbers
        self._open = True
        self._thread = threading.get_ident()
        self._followed: frozenset[int] = frozenset()
        self._codes: Sequence[CodeType] = ()
        self._constants: dict[str, torch.Tensor] = {}
        self._modes = Codes()

    def _recording(self) -> bool:
        return self._open and not self._recorder.idle

    def _active(self) -> bool:
        """Return whether twins can be computed here."""
        return (
            self._open
            and not self._recorder.idle
            and threading.get_ident() == self._thread
            and torch._C._functorch.peek_interpreter_stack() is None
        )

    @property
    def epoch(self) -> int:
        """The step that runs."""
        return self._recorder.epoch

    def used(self, value: Traced) -> None:
        """Look at a number whose twin is asked for: one of another step was kept where nobody follows it."""
        if value.epoch != self._recorder.epoch and not value.constant:
            for place in value.roots:
                place.foreign = True

    def _new_place(self, name: str, kind: type = object, *, varies: bool = False) -> Place:
        place = Place(name, kind, varies=varies)
        self._log.places.append(place)
        return place

    def _plain(self, value: Any, depth: int, part: str = "") -> Any:
        kind = type(value)
        if kind in KINDS:
            self._leave(value, part)
            return value.plain
        if kind is slice:
            return slice(*(self._plain(p, depth, part) for p in (value.start, value.stop, value.step)))
        if not depth or kind not in CONTAINERS or not holds(value, depth):
            return value
        if kind is tuple:
            return tuple(self._plain(v, depth - 1, part) for v in value)
        for key, item in list(value.items() if kind is dict else enumerate(value)):
            new = self._plain(item, depth - 1, part)
            if new is not item:
                value[key] = new
        return value

    def _without(self, value: Any) -> Any:
        """Return a value without origins when nothing is recorded."""
        before, self._leave_nothing = self._leave_nothing, True
        try:
            return self._plain(value, DEEP)
        finally:
            self._leave_nothing = before

    def _leave(self, value: Traced, part: str = "", *, raises: bool = False) -> None:
        if self._leave_nothing or value.constant or not self._recording():
            return
        frame = above_hooks(sys._getframe(1))
        followed = id(frame.f_code) in self._followed
        key = id(frame.f_code), frame.f_lasti, part + ("!" if raises else "")
        found = self._log.leaves.get(key)
        if found is None:
            found = self._log.leaves[key] = Leave(
                frame.f_code, frame.f_lasti, frame.f_lineno or 0, part, raises, followed
            )
        found.roots |= value.roots

    def _explained(
        self,
        result: Any,
        equivalent: Callable[..., torch.Tensor] | None,
        operands: tuple[Any, ...],
        steps: bool = False,
        rough: bool = False,
        *,
        double: bool | None = None,
        grown: Grown | None = None,
        mixed: bool = False,
    ) -> Any:
        """Return a result with its twin; without a twin its operands leave.

        Args:
            result: What Python computed.
            equivalent: The same on twins.
            operands: What it was computed from.
            steps: The result jumps where an operand crosses a value.
            rough: Another implementation may give another last digit.
            double: Operands are taken as floats; if nothing is said, where one is.
            grown: What is known of its growth; by default that of the operands.
            mixed: In another step it may be an ``int`` where it is a ``float``, or the other way round.
        """
        if all(x.constant for x in operands if type(x) in KINDS):
            decides = type(result) is bool or not is_followed(result) or not fits(result)
            return result if decides else self._constant(result)
        rough = rough or any(x.rough for x in operands if type(x) in KINDS)
        kind = type(result)
        if equivalent is not None and is_followed(result) and not (steps and rough) and self._active():
            given = [bare(x) for x in operands]
            mixed = mixed or (double is None and _stays_mixed(operands))
            if double is None:
                double = mixed or kind is not int or any(type(x) is not int for x in given)
            if all(map(fits, (*given, result))):
                roots = frozenset().union(*(x.roots for x in operands if type(x) in KINDS))
                dtype = torch.float64 if mixed else dtype_of(result)
                twin = self.compute(self._compute, equivalent, operands, double, dtype)
                self._log.claims.append((twin, self.code(result), roots))
                if grown is None:
                    grown = NOTHING_GROWN.union(*(x.grown for x in operands if type(x) in KINDS))
                return traced(result, twin, roots, rough, self._leave, grown, mixed=mixed)
        for operand in operands:
            if type(operand) in KINDS:
                self._leave(operand)
        return result

    def _constant(self, value: Any) -> Any:
        """Return a number, truth value or mode that is the same in every step.

        One that is not after all is seen when steps are compared: in each it is given to the same call.
        """
        return traced(value, self.constant(value), NO_PLACES, False, self._leave, constant=True)

    def compute(self, function: Callable[..., torch.Tensor], *args: Any, **kwargs: Any) -> torch.Tensor:
        """Make calls that are no part of what the user's code does."""
        recorder = self._recorder
        before = recorder.position
        with torch._C.DisableTorchFunction():
            made = function(*args, **kwargs)
        self._log.computed.update(range(before, recorder.position))
        return made

    def _compute(
        self, equivalent: Callable[..., torch.Tensor], operands: tuple[Any, ...], double: bool, dtype: torch.dtype
    ) -> torch.Tensor:
        """Compute a twin in the type in which Python computes."""
        given: list[Any] = []
        for operand in operands:
            if type(operand) in KINDS:
                twin = operand.twin
                given.append(twin.to(torch.float64) if double and twin.dtype is not torch.float64 else twin)
            else:
                given.append(self.constant(float(operand)) if double else operand)
        made = equivalent(*given)
        return made if made.dtype is dtype else made.to(dtype)

    def promote(self) -> None:
        """Note that what the user's code computes with is a twin."""
        self._log.promoted = True

    def code(self, value: Any) -> Any:
        """Return what a value's twin holds: of a mode its code."""
        return self._modes.number(value)

    def constant(self, number: Any) -> torch.Tensor:
        """Return a number, or truth value, written out or not followed, as a tensor: one for the whole session."""
        return self._kept(self.code(number), dtype_of(number))

    def _of_numbers(self, function: Any, args: tuple[Any, ...]) -> Any:
        given = [bare(a) for a in args]
        if function in arithmetic.OF_FLOATS:
            rough = function not in arithmetic.EXACT
            result = function(*given)
            if function not in arithmetic.NEVER_RAISE:
                self._raises(args)
            grown = product(args) if function in arithmetic.GROWING else None
            return self._explained(result, arithmetic.OF_FLOATS[function], args, rough=rough, double=True, grown=grown)
        if function in arithmetic.TO_INT and len(args) == 1:
            result = function(*given)
            if type(given[0]) is not int:
                self._raises(args)
                self._log.truncated |= args[0].roots
            return self._explained(result, arithmetic.TO_INT[function], args, True, double=False)
        return self._of_builtin(function, args, given)

    def _of_builtin(self, function: Any, args: tuple[Any, ...], given: list[Any]) -> Any:
        if function is abs:
            return self._explained(abs(given[0]), torch.abs, args)
        if function is float and len(args) == 1:
            return self._explained(float(given[0]), lambda a: a, args, double=True)
        if function is math.fmod and len(args) == 2:
            self._raises(args)
            return self._explained(math.fmod(*given), _fmod, args, True, double=True)
        if function is np.clip and len(args) == 3:
            return self._explained(np.clip(*given), arithmetic.clip, args, double=True)
        if function in arithmetic.NUMPY_EXTREMES and len(args) == 2:
            return self._explained(function(*given), arithmetic.NUMPY_EXTREMES[function], args, double=True)
        kinds = set(map(type, given))
        if function in arithmetic.EXTREMES and len(args) > 1 and (len(kinds) == 1 or kinds == {int, float}):
            found = args[0]
            for other in args[1:]:
                result = function(bare(found), bare(other))
                if type(found) not in KINDS and type(other) not in KINDS:
                    found = result
                else:
                    found = self._extreme(function, result, found, other)
            return found
        return NotImplemented

    def _extreme(self, function: Any, result: Any, one: Any, other: Any) -> Any:
        """Return the smaller or larger of two numbers; of an ``int`` and a ``float`` it may be either."""
        mixed = is_mixed(one, other) or type(bare(one)) is not type(bare(other))
        return self._explained(result, arithmetic.EXTREMES[function], (one, other), mixed=mixed)

    def _raises(self, operands: tuple[Any, ...]) -> None:
        for operand in operands:
            if type(operand) in KINDS:
                self._leave(operand, "", raises=True)

    def _valued(self, event: Event, source: torch.Tensor, result: Any) -> Any:
        """Return a number that a tensor gave to Python, with its origin."""
        place = self._log.item_places.get((event.stack, event.line))
        if place is None:
            place = self._log.item_places[event.stack, event.line] = self._new_place("", varies=True)
        self._log.items[event.index] = place
        roots = frozenset({place})
        twin = self.compute(_value_of, source, dtype_of(result))
        self._log.claims.append((twin, result, roots))
        return traced(result, twin, roots, False, self._leave)

    def _listed(self, tensor: torch.Tensor) -> Any:
        """Return a tensor's numbers as a list."""
        recorder = self._recorder
        before = recorder.position
        result = tensor.tolist()
        if not self._active() or tensor.dim() != 1 or not 0 < len(result) <= _LARGEST_LIST:
            return result
        recorder.settle()
        escapes = [e for e in recorder.events[before:] if e.plan.escape == "array"]
        if len(escapes) != 1 or any(type(v) not in NUMBERS for v in result):
            return result
        if not all(map(fits, result)):
            return result
        # The memory may be written to later; its elements are taken now.
        taken = self.compute(tensor.clone)
        parts = [self.compute(taken.select, 0, i) for i in range(len(result))]
        return [self._valued(escapes[0], part, value) for part, value in zip(parts, result, strict=True)]

    def _first_twin(self, number: Any, name: str) -> torch.Tensor:
        """Return the twin of a number that was there before the session, or that nobody followed has made."""
        with unrecorded():
            twin = torch.tensor(self.code(number), dtype=dtype_of(number), device="cpu")
        self._log.names.append((twin, name))
        return twin

    def _table(self, numbers: tuple[Any, ...]) -> torch.Tensor:
        """Return numbers as a tensor: one for the whole session."""
        return self._kept(numbers, dtype_of(numbers[0]))

    def _kept(self, values: Any, dtype: torch.dtype) -> torch.Tensor:
        key = repr(values)
        if key not in self._constants:
            with unrecorded():
                self._constants[key] = torch.tensor(values, dtype=dtype, device="cpu")
        return self._constants[key]


def product(operands: tuple[Any, ...]) -> Grown:
    """Return what the growth of a product of some operands depends on."""
    followed = [x for x in operands if type(x) in KINDS]
    return NOTHING_GROWN.union(*(x.grown for x in followed), (Product(x.roots, None) for x in followed))


def grown_of(name: str, left: Any, right: Any) -> Grown:
    """Return what the growth of ``left`` operator ``right`` depends on.

    A number times a constant of at most one does not grow, nor does a remainder of a division by one that is not large.
    """
    followed = [x for x in (left, right) if type(x) in KINDS]
    before = NOTHING_GROWN.union(*(x.grown for x in followed))
    plain = next((x for x in (left, right) if type(x) not in KINDS), None)
    if name in ("Add", "Sub") and len(followed) == 2:
        return before | {Product(left.roots, right.roots)}
    if name == "Mult" and (plain is None or abs(plain) > 1):
        return product((left, right))
    if name == "Pow" or (name == "Div" and (type(right) in KINDS or abs(right) < 1)):
        return product((left, right))
    if name == "Mod" and type(right) not in KINDS and abs(right) <= _LARGEST_DIVISOR:
        return NOTHING_GROWN
    return before


def holds(value: Any, depth: int) -> bool:
    """Return whether a number with an origin is in a value."""
    kind = type(value)
    if kind in KINDS:
        return True
    if not depth or kind not in CONTAINERS:
        return False
    inside = value.values() if kind is dict else value
    if KINDS.among(inside):
        return True
    return CONTAINERS.among(inside) and any(holds(v, depth - 1) for v in inside)


def in_key(key: Any) -> bool:
    """Return whether a number with an origin is in an index."""
    kind = type(key)
    if kind in KINDS:
        return True
    if kind is slice:
        return type(key.start) in KINDS or type(key.stop) in KINDS or type(key.step) in KINDS
    return kind in (tuple, list) and any(map(in_key, key))


def _value_of(source: torch.Tensor, dtype: torch.dtype) -> torch.Tensor:
    value = source.detach().reshape(())
    if dtype is torch.bool and value.dtype is not torch.bool:
        value = torch.ne(value, 0)
    if dtype is torch.int64 and value.is_floating_point():
        value = torch.trunc(value)
    return value.to(device="cpu", dtype=dtype, copy=True)


def _stays_mixed(operands: tuple[Any, ...]) -> bool:
    """Return whether a result is of the type that a mixed operand happens to have: no other is a float for sure."""
    return is_mixed(*operands) and all(is_mixed(x) or type(bare(x)) is int for x in operands)


def _fmod(a: Any, b: Any) -> torch.Tensor:
    like = a if is_tensor(a) else b
    return torch.fmod(arithmetic.tensor(a, like), arithmetic.tensor(b, like))


def fits(number: Any) -> bool:
    """Return whether a twin holds a number to the last digit."""
    return type(number) is not int or _LEAST < number < _LARGEST


def dtype_of(value: Any) -> torch.dtype:
    """Return the type of the twin of a number, truth value or mode."""
    if type(value) is bool:
        return torch.bool
    return torch.float64 if type(value) in _FLOATS else torch.int64
