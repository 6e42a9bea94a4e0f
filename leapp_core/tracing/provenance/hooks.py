"""What rewritten code calls: Python computes for the user, the twins of followed numbers are computed beside it.

A number read from an attribute that functions assign gets a *twin*, a 0-d tensor. What Python computes from it is
computed on the twin too, and recorded; kept in an attribute, the twin is what the next step reads there. Everything
that is not known to keep the origin of a number takes it from it, and is noted as a value that leaves.
"""

from __future__ import annotations

import sys
import weakref
from collections.abc import Callable
from types import BuiltinFunctionType, CodeType, FunctionType, MethodType
from typing import Any

import numpy as np
import torch

from leapp_core.tracing.provenance import arithmetic
from leapp_core.tracing.provenance.given import GivenNumbers
from leapp_core.tracing.provenance.holders import holder_of, is_stored_plainly
from leapp_core.tracing.provenance.operators import (
    BINARY,
    BINARY_NAMES,
    COMPARE,
    IN_PLACE,
    UNARY,
    UNARY_NAMES,
)
from leapp_core.tracing.provenance.twins import (
    CONTAINERS,
    DEEP,
    LARGEST,
    LEAST,
    Twins,
    dtype_of,
    grown_of,
    holds,
    in_key,
)
from leapp_core.tracing.provenance.values import KINDS, NO_PLACES, NUMBERS, Traced, bare, traced
from leapp_core.tracing.record.growth import NOTHING_GROWN
from leapp_core.tracing.record.numbers import Place, same
from leapp_core.tracing.record.recorder import TraceRecorder, unrecorded

_TENSOR = torch.Tensor
_ARGUMENT_KINDS = KINDS | CONTAINERS
_LARGEST_TABLE = 4096
_OF_TENSORS = frozenset({int, float})
_CALLABLES = (BuiltinFunctionType, type, np.ufunc)


class _Held:
    """An attribute of one object: its number as last seen, and the twin."""

    __slots__ = ("epoch", "grown", "number", "owner", "place", "roots", "rough", "twin", "written")

    def __init__(self, owner: Any, place: Place) -> None:
        try:
            self.owner: Callable[[], Any] = weakref.ref(owner)
        except TypeError:
            self.owner = lambda: owner
        self.place = place
        self.number: Any = None
        self.twin: torch.Tensor | None = None
        self.roots: frozenset[Place] = NO_PLACES
        self.rough = False
        self.grown = NOTHING_GROWN
        self.written = False
        self.epoch = -1


class Hooks(Twins):
    """The hooks of one session. Closed, they do what the interpreter would have done.

    Args:
        recorder: The record.
    """

    def __init__(self, recorder: TraceRecorder) -> None:
        super().__init__(recorder)
        self._given = GivenNumbers(recorder, self._leave)
        self._held: dict[tuple[int, str], _Held] = {}

    def follow(self, codes: frozenset[CodeType]) -> None:
        """Say which code is rewritten."""
        self._codes = codes  # held, so that their identities stay theirs
        self._followed = frozenset(map(id, codes))

    def close(self) -> None:
        """End of the session."""
        self._open = False
        self._held.clear()

    # -- attributes ------------------------------------------------------------------------------------------------

    def hook_property(self, owner: Any, where: tuple[str, str]) -> Any:
        """Read an attribute that some class computes."""
        if self._active():
            get = _getter(type(owner), where[0])
            if get is not None and self._is_followed(get):
                try:
                    return _direct(get, (owner,), {})
                except AttributeError:
                    return getattr(owner, where[0])  # perhaps there is a ``__getattr__``
        return self.hook_attribute(owner, where)

    def hook_attribute(self, owner: Any, where: tuple[str, str]) -> Any:
        """Read an attribute."""
        value = getattr(owner, where[0])
        if not self._open or self._recorder.idle:
            return value
        name, site = where
        if type(value) not in NUMBERS or (type(value) is int and not LEAST < value < LARGEST):
            self._log.untold.add(site)
            if (held := self._held.get((id(owner), name))) is not None:
                held.place.foreign = True
            return value
        holder = holder_of(owner, name) if self._active() else None
        if holder is None:
            self._log.untold.add(site)
            return value
        held = self._held_of(holder, name)
        if held.number is None or not same(held.number, value):
            held.place.foreign |= held.number is not None
            with unrecorded():
                held.twin = torch.tensor(value, dtype=dtype_of(value), device="cpu")
            held.number, held.written, held.rough, held.grown = value, False, False, NOTHING_GROWN
            self._log.names.append((held.twin, name.strip("_")))
        if held.epoch != self._recorder.epoch:
            held.epoch, held.roots, held.grown = self._recorder.epoch, frozenset({held.place}), NOTHING_GROWN
            held.place.see(value)
        if held.twin is None:
            held.twin = self._computed(torch.tensor, value, dtype=dtype_of(value), device="cpu")
            self._log.names.append((held.twin, name.strip("_")))
        self._log.reads.setdefault(site, set()).add(held.place)
        return traced(value, held.twin, held.roots, held.rough, self._leave, held.grown)

    def hook_store(self, value: Any, owner: Any, where: tuple[str, bool]) -> None:
        """Assign an attribute."""
        name, constant = where
        if not self._recording():
            setattr(owner, name, bare(value) if type(value) in KINDS else self._without(value))
            return
        if type(value) in KINDS and self._active() and is_stored_plainly(owner, name):
            setattr(owner, name, value.plain)
            held = self._held_of(owner, name)
            held.place.sources |= value.roots
            held.place.grown |= value.grown
            held.place.written = True
            held.place.whole |= isinstance(value.plain, int)
            held.number, held.twin, held.roots = value.plain, value.twin, value.roots
            held.rough, held.grown = value.rough, value.grown
            held.epoch, held.written = self._recorder.epoch, True
            self._log.names.append((value.twin, name.strip("_")))
            return
        value = self.hook_plain(value)
        setattr(owner, name, value)
        held_before = self._held.get((id(owner), name))
        if type(value) not in NUMBERS:
            if held_before is not None:
                held_before.place.foreign = True
            return
        held = self._held_of(owner, name)
        held.place.written = True
        held.place.given |= not constant
        held.number, held.twin, held.roots, held.rough, held.grown = value, None, NO_PLACES, False, NOTHING_GROWN
        held.epoch, held.written = self._recorder.epoch, True

    def _held_of(self, owner: Any, name: str) -> _Held:
        key = id(owner), name
        held = self._held.get(key)
        if held is None or held.owner() is not owner:
            held = self._held[key] = _Held(owner, self._new_place(name, type(owner)))
        return held

    # -- numbers that leave ----------------------------------------------------------------------------------------

    def hook_bare(self, value: Any) -> Any:
        """Return a value for a question whose answer does not depend on the number."""
        return bare(value)

    def hook_plain(self, value: Any) -> Any:
        """Return a value without origins; those it had are noted as values that leave."""
        kind = type(value)
        if kind in KINDS:
            self._leave(value)
            return value.plain
        if kind in CONTAINERS or kind is slice:
            return self._plain(value, DEEP)
        return value

    def hook_returned(self, value: Any) -> Any:
        """Return what a function returns: with its origin only to rewritten code that called it directly."""
        kind = type(value)
        if kind not in KINDS and kind not in CONTAINERS:
            return value
        below = sys._getframe(1).f_back
        if below is not None and below.f_code is _direct.__code__:
            return value
        return self._plain(value, DEEP)

    # -- operators -------------------------------------------------------------------------------------------------

    def hook_binary(self, code: int, left: Any, right: Any) -> Any:
        """Compute ``left`` operator ``right``."""
        if type(left) in KINDS or type(right) in KINDS:
            return self._operator(BINARY[code], code, left, right)
        if (type(left) in CONTAINERS or type(right) in CONTAINERS) and type(left) is not type(right):
            # Text is formatted with a tuple of numbers, an array is added to a list of them.
            return BINARY[code](self.hook_plain(left), self.hook_plain(right))
        return BINARY[code](left, right)

    def hook_in_place(self, code: int, left: Any, right: Any) -> Any:
        """Compute what ``left operator= right`` assigns."""
        if type(left) in KINDS or type(right) in KINDS:
            return self._operator(IN_PLACE[code], code, left, right)
        return IN_PLACE[code](left, right if type(right) not in CONTAINERS else self._plain(right, DEEP))

    def hook_unary(self, code: int, operand: Any) -> Any:
        """Compute operator ``operand``."""
        if type(operand) not in KINDS:
            return UNARY[code](operand)
        result = UNARY[code](operand.plain)
        return self._explained(result, arithmetic.UNARY.get(UNARY_NAMES[code]), (operand,))

    def hook_compare(self, code: int, left: Any, right: Any) -> Any:
        """Compare ``left`` and ``right``."""
        if type(left) in KINDS or type(right) in KINDS:
            if isinstance(left, _TENSOR) or isinstance(right, _TENSOR):
                return self._given.run(COMPARE[code], (left, right), {}, self._active(), ("left", "comparators.0"))
            for value, part in ((left, "left"), (right, "comparators.0")):
                if type(value) in KINDS:
                    self._leave(value, part)
            return COMPARE[code](bare(left), bare(right))
        if type(left) in CONTAINERS or type(right) in CONTAINERS:
            return COMPARE[code](self.hook_plain(left), self.hook_plain(right))
        return COMPARE[code](left, right)

    def _operator(self, compute: Callable[[Any, Any], Any], code: int, left: Any, right: Any) -> Any:
        if isinstance(left, _TENSOR) or isinstance(right, _TENSOR):
            return self._given.run(compute, (left, right), {}, self._active(), ("left", "right"))
        a, b = bare(left), bare(right)
        if type(a) in NUMBERS and type(b) in NUMBERS:
            name = BINARY_NAMES[code]
            result = compute(a, b)
            if name in arithmetic.MAY_RAISE and (name == "Pow" or type(right) in KINDS):
                self._leave(right if type(right) in KINDS else left, "", raises=True)
            equivalent = arithmetic.BINARY.get(name)
            if name in arithmetic.OF_POSITIVE and type(right) in NUMBERS and right > 0 and type(result) is not int:
                equivalent = arithmetic.OF_POSITIVE[name]
            if name == "Pow" and not arithmetic.has_power(a, b, (type(left) in KINDS, type(right) in KINDS)):
                equivalent = None
            grown = grown_of(name, left, right)
            return self._explained(result, equivalent, (left, right), name in arithmetic.STEPS, grown=grown)
        for value, part in ((left, "left"), (right, "right")):
            if type(value) in KINDS:
                self._leave(value, part)
        return compute(a, b)

    # -- calls -----------------------------------------------------------------------------------------------------

    def hook_call(self, function: Any, /, *args: Any, **kwargs: Any) -> Any:
        """Call a function."""
        if self._is_followed(function):
            return _direct(function, args, kwargs)
        for value in args:
            if type(value) in _ARGUMENT_KINDS and (type(value) in KINDS or holds(value, DEEP)):
                break
        else:
            if not kwargs or not any(holds(v, DEEP) for v in kwargs.values()):
                return self._of_tensor(function, args) if not kwargs else function(*args, **kwargs)
        return self._with_numbers(function, args, kwargs)

    def _with_numbers(self, function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        known: Any = NotImplemented
        if isinstance(function, _CALLABLES):
            if not kwargs and all(type(a) in KINDS or type(a) in NUMBERS for a in args):
                known = self._of_numbers(function, args)
            if known is NotImplemented and self._given.takes(function):
                return self._given.run(function, args, kwargs, self._active(), ())
        if known is not NotImplemented:
            return known
        given = [self._argument(a, f"args.{i}") for i, a in enumerate(args)]
        return function(*given, **{k: self._argument(v, f"keywords.{k}") for k, v in kwargs.items()})

    def _argument(self, value: Any, part: str) -> Any:
        if type(value) in KINDS:
            self._leave(value, part)
            return value.plain
        return self._plain(value, DEEP, part)

    def _of_tensor(self, function: Any, args: tuple[Any, ...]) -> Any:
        """Call a function that may take the value of a tensor."""
        tensor: Any = None
        if len(args) == 1 and function in _OF_TENSORS if type(function) is type else False:
            tensor = args[0]
        elif not args and type(function) is BuiltinFunctionType and function.__name__ in ("item", "tolist"):
            tensor = function.__self__
            if function.__name__ == "tolist" and isinstance(tensor, _TENSOR) and tensor.dim():
                return self._listed(tensor)
        if not isinstance(tensor, _TENSOR) or not self._active():
            return function(*args)
        recorder = self._recorder
        before = recorder.position
        result = function(*args)
        if type(result) not in NUMBERS or recorder.position == before:
            return result
        recorder.settle()
        event = recorder.events[-1]
        if event.plan.escape != "scalar" or not isinstance(event.args[0], _TENSOR) or event.args[0].is_complex():
            return result
        if type(result) is int and not LEAST < result < LARGEST:
            return result
        return self._valued(event, event.args[0], result)

    def _is_followed(self, function: Any) -> bool:
        if type(function) is MethodType:
            function = function.__func__
        return type(function) is FunctionType and id(function.__code__) in self._followed

    # -- items -----------------------------------------------------------------------------------------------------

    hook_part = staticmethod(slice)

    def hook_get_item(self, base: Any, key: Any) -> Any:
        """Read an item."""
        if type(key) in NUMBERS or not in_key(key):
            return base[key]
        if isinstance(base, _TENSOR):
            return self._given.get_item(base, key, self._active())
        if type(key) in KINDS and type(base) in (list, tuple) and self._active():
            return self._looked_up(base, key)
        return base[self._plain_key(key)]

    def _looked_up(self, table: Any, key: Traced) -> Any:
        """Read a number from a list of numbers."""
        result = table[key.plain]
        kinds = set(map(type, table))
        small = len(table) <= _LARGEST_TABLE and all(LEAST < n < LARGEST for n in table if type(n) is int)
        if len(kinds) == 1 and kinds <= {int, float} and small and type(key.plain) is int:
            self._leave(key, "slice", raises=True)
            rows = self._table(tuple(table))

            def row(at: torch.Tensor) -> torch.Tensor:
                at = torch.where(at < 0, at + len(table), at)
                return rows.index_select(0, at.reshape(1)).reshape(())

            return self._explained(result, row, (key,), True, double=False, grown=NOTHING_GROWN)
        self._leave(key, "slice")
        return result

    def hook_set_item(self, value: Any, base: Any, key: Any) -> None:
        """Write an item."""
        if isinstance(base, _TENSOR) and (type(value) in KINDS or in_key(key)):
            self._given.set_item(base, key, value, self._active())
        elif in_key(key):
            base[self._plain_key(key)] = self.hook_plain(value)
        else:
            base[key] = self.hook_plain(value)

    def _plain_key(self, key: Any) -> Any:
        if type(key) in KINDS:
            self._leave(key, "slice")
            return key.plain
        return self._plain(key, DEEP, "slice")


def _direct(function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Call rewritten code; it knows by this frame that rewritten code gets what it returns."""
    return function(*args, **kwargs)


def _getter(kind: type, name: str) -> Any:
    for cls in kind.__mro__:
        if name in vars(cls):
            found = vars(cls)[name]
            return found.fget if type(found) is property else None
    return None
