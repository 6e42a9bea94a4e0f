"""Twins of Python numbers: 0-d tensors on which Python's arithmetic is done again, where the session records it."""

from __future__ import annotations

import math
import sys
import threading
from collections.abc import Callable
from types import CodeType
from typing import Any

import torch

from leapp_core.tracing.provenance import arithmetic
from leapp_core.tracing.provenance.values import KINDS, NUMBERS, Traced, bare, traced
from leapp_core.tracing.record.events import Event
from leapp_core.tracing.record.growth import NOTHING_GROWN, Grown, Product
from leapp_core.tracing.record.numbers import Leave, NumberLog, Place
from leapp_core.tracing.record.recorder import TraceRecorder, unrecorded
from leapp_core.tracing.source.callsite import above_hooks

_TENSOR = torch.Tensor
CONTAINERS = frozenset({list, tuple, dict})
DEEP = 12
_LARGEST_LIST = 64
_LARGEST_DIVISOR = 2**32
LEAST, LARGEST = -arithmetic.LARGEST, arithmetic.LARGEST


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
        self._codes: frozenset[CodeType] = frozenset()
        self._constants: dict[str, torch.Tensor] = {}

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
        for key, item in list(enumerate(value) if kind is list else value.items()):
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
        if self._leave_nothing or not self._recording():
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
    ) -> Any:
        """Return a result with its twin; without a twin its operands leave.

        Args:
            result: What Python computed.
            equivalent: The same on twins.
            operands: What it was computed from.
            steps: The result jumps where an operand crosses a value.
            rough: Another implementation may give another last digit.
            double: Operands are taken as floats.
            grown: What is known of its growth; by default that of the operands.
        """
        rough = rough or any(x.rough for x in operands if type(x) in KINDS)
        kind = type(result)
        if equivalent is not None and kind in NUMBERS and not (steps and rough) and self._active():
            given = [bare(x) for x in operands]
            if double is None:
                double = kind is not int or any(type(x) is not int for x in given)
            if all(type(x) is not int or LEAST < x < LARGEST for x in (*given, result)):
                roots = frozenset().union(*(x.roots for x in operands if type(x) in KINDS))
                twin = self._computed(self._compute, equivalent, operands, double, dtype_of(result))
                self._log.claims.append((twin, result, roots))
                if grown is None:
                    grown = NOTHING_GROWN.union(*(x.grown for x in operands if type(x) in KINDS))
                return traced(result, twin, roots, rough, self._leave, grown)
        for operand in operands:
            if type(operand) in KINDS:
                self._leave(operand)
        return result

    def _computed(self, function: Callable[..., torch.Tensor], *args: Any, **kwargs: Any) -> torch.Tensor:
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
                given.append(self._constant(float(operand)) if double else operand)
        made = equivalent(*given)
        return made if made.dtype is dtype else made.to(dtype)

    def _constant(self, number: float) -> torch.Tensor:
        """Return a float written out, or not followed, as a tensor: one for the whole session."""
        key = number.hex()
        if key not in self._constants:
            with unrecorded():
                self._constants[key] = torch.tensor(number, dtype=torch.float64, device="cpu")
        return self._constants[key]

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
        if function in arithmetic.EXTREMES and len(args) > 1 and len(set(map(type, given))) == 1:
            found = args[0]
            for other in args[1:]:
                result = function(bare(found), bare(other))
                if type(found) not in KINDS and type(other) not in KINDS:
                    found = result
                else:
                    found = self._explained(result, arithmetic.EXTREMES[function], (found, other))
            return found
        return NotImplemented

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
        twin = self._computed(_value_of, source, dtype_of(result))
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
        whole = [v for v in result if type(v) is int]
        if len(escapes) != 1 or any(type(v) not in NUMBERS for v in result):
            return result
        if any(not LEAST < v < LARGEST for v in whole):
            return result
        # The memory may be written to later; its elements are taken now.
        taken = self._computed(tensor.clone)
        parts = [self._computed(taken.select, 0, i) for i in range(len(result))]
        return [self._valued(escapes[0], part, value) for part, value in zip(parts, result, strict=True)]

    def _table(self, numbers: tuple[Any, ...]) -> torch.Tensor:
        """Return numbers as a tensor: one for the whole session."""
        key = repr(numbers)
        if key not in self._constants:
            with unrecorded():
                self._constants[key] = torch.tensor(numbers, dtype=dtype_of(numbers[0]), device="cpu")
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
    kinds = set(map(type, inside))
    if not KINDS.isdisjoint(kinds):
        return True
    return not CONTAINERS.isdisjoint(kinds) and any(holds(v, depth - 1) for v in inside)


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
    if dtype is torch.int64 and value.is_floating_point():
        value = torch.trunc(value)
    return value.to(device="cpu", dtype=dtype, copy=True)


def _fmod(a: Any, b: Any) -> torch.Tensor:
    like = a if isinstance(a, torch.Tensor) else b
    return torch.fmod(arithmetic.tensor(a, like), arithmetic.tensor(b, like))


def dtype_of(value: Any) -> torch.dtype:
    """Return the type of a number's twin."""
    return torch.int64 if type(value) is int else torch.float64
