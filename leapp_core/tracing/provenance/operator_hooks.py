"""Hooks at which rewritten code computes and compares."""

from __future__ import annotations

import enum
from collections.abc import Callable
from functools import partial, reduce
from typing import Any

import torch

from leapp_core.tracing.provenance import arithmetic
from leapp_core.tracing.provenance.arrays import ArrayNumbers, is_array
from leapp_core.tracing.provenance.attribute_hooks import AttributeHooks
from leapp_core.tracing.provenance.codes import is_one_of
from leapp_core.tracing.provenance.operators import (
    BINARY,
    BINARY_NAMES,
    COMPARE,
    COMPARE_CODES,
    COMPARE_NAMES,
    IN_PLACE,
    UNARY,
    UNARY_NAMES,
)
from leapp_core.tracing.provenance.twins import CONTAINERS, DEEP, grown_of
from leapp_core.tracing.provenance.values import (
    KINDS,
    MODES,
    NUMBERS,
    NUMERIC,
    SEQUENCES,
    Traced,
    TracedBool,
    TracedMaybe,
    TracedMember,
    bare,
    is_constant,
    is_mixed,
    is_mode,
    is_tensor,
    settled,
)
from leapp_core.tracing.record.growth import NOTHING_GROWN
from leapp_core.tracing.record.recorder import TraceRecorder
from leapp_core.tracing.source.static import Kinds, is_a

_EQUAL = COMPARE_CODES["Eq"]
_WRITTEN = Kinds(list, tuple, set, frozenset)
_IMMUTABLE = (int, float, complex, str, bytes, tuple, frozenset, type(None), torch.Tensor)


class OperatorHooks(AttributeHooks):
    """Computes on twins what Python's operators compute.

    Args:
        recorder: The record.
    """

    def __init__(self, recorder: TraceRecorder) -> None:
        super().__init__(recorder)
        self._arrays = ArrayNumbers(self)

    def hook_binary(self, code: int, left: Any, right: Any) -> Any:
        """Compute ``left`` operator ``right``."""
        if type(left) is str:  # formatted with whatever it is
            right = self.hook_plain(self._resolved(right))
        left, right = self._sure(left), self._sure(right)
        self._look_at(left, right)
        if type(left) in KINDS or type(right) in KINDS:
            if is_array(left) or is_array(right):
                return self._of_arrays(BINARY[code], left, right)
            return self._operator(BINARY[code], code, *self._numbers(left, right))
        if (type(left) in CONTAINERS or type(right) in CONTAINERS) and type(left) is not type(right):
            # Text is formatted with a tuple of numbers, an array is added to a list of them.
            return BINARY[code](self.hook_plain(left), self.hook_plain(right))
        return BINARY[code](left, right)

    def hook_binary_given(self, code: int, left: Any, right: Any) -> Any:
        """Compute ``left`` operator ``right``, of which one is written out."""
        if is_constant(left) or is_constant(right):
            left, right = self.hook_constant(left), self.hook_constant(right)
        return self.hook_binary(code, left, right)

    def hook_in_place(self, code: int, left: Any, right: Any) -> Any:
        """Compute what ``left operator= right`` assigns."""
        left, right = self._sure(left), self._sure(right)
        if type(left) in KINDS or type(right) in KINDS:
            if is_array(left) or is_array(right):
                return self._of_arrays(IN_PLACE[code], left, right)
            return self._operator(IN_PLACE[code], code, *self._numbers(left, right))
        if self._is_own(left) and type(right) in SEQUENCES:
            self._change(left)
            return IN_PLACE[code](left, right)
        if self._trying and not is_a(left, *_IMMUTABLE):
            self._trials.forbid()  # a list grows
        made = IN_PLACE[code](left, right if type(right) not in CONTAINERS else self._plain(right, DEEP))
        self._changed = made if is_tensor(made) and made is left else None
        return made

    def hook_unary(self, code: int, operand: Any) -> Any:
        """Compute operator ``operand``."""
        operand = self._sure(operand)
        self._look_at(operand)
        operand = self._numeric(operand, "operand")
        if type(operand) not in KINDS:
            return UNARY[code](operand)
        result = UNARY[code](operand.plain)
        return self._explained(result, arithmetic.UNARY.get(UNARY_NAMES[code]), (operand,))

    def hook_compare(self, code: int, left: Any, right: Any) -> Any:
        """Compare ``left`` and ``right``."""
        if type(left) is TracedMaybe or type(right) is TracedMaybe:
            if COMPARE_NAMES[code] in ("Eq", "NotEq"):  # ``None`` is equal or not, and raises nothing
                return self._each(lambda a, b: self.hook_compare(code, a, b), left, right)
            left, right = self._sure(left), self._sure(right)
        self._look_at(left, right)
        left, right = settled(left), settled(right)
        if type(left) in KINDS or type(right) in KINDS:
            if is_array(left) or is_array(right):
                return self._of_arrays(COMPARE[code], left, right)
            if is_tensor(left) or is_tensor(right):
                return self._given.run(COMPARE[code], (left, right), {}, self._active(), ("left", "comparators.0"))
            if type(left) in MODES or type(right) in MODES:
                return self._compared_modes(code, left, right)
            if type(left) is TracedBool or type(right) is TracedBool:
                left, right = (int(v) if v is True or v is False else self._numeric(v, "") for v in (left, right))
            numbers = type(bare(left)) in NUMBERS and type(bare(right)) in NUMBERS
            equivalent = arithmetic.COMPARE[COMPARE_NAMES[code]] if numbers else None
            return self._compared(COMPARE[code](bare(left), bare(right)), equivalent, left, right)
        if type(left) in CONTAINERS or type(right) in CONTAINERS:
            return COMPARE[code](self.hook_plain(left), self.hook_plain(right))
        return COMPARE[code](left, right)

    def _compared_modes(self, code: int, left: Any, right: Any) -> Any:
        result, name = COMPARE[code](bare(left), bare(right)), COMPARE_NAMES[code]
        equivalent = self._equality(left, right) if name in ("Eq", "NotEq") and type(result) is bool else None
        if equivalent is None:
            left, right = self._numeric(_whole(left), "left"), self._numeric(_whole(right), "comparators.0")
            numbers = type(bare(left)) in NUMBERS and type(bare(right)) in NUMBERS
            return self._compared(result, arithmetic.COMPARE[name] if numbers else None, left, right)
        equal = self._explained(bare(left) == bare(right), equivalent, (left, right), double=False)
        return self.hook_not(equal) if name == "NotEq" else equal

    def _equality(self, left: Any, right: Any) -> Callable[..., torch.Tensor] | None:
        """Return what tells on twins whether two values, of which a mode is one, are equal."""
        if type(left) not in MODES:
            left, right = right, left
        if type(right) in KINDS:
            alike = type(right) in MODES and type(left.plain) is type(right.plain)
            return torch.eq if alike else None
        codes = self._modes.equal_to(left.plain, right)
        mode: Any = left
        return None if codes is None else lambda *_: is_one_of(mode.twin, codes)

    def hook_in(self, negated: bool, value: Any, among: Any) -> Any:
        """Return ``value in among``."""
        if type(value) is TracedMaybe:
            return self._each(lambda one: self.hook_in(negated, one, among), value)
        among = self._sure(among)
        value, among = settled(value), settled(among)
        if type(value) in NUMERIC and type(among) in _WRITTEN and all(type(one) in NUMBERS for one in among):
            return self._is_among(negated, value, among)
        if type(value) not in MODES or type(among) not in _WRITTEN:
            return (self.hook_plain(value) in self.hook_plain(among)) != negated
        codes = [self._modes.equal_to(value.plain, one) for one in among]
        equivalent = None
        if None not in codes:
            equivalent = partial(is_one_of, codes=[code for found in codes for code in found or ()])
        found = self._explained(value.plain in among, equivalent, (value,), double=False)
        return self.hook_not(found) if negated else found

    def _is_among(self, negated: bool, value: Traced, among: Any) -> Any:
        """Return whether a number is one of some."""
        found = [self.hook_compare(_EQUAL, value, one) for one in among]
        if not found or not all(type(one) is TracedBool for one in found):
            return (self.hook_plain(value) in among) != negated
        either = self._explained(
            any(one.plain for one in found), lambda *twins: reduce(torch.logical_or, twins), tuple(found), double=False
        )
        return self.hook_not(either) if negated else either

    def _compared(self, result: Any, equivalent: Any, left: Any, right: Any) -> Any:
        if equivalent is None or type(result) is not bool:
            for value, part in ((left, "left"), (right, "comparators.0")):
                if type(value) in KINDS:
                    self._leave(value, part)
            return result
        if any(x.rough for x in (left, right) if type(x) in KINDS) and 0 not in (bare(left), bare(right)):
            self._log.rough.append(frozenset().union(*(x.roots for x in (left, right) if type(x) in KINDS)))
        double = is_mixed(left, right) or type(bare(left)) is not int or type(bare(right)) is not int
        return self._explained(result, equivalent, (left, right), double=double, grown=NOTHING_GROWN)

    def _numbers(self, left: Any, right: Any) -> tuple[Any, Any]:
        """Return operands with numbers in the place of truth values and modes, where no tensor is beside them."""
        for one, other, part in ((left, right, "left"), (right, left, "right")):
            if type(one) is TracedBool and is_tensor(other):
                self._plain(one, 0, part)
                return bare(left), bare(right)
        return self._numeric(left, "left"), self._numeric(right, "right")

    def _numeric(self, value: Any, part: str) -> Any:
        """Return a value as the number with which is computed: a truth value or member of an enumeration may be one."""
        if type(value) is TracedBool and not value.constant:
            return self._explained(int(value.plain), lambda twin: twin.to(torch.int64), (value,), double=False)
        if type(value) is TracedMember and is_a(value.plain, int) and not value.constant:
            found = self._of_member(value, int)
            return self._plain(value, 0, part) if found is NotImplemented else found
        return self._plain(value, 0, part) if type(value) is TracedBool or type(value) in MODES else value

    def _operator(self, compute: Callable[[Any, Any], Any], code: int, left: Any, right: Any) -> Any:
        if not (is_constant(left) and is_constant(right)):
            left, right = settled(left), settled(right)
        if type(left) not in KINDS and type(right) not in KINDS:
            return compute(left, right)
        if is_tensor(left) or is_tensor(right):
            return self._given.run(compute, (left, right), {}, self._active(), ("left", "right"))
        if type(bare(left)) in NUMBERS and type(bare(right)) in NUMBERS:
            return self._arithmetic(compute, BINARY_NAMES[code], left, right)
        for value, part in ((left, "left"), (right, "right")):
            if type(value) in KINDS:
                self._leave(value, part)
        return compute(bare(left), bare(right))

    def _of_arrays(self, compute: Callable[[Any, Any], Any], left: Any, right: Any) -> Any:
        """Compute with an array of NumPy's and a number."""
        left, right = self._arrays.beside((settled(left), settled(right))) if self._active() else (left, right)
        return compute(self.hook_plain(left), self.hook_plain(right))

    def _arithmetic(self, compute: Callable[[Any, Any], Any], name: str, left: Any, right: Any) -> Any:
        a, b = bare(left), bare(right)
        result = compute(a, b)
        if self._trying and name in arithmetic.STEPS and type(right) in KINDS and type(result) is int:
            self._trials.forbid()  # by zero, perhaps
        if name in arithmetic.MAY_RAISE and (name == "Pow" or type(right) in KINDS):
            self._leave(right if type(right) in KINDS else left, "", raises=True)
        equivalent = arithmetic.BINARY.get(name)
        if name in arithmetic.OF_POSITIVE and type(right) in NUMBERS and right > 0 and type(result) is not int:
            equivalent = arithmetic.OF_POSITIVE[name]
        if name == "Pow" and not arithmetic.has_power(a, b, (type(left) in KINDS, type(right) in KINDS)):
            equivalent = None
        grown = grown_of(name, left, right)
        double = True if name == "Div" else None  # whatever its operands are
        return self._explained(result, equivalent, (left, right), name in arithmetic.STEPS, double=double, grown=grown)


def _whole(value: Any) -> Any:
    """Return the number that a member of an enumeration is, if it is one."""
    return int(value) if is_a(value, enum.Enum) and is_a(value, int) and is_mode(value) else value
