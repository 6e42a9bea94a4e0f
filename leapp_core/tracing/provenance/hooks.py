"""What rewritten code calls: Python computes for the user, the twins of followed numbers are computed beside it.

A number read from an attribute that functions assign gets a *twin*, a 0-d tensor. What Python computes from it is
computed on the twin too, and recorded; kept in an attribute, the twin is what the next step reads there. Everything
that is not known to keep the origin of a number takes it from it, and is noted as a value that leaves.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from types import BuiltinFunctionType, CodeType, FunctionType, MethodType
from typing import Any

import numpy as np
import torch

from leapp_core.tracing.provenance import arithmetic
from leapp_core.tracing.provenance.container_hooks import ContainerHooks
from leapp_core.tracing.provenance.given import is_compiled
from leapp_core.tracing.provenance.held import Known
from leapp_core.tracing.provenance.holders import holder_of, is_stored_plainly, value_in
from leapp_core.tracing.provenance.operators import (
    BINARY,
    BINARY_NAMES,
    COMPARE,
    COMPARE_NAMES,
    IN_PLACE,
    UNARY,
    UNARY_NAMES,
)
from leapp_core.tracing.provenance.queues import Queue, Rows
from leapp_core.tracing.provenance.twins import (
    CONTAINERS,
    DEEP,
    dtype_of,
    fits,
    grown_of,
    holds,
    in_key,
)
from leapp_core.tracing.provenance.values import (
    FOLLOWED,
    KINDS,
    NUMBERS,
    NUMERIC,
    Traced,
    TracedBool,
    bare,
    is_mixed,
    is_tensor,
)
from leapp_core.tracing.record.growth import NOTHING_GROWN
from leapp_core.tracing.record.numbers import same
from leapp_core.tracing.record.recorder import TraceRecorder
from leapp_core.tracing.source.static import Kinds, is_a

_ARGUMENT_KINDS = Kinds(*KINDS, *CONTAINERS)
_LARGEST_TABLE = 4096
_OF_TENSORS = Kinds(int, float)
_IMMUTABLE = (int, float, complex, str, bytes, tuple, frozenset, type(None), torch.Tensor)
_CALLABLES = (BuiltinFunctionType, type, np.ufunc)


class Hooks(ContainerHooks):
    """The hooks of one session. Closed, they do what the interpreter would have done.

    Args:
        recorder: The record.
    """

    def __init__(self, recorder: TraceRecorder) -> None:
        super().__init__(recorder)

    def follow(self, codes: Sequence[CodeType], plain: Sequence[CodeType]) -> None:
        """Say which code is rewritten, and of which everything it does is seen."""
        self._codes = codes  # held, so that their identities stay theirs
        self._followed = frozenset(map(id, codes))
        self._purity.plain = frozenset(map(id, plain))
        self._recorder.guard, self._recorder.ended = self._before_write, self._end_of_record
        self._recorder.between = self._park_containers

    def close(self) -> None:
        """End of the session."""
        self._end_of_record()
        self._recorder.guard = self._recorder.ended = self._recorder.between = None
        # The record holds rewritten code, which holds these hooks, and the garbage collector does not look into code.
        vars(self).update(vars(Hooks(TraceRecorder(0))))
        self._open = False

    # -- attributes ------------------------------------------------------------------------------------------------

    def hook_property(self, owner: Any, where: tuple[str, str]) -> Any:
        """Read an attribute that some class computes."""
        if self._active():
            get = _getter(type(owner), where[0])
            if get is not None and self._is_followed(get):
                if self._trying and not self._purity.allows(get):
                    self._trials.forbid()
                try:
                    return _direct(get, (owner,), {})
                except AttributeError:
                    return getattr(owner, where[0])  # perhaps there is a ``__getattr__``
        return self.hook_attribute(owner, where)

    def hook_attribute(self, owner: Any, where: tuple[str, str]) -> Any:
        """Read an attribute."""
        name, site = where
        value = getattr(owner, name)
        if not self._open or self._recorder.idle:
            return value
        if type(value) in CONTAINERS:
            return self._container(owner, name, value, site)
        if type(value) not in FOLLOWED or not fits(value):
            self._log.untold.add(site)
            if (held := self._held.find(owner, name)) is not None:
                held.place.foreign = True
            return value
        holder = holder_of(owner, name) if self._active() else None
        if holder is None:
            self._log.untold.add(site)
            return value
        self._log.reads.setdefault(site, set()).add(self._held.of(holder, name).place)
        return self._number_in(holder, name, value)

    def _number_in(self, holder: Any, name: str, value: Any) -> Any:
        """Return the number of an attribute with its origin."""
        held = self._held.of(holder, name)
        known = held.known
        if known.number is None or not same(known.number, value):
            held.place.foreign |= known.number is not None
            twin = self._first_twin(value, name.strip("_"))
            known = Known(value, twin)
        if known.epoch != self._recorder.epoch:
            roots, grown = frozenset({held.place}), NOTHING_GROWN
            known = replace(known, epoch=self._recorder.epoch, roots=roots, grown=grown)
            held.place.see(value)
        if known.twin is None:
            twin = self.compute(torch.tensor, value, dtype=dtype_of(value), device="cpu")
            known = replace(known, twin=twin)
            self._log.names.append((twin, name.strip("_")))
        held.known = known
        return self._held.traced(value, known)

    def hook_store(self, value: Any, owner: Any, where: tuple[str, bool]) -> None:
        """Assign an attribute."""
        name, constant = where
        if not self._recording():
            setattr(owner, name, bare(value) if type(value) in KINDS else self._without(value))
            return
        if self._trying:
            self._trials.note_store(owner, name)
        self._store(owner, name, value, constant=constant)

    def _store(self, owner: Any, name: str, value: Any, *, constant: bool) -> None:
        adopted = self._adopted_of(owner)
        if adopted is not None:
            self._set_entry(adopted, name, value, constant=constant)
            return
        if self._keep_container(owner, name, value, constant=constant):
            return
        if type(value) in KINDS and self._active() and is_stored_plainly(owner, name):
            setattr(owner, name, value.plain)
            self._held.assign(owner, name, value, self._recorder.epoch)
            self._log.names.append((value.twin, name.strip("_")))
            return
        value = self.hook_plain(value)
        setattr(owner, name, value)
        if type(owner) is Rows and is_tensor(value):
            self._log.names.append((value, name))
        if type(value) not in FOLLOWED:
            if (held := self._held.find(owner, name)) is not None:
                held.place.foreign = True
            return
        held = self._held.of(owner, name)
        held.place.written = True
        held.place.given |= not constant
        held.known = Known(value, epoch=self._recorder.epoch)

    def _read(self, owner: Any, name: str) -> Any:
        """Return an attribute's value, if it is a number with its origin."""
        value = value_in(owner, name) if self._adopted_of(owner) is not None else getattr(owner, name)
        return self._number_in(owner, name, value) if type(value) in FOLLOWED else value

    def _assign(self, owner: Any, name: str, value: Any) -> None:
        """Assign an attribute what was chosen."""
        if self._trials.running:
            self._trials.note_store(owner, name)
        self._store(owner, name, value, constant=True)

    # -- numbers that leave ----------------------------------------------------------------------------------------

    def hook_bare(self, value: Any) -> Any:
        """Return a value for a question whose answer does not depend on the number, but perhaps on its type."""
        if is_mixed(value):
            self._leave(value)
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
        self._look_at(left, right)
        if type(left) in KINDS or type(right) in KINDS:
            return self._operator(BINARY[code], code, self._numeric(left, "left"), self._numeric(right, "right"))
        if (type(left) in CONTAINERS or type(right) in CONTAINERS) and type(left) is not type(right):
            # Text is formatted with a tuple of numbers, an array is added to a list of them.
            return BINARY[code](self.hook_plain(left), self.hook_plain(right))
        return BINARY[code](left, right)

    def hook_in_place(self, code: int, left: Any, right: Any) -> Any:
        """Compute what ``left operator= right`` assigns."""
        if type(left) in KINDS or type(right) in KINDS:
            return self._operator(IN_PLACE[code], code, self._numeric(left, "left"), self._numeric(right, "right"))
        if self._trying and not is_a(left, *_IMMUTABLE):
            self._trials.forbid()  # a list grows
        return IN_PLACE[code](left, right if type(right) not in CONTAINERS else self._plain(right, DEEP))

    def hook_unary(self, code: int, operand: Any) -> Any:
        """Compute operator ``operand``."""
        self._look_at(operand)
        operand = self._numeric(operand, "operand")
        if type(operand) not in KINDS:
            return UNARY[code](operand)
        result = UNARY[code](operand.plain)
        return self._explained(result, arithmetic.UNARY.get(UNARY_NAMES[code]), (operand,))

    def hook_compare(self, code: int, left: Any, right: Any) -> Any:
        """Compare ``left`` and ``right``."""
        self._look_at(left, right)
        if type(left) in KINDS or type(right) in KINDS:
            if is_tensor(left) or is_tensor(right):
                return self._given.run(COMPARE[code], (left, right), {}, self._active(), ("left", "comparators.0"))
            numbers = type(bare(left)) in NUMBERS and type(bare(right)) in NUMBERS
            equivalent = arithmetic.COMPARE[COMPARE_NAMES[code]] if numbers else None
            return self._compared(COMPARE[code](bare(left), bare(right)), equivalent, left, right)
        if type(left) in CONTAINERS or type(right) in CONTAINERS:
            return COMPARE[code](self.hook_plain(left), self.hook_plain(right))
        return COMPARE[code](left, right)

    def _compared(self, result: Any, equivalent: Any, left: Any, right: Any) -> Any:
        rough = any(x.rough for x in (left, right) if type(x) in KINDS)
        if equivalent is None or rough or type(result) is not bool:
            for value, part in ((left, "left"), (right, "comparators.0")):
                if type(value) in KINDS:
                    self._leave(value, part)
            return result
        double = is_mixed(left, right) or type(bare(left)) is not int or type(bare(right)) is not int
        return self._explained(result, equivalent, (left, right), True, double=double, grown=NOTHING_GROWN)

    def _numeric(self, value: Any, part: str) -> Any:
        """Return a value with which is computed: of a truth value only numbers and decisions know the origin."""
        return self._plain(value, 0, part) if type(value) is TracedBool else value

    def _operator(self, compute: Callable[[Any, Any], Any], code: int, left: Any, right: Any) -> Any:
        if is_tensor(left) or is_tensor(right):
            return self._given.run(compute, (left, right), {}, self._active(), ("left", "right"))
        a, b = bare(left), bare(right)
        if type(a) in NUMBERS and type(b) in NUMBERS:
            name = BINARY_NAMES[code]
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
            steps = name in arithmetic.STEPS
            return self._explained(result, equivalent, (left, right), steps, double=double, grown=grown)
        for value, part in ((left, "left"), (right, "right")):
            if type(value) in KINDS:
                self._leave(value, part)
        return compute(a, b)

    # -- calls -----------------------------------------------------------------------------------------------------

    def hook_call(self, function: Any, /, *args: Any, **kwargs: Any) -> Any:
        """Call a function."""
        if function is len and len(args) == 1 and type(args[0]) is Queue:
            return args[0].left
        if self._containers:
            self._show(*args, *kwargs.values())
        if self._trying:
            self._trials.tick()
            if not self._purity.allows(function):
                self._trials.forbid()
        if self._is_followed(function):
            return _direct(function, args, kwargs)
        if self._adopted:
            known = self._of_container(function, args, kwargs)
            if known is not NotImplemented:
                return known
        if function is bool and len(args) == 1 and not kwargs and (type(args[0]) in KINDS or is_tensor(args[0])):
            return self.hook_truth(args[0])
        return self._called(function, args, kwargs)

    def _called(self, function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        if self._adopted and _may_look_around(function):
            given = [self._argument(a, f"args.{i}") for i, a in enumerate(args)]
            named = {k: self._argument(v, f"keywords.{k}") for k, v in kwargs.items()}
            with self._parked():
                return function(*given, **named)
        for value in args:
            if type(value) in _ARGUMENT_KINDS and (type(value) in KINDS or holds(value, DEEP)):
                break
        else:
            if not kwargs or not any(holds(v, DEEP) for v in kwargs.values()):
                return self._of_tensor(function, args) if not kwargs else function(*args, **kwargs)
        return self._with_numbers(function, args, kwargs)

    def _with_numbers(self, function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        known: Any = NotImplemented
        if is_a(function, *_CALLABLES) or function is np.clip:
            if not kwargs and all(type(a) in NUMERIC or type(a) in NUMBERS for a in args):
                known = self._of_numbers(function, args)
            if known is NotImplemented and is_compiled(function):
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
            if function.__name__ == "tolist" and is_tensor(tensor) and tensor.dim():
                return self._listed(tensor)
        if not is_tensor(tensor) or not self._active():
            return function(*args)
        recorder = self._recorder
        before = recorder.position
        result = function(*args)
        if type(result) not in NUMBERS or recorder.position == before:
            return result
        recorder.settle()
        event = recorder.events[-1]
        if event.plan.escape != "scalar" or not is_tensor(event.args[0]) or event.args[0].is_complex():
            return result
        if not fits(result):
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
        self._look_at(base)
        if type(key) is TracedBool:
            key = self._plain_key(key)
        if self._trying and type(key) not in NUMBERS and in_key(key):
            self._trials.forbid()  # the bundle reads there whichever way is taken, perhaps beyond the end
        if type(key) in NUMBERS or not in_key(key):
            return base[key]
        if is_tensor(base):
            return self._given.get_item(base, key, self._active())
        if type(key) in KINDS and type(base) in (list, tuple) and self._active():
            return self._looked_up(base, key)
        return base[self._plain_key(key)]

    def _looked_up(self, table: Any, key: Traced) -> Any:
        """Read a number from a list of numbers."""
        result = table[key.plain]
        if any(type(n) in KINDS for n in table):
            found = self._number_at(table, key)
            if found is not NotImplemented:
                return found
        kind = type(table[0])  # which it has: the item was there
        alike = kind in _OF_TENSORS and all(type(n) is kind for n in table)
        small = len(table) <= _LARGEST_TABLE and all(map(fits, table))
        if alike and small and key.twin.dtype is torch.int64:
            self._leave(key, "slice", raises=True)
            rows = self._table(tuple(table))

            def row(at: torch.Tensor) -> torch.Tensor:
                return arithmetic.row_at(rows, at)

            return self._explained(result, row, (key,), True, double=False, grown=NOTHING_GROWN)
        self._leave(key, "slice")
        return result

    def hook_set_item(self, value: Any, base: Any, key: Any, constant: bool) -> None:
        """Write an item."""
        adopted = self._adopted_of(base)
        if adopted is not None and self._set_entry(adopted, key, value, constant=constant):
            return
        if self._trying and not is_tensor(base):
            self._trials.forbid()
        if is_tensor(base) and (type(value) in KINDS or in_key(key)):
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


def _may_look_around(function: Any) -> bool:
    """Return whether a function that is not followed may reach what objects of the user's hold."""
    kind = type(function)
    if kind is BuiltinFunctionType or kind is np.ufunc or function is np.clip:
        return False
    return kind is not type or function.__module__ != "builtins"


def _getter(kind: type, name: str) -> Any:
    for cls in kind.__mro__:
        if name in vars(cls):
            found = vars(cls)[name]
            return found.fget if type(found) is property else None
    return None
