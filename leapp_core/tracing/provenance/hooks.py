"""What rewritten code calls: Python computes for the user, the twins of followed numbers explain it to the record."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from types import CodeType, FunctionType, MethodType
from typing import Any

import numpy as np
import torch

from leapp_core.tracing.numpy_calls.recorder import NumpyRecorder
from leapp_core.tracing.objects.carried import CarriedScalar, wrap_scalar
from leapp_core.tracing.provenance import arithmetic, values
from leapp_core.tracing.provenance.values import Traced, traced
from leapp_core.tracing.record.recorder import TraceRecorder, unrecorded

_NUMBERS = (int, float)
_TENSOR = torch.Tensor
_PACKING = (torch.tensor, torch.as_tensor)
_DEEP = 3


class Hooks:
    """The hooks of one session. Closed, they do what the interpreter would have done.

    A number read from an attribute that functions assign gets a *twin*, a 0-d tensor. What Python computes from it is
    computed on the twin too, and recorded; kept in an attribute, the twin is what the next step reads there. So the
    record sees state as if it had been written with tensors. Everything that is not known to keep the origin of a
    number takes it from it, and is recorded as a value that leaves for Python.

    Args:
        recorder: The record.
        numpy: Carries tensors through NumPy.
    """

    def __init__(self, recorder: TraceRecorder, numpy: NumpyRecorder) -> None:
        self._recorder = recorder
        self._numpy = numpy
        self._open = True
        self._followed: frozenset[CodeType] = frozenset()
        # Owner and name of an attribute, to the owner (kept alive), the number last seen there and its twin.
        self._places: dict[tuple[int, str], tuple[Any, Any, torch.Tensor]] = {}

    def follow(self, codes: frozenset[CodeType]) -> None:
        """Say which code is rewritten."""
        self._followed = codes

    def close(self) -> None:
        """End of the session."""
        self._open = False
        self._places.clear()

    # -- places ----------------------------------------------------------------------------------------------------

    def attribute(self, owner: Any, name: str) -> Any:
        """Read an attribute."""
        value = getattr(owner, name)
        if type(value) not in _NUMBERS or not self._active():
            return value
        seen = self._places.get((id(owner), name))
        if seen is None or type(seen[1]) is not type(value) or seen[1] != value:
            with unrecorded():
                seen = owner, value, torch.tensor(value, dtype=_dtype(value))
            self._places[id(owner), name] = seen
        return traced(value, seen[2], self._leave)

    def kept(self, owner: Any, name: str, value: Any) -> Any:
        """Note what is about to be assigned to an attribute; returns what to assign."""
        if isinstance(value, Traced):
            self._places[id(owner), name] = owner, value.plain, value.twin
            return value.plain
        if type(value) in _NUMBERS and self._active():
            self._places[id(owner), name] = owner, value, torch.tensor(value, dtype=_dtype(value))
            return value
        self._places.pop((id(owner), name), None)
        return self.plain(value)

    # -- numbers that leave ----------------------------------------------------------------------------------------

    def plain(self, value: Any) -> Any:
        """Return a value without origins; those it had are recorded as values that leave."""
        return self._plain(value, _DEEP)

    def returned(self, value: Any) -> Any:
        """Return what a function returns: with its origin only to rewritten code that called it directly."""
        if not isinstance(value, (Traced, list, tuple, dict)) or sys._getframe(2).f_code is _direct.__code__:
            return value
        return self._plain(value, _DEEP)

    def _plain(self, value: Any, depth: int) -> Any:
        if isinstance(value, Traced):
            self._leave(value)
            return value.plain
        if depth and type(value) is tuple and any(isinstance(v, (Traced, list, tuple, dict)) for v in value):
            return tuple(self._plain(v, depth - 1) for v in value)
        if depth and type(value) is list:
            for index, item in enumerate(value):
                if isinstance(item, (Traced, list, tuple, dict)):
                    value[index] = self._plain(item, depth - 1)
        if depth and type(value) is dict:
            for key, item in value.items():
                if isinstance(item, (Traced, list, tuple, dict)):
                    value[key] = self._plain(item, depth - 1)
        return value

    def _leave(self, value: Traced) -> None:
        if self._active():
            value.twin.item()

    def _active(self) -> bool:
        return self._open and not self._recorder.idle

    # -- operators -------------------------------------------------------------------------------------------------

    def binary(self, name: str, left: Any, right: Any) -> Any:
        """Compute ``left`` operator ``right``."""
        if isinstance(left, Traced) or isinstance(right, Traced):
            return self._operator(values.BINARY[name], name, left, right)
        return values.BINARY[name](left, right)

    def in_place(self, name: str, left: Any, right: Any) -> Any:
        """Compute what ``left operator= right`` assigns."""
        if isinstance(left, Traced) or isinstance(right, Traced):
            return self._operator(values.IN_PLACE[name], name, left, right)
        return values.IN_PLACE[name](left, right)

    def unary(self, name: str, operand: Any) -> Any:
        """Compute operator ``operand``."""
        if not isinstance(operand, Traced):
            return values.UNARY[name](operand)
        return self._explained(values.UNARY[name](operand.plain), arithmetic.UNARY.get(name), [operand])

    def _operator(self, compute: Callable[[Any, Any], Any], name: str, left: Any, right: Any) -> Any:
        a, b = (x.plain if isinstance(x, Traced) else x for x in (left, right))
        if isinstance(a, _TENSOR) or isinstance(b, _TENSOR):
            return self._with_tensor(compute, left, right)
        if type(a) in _NUMBERS and type(b) in _NUMBERS:
            return self._explained(compute(a, b), arithmetic.BINARY.get(name), [left, right])
        scalar = next((x for x in (left, right) if isinstance(x, CarriedScalar)), None)
        if scalar is not None or isinstance(a, np.ndarray) or isinstance(b, np.ndarray):
            return compute(self._for_numpy(left), self._for_numpy(right))
        return compute(self.plain(left), self.plain(right))

    def _with_tensor(self, compute: Callable[[Any, Any], Any], left: Any, right: Any) -> Any:
        """Compute with a tensor: the twin stands for the number where both give the same bits."""
        number, tensor = (left, right) if isinstance(left, Traced) else (right, left)
        if not self._active() or compute in values.IN_PLACE.values() or tensor.requires_grad:
            return compute(self.plain(left), self.plain(right))
        with unrecorded():
            dtype = torch.result_type(tensor, number.plain)
            wanted = compute(*(x.plain if isinstance(x, Traced) else x for x in (left, right)))
            twin = number.twin.to(dtype)
            tried = compute(*(twin if isinstance(x, Traced) else x for x in (left, right)))
            same = tried.dtype == wanted.dtype and torch.equal(tried, wanted)
        if not same:
            return compute(self.plain(left), self.plain(right))
        twin = number.twin.to(dtype)
        return compute(*(twin if isinstance(x, Traced) else x for x in (left, right)))

    def _explained(self, result: Any, equivalent: Callable[..., Any] | None, operands: list[Any]) -> Any:
        """Return a result with its twin, if the twin's value is the result."""
        if equivalent is not None and self._active() and type(result) in _NUMBERS:
            double = isinstance(result, float)
            given = [x.plain if isinstance(x, Traced) else x for x in operands]
            if all(isinstance(x, float) or abs(x) < arithmetic.LARGEST for x in given):
                twins = [self._twin(x) for x in operands]
                double = double or any(isinstance(x, float) for x in given)
                twin = equivalent(*arithmetic.widened(twins, double)).to(_dtype(result))
                with unrecorded():
                    same = arithmetic.is_equal(twin.item(), result)
                if same:
                    return traced(result, twin, self._leave)
        for operand in operands:
            self.plain(operand)
        return result

    def _twin(self, value: Any) -> torch.Tensor:
        return value.twin if isinstance(value, Traced) else torch.tensor(value, dtype=_dtype(value))

    def _for_numpy(self, value: Any) -> Any:
        if not isinstance(value, Traced) or not self._active():
            return self.plain(value)
        kind = np.float64(value.plain) if isinstance(value.plain, float) else np.int64(value.plain)
        return wrap_scalar(kind, value.twin, self._numpy)

    # -- calls -----------------------------------------------------------------------------------------------------

    def call(self, function: Any, /, *args: Any, **kwargs: Any) -> Any:
        """Call a function."""
        if self._is_followed(function):
            return _direct(function, args, kwargs)
        if not any(map(_holds, args)) and not any(map(_holds, kwargs.values())):
            return function(*args, **kwargs)
        if self._active() and not kwargs and len(args) <= 2 and all(isinstance(a, (Traced, int, float)) for a in args):
            known = self._of_numbers(function, args)
            if known is not NotImplemented:
                return known
        if self._active() and function in _PACKING and len(args) == 1:
            return self._packed(function, args[0], kwargs)
        if self._active() and function is torch.full and len(args) == 2 and isinstance(args[1], Traced):
            return self._filled(args[0], args[1], kwargs)
        if self._active() and isinstance(function, np.ufunc) and not kwargs:
            return function(*map(self._for_numpy, args))
        return function(*[self.plain(a) for a in args], **{k: self.plain(v) for k, v in kwargs.items()})

    def _of_numbers(self, function: Any, args: tuple[Any, ...]) -> Any:
        given = [a.plain if isinstance(a, Traced) else a for a in args]
        if not callable(function) or getattr(function, "__hash__", None) is None:
            return NotImplemented
        if function in arithmetic.FUNCTIONS:
            operands = [self._as_float(a) for a in args]
            return self._explained(function(*given), arithmetic.FUNCTIONS[function], operands)
        if function in arithmetic.TO_INT:
            return self._explained(function(*given), arithmetic.TO_INT[function], list(args))
        if function is abs:
            return self._explained(abs(given[0]), torch.abs, list(args))
        if function is float and len(args) == 1:
            return self._as_float(args[0])
        if function is int and len(args) == 1:
            whole = torch.trunc if isinstance(given[0], float) else torch.clone
            return self._explained(int(given[0]), whole, list(args))
        if function in (min, max) and len(args) == 2 and type(given[0]) is type(given[1]):
            twin = torch.minimum if function is min else torch.maximum
            return self._explained(function(*given), twin, list(args))
        return NotImplemented

    def _as_float(self, value: Any) -> Any:
        if not isinstance(value, Traced):
            return float(value)
        return traced(float(value.plain), value.twin.to(torch.float64), self._leave)

    def _packed(self, function: Any, data: Any, kwargs: dict[str, Any]) -> Any:
        """``torch.tensor`` of numbers with an origin."""
        with unrecorded():
            dtype = function(_mapped(data, lambda t: t.plain), **kwargs).dtype
        return function(_mapped(data, lambda t: t.twin), **{**kwargs, "dtype": dtype})

    def _filled(self, size: Any, value: Traced, kwargs: dict[str, Any]) -> Any:
        with unrecorded():
            dtype = torch.full(size, value.plain, **kwargs).dtype
        return value.twin.to(dtype).expand(size).clone()

    def _is_followed(self, function: Any) -> bool:
        if type(function) is MethodType:
            function = function.__func__
        return type(function) is FunctionType and function.__code__ in self._followed

    # -- items -----------------------------------------------------------------------------------------------------

    part = staticmethod(slice)

    def get_item(self, base: Any, key: Any) -> Any:
        """Read an item."""
        if not _holds(key) and not isinstance(key, slice):
            return base[key]
        if isinstance(base, _TENSOR) and self._active() and not _in_slice(key):
            return base[_mapped(key, lambda t: t.twin)]
        return base[self._plain_key(key)]

    def set_item(self, value: Any, base: Any, key: Any) -> None:
        """Write an item."""
        if isinstance(base, _TENSOR) and self._active() and not _in_slice(key):
            if isinstance(value, Traced):
                value = value.twin.to(base.dtype)
            base[_mapped(key, lambda t: t.twin)] = value
        else:
            base[self._plain_key(key)] = self.plain(value)

    def _plain_key(self, key: Any) -> Any:
        if isinstance(key, slice):
            return slice(*(self.plain(p) for p in (key.start, key.stop, key.step)))
        if isinstance(key, tuple):
            return tuple(self._plain_key(k) for k in key)
        return self.plain(key)


def _direct(function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Call rewritten code; it knows by this frame that rewritten code gets what it returns."""
    return function(*args, **kwargs)


def _holds(value: Any, depth: int = _DEEP) -> bool:
    """Return whether a number with an origin is in a value."""
    if isinstance(value, Traced):
        return True
    if depth and type(value) in (list, tuple):
        return any(_holds(v, depth - 1) for v in value)
    if depth and type(value) is dict:
        return any(_holds(v, depth - 1) for v in value.values())
    return False


def _in_slice(key: Any) -> bool:
    if isinstance(key, slice):
        return any(isinstance(p, Traced) for p in (key.start, key.stop, key.step))
    return isinstance(key, tuple) and any(map(_in_slice, key))


def _mapped(value: Any, change: Callable[[Traced], Any]) -> Any:
    """Return a value with the numbers in it changed, inside lists and tuples too."""
    if isinstance(value, Traced):
        return change(value)
    return type(value)(_mapped(v, change) for v in value) if type(value) in (list, tuple) else value


@functools.cache
def _dtype_of(kind: type) -> torch.dtype:
    return torch.float64 if issubclass(kind, float) else torch.int64


def _dtype(value: Any) -> torch.dtype:
    return _dtype_of(type(value))
