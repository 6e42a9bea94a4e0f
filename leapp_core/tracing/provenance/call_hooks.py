"""Hooks at which rewritten code calls functions."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from types import BuiltinFunctionType, FrameType, FunctionType, MethodType
from typing import Any

import numpy as np
import torch

from leapp_core.tracing.provenance.arrays import is_array
from leapp_core.tracing.provenance.attribute_hooks import direct
from leapp_core.tracing.provenance.given import is_compiled
from leapp_core.tracing.provenance.operator_hooks import OperatorHooks
from leapp_core.tracing.provenance.queues import Queue
from leapp_core.tracing.provenance.twins import CONTAINERS, DEEP, fits, holds
from leapp_core.tracing.provenance.values import (
    KINDS,
    MODES,
    NUMBERS,
    NUMERIC,
    PLAIN_NUMBERS,
    SEQUENCES,
    TracedBool,
    TracedEntry,
    TracedMaybe,
    bare,
    is_followed,
    is_tensor,
    settled,
)
from leapp_core.tracing.source.static import Kinds, class_attribute, is_a

_ARGUMENT_KINDS = Kinds(*KINDS, *CONTAINERS)
_MAYBE = Kinds(TracedMaybe)
_ASKED = Kinds(*NUMERIC, TracedBool)
_HANDING_ON: tuple[Any, ...] = (len, enumerate, zip, reversed, range, list, tuple, print)
_MAKERS = frozenset({"array", "asarray", "stack", "concatenate", "hstack", "vstack"})
_NO_OBJECTS = (BuiltinFunctionType, FunctionType, MethodType, type, torch.nn.Module)
_CALLABLES = (BuiltinFunctionType, type, np.ufunc)


class CallHooks(OperatorHooks):
    """Follows numbers into calls, where it is known what becomes of them there."""

    def hook_call(self, function: Any, /, *args: Any, **kwargs: Any) -> Any:
        """Call a function."""
        self._at_begin()
        if type(function) is TracedEntry:
            return self._call_each(function, lambda one: self.hook_call(one, *args, **kwargs))
        if function is len and len(args) == 1 and self._active():
            length = args[0].left if type(args[0]) is Queue else None
            self._note_length(sys._getframe(1), args[0] if length is None else length)
            if length is not None:
                return length
        function = self._method_of(self._sure(function))
        if _MAYBE.among(args) or (kwargs and _MAYBE.among(kwargs.values())):
            return self._call_with_maybe(function, args, kwargs)
        if self._containers:
            self._show(*args, *kwargs.values())
        own = self._of_own(function, args) if not kwargs else NotImplemented
        if own is not NotImplemented:
            return own
        if self._trying:
            self._trials.tick()
            if not self._purity.allows(function):
                self._trials.forbid()
        if self._is_followed(function):
            return direct(function, args, self._with_defaults(function, args, kwargs))
        return self._unfollowed(function, args, kwargs)

    def _call_with_maybe(self, function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Call a function with what may be ``None``: the user's own know what to do with it."""
        if self._is_followed(function):
            return direct(function, args, self._with_defaults(function, args, kwargs))
        args, kwargs = tuple(map(self._resolved, args)), {k: self._resolved(v) for k, v in kwargs.items()}
        given: list[tuple[int | str, Any]] = [*enumerate(args), *kwargs.items()]
        maybes = [(key, value) for key, value in given if type(value) is TracedMaybe]
        if not maybes:
            return self.hook_call(function, *args, **kwargs)
        if not self._purity.allows(function):
            return self._give_maybes(function, args, kwargs)
        at, maybe = maybes[0]

        def call(value: Any) -> Any:
            replaced = tuple(value if i == at else a for i, a in enumerate(args))
            return self.hook_call(function, *replaced, **{k: value if k == at else v for k, v in kwargs.items()})

        return self._split(maybe, call)

    def _give_maybes(self, function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Give what may be ``None`` to a function that may do anything with it."""
        for value in (*args, *kwargs.values()):
            for place in value.roots if type(value) is TracedMaybe else ():
                place.foreign = True
        return self.hook_call(function, *map(self.hook_bare, args), **{k: self.hook_bare(v) for k, v in kwargs.items()})

    def _note_length(self, frame: FrameType, container: Any) -> None:
        """Note how long a container is, where user code asks for it."""
        length = bare(container) if type(bare(container)) is int else None
        if length is None:
            if type(container) not in CONTAINERS:
                return
            length = len(container)
        site = frame.f_code.co_filename, frame.f_lineno
        self._log.lengths.setdefault(site, []).append((self._recorder.position, length))

    def _unfollowed(self, function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        args = tuple(a if self._adopted_of(a) is not None else settled(a) for a in args)
        kwargs = {k: settled(v) for k, v in kwargs.items()} if kwargs else kwargs
        known = self._got(function, args) if not kwargs else NotImplemented
        if known is NotImplemented and self._adopted:
            known = self._of_container(function, args, kwargs)
        if known is NotImplemented and not kwargs:
            known = self._converted(function, args)
        return self._called(function, args, kwargs) if known is NotImplemented else known

    def _got(self, function: Any, args: tuple[Any, ...]) -> Any:
        """Ask a dictionary for an entry by a number or mode; ``NotImplemented`` for other calls."""
        if not _is_get(function, args):
            return NotImplemented
        return self._entry_at(function.__self__, *args, *(() if len(args) > 1 else (None,)))

    def _converted(self, function: Any, args: tuple[Any, ...]) -> Any:
        """Return the truth value or number that a value is made; ``NotImplemented`` for other calls."""
        if len(args) != 1 or type(function) is not type:
            return NotImplemented
        if function is bool and (type(args[0]) in _ASKED or is_tensor(args[0])):
            return self.hook_truth(args[0])
        if is_array(args[0]) and (function is bool or function in PLAIN_NUMBERS):
            return self._of_array(function, args[0])
        return NotImplemented

    def _method_of(self, function: Any) -> Any:
        """Return the method that a call of one of the user's objects is; other functions as they are."""
        if is_a(function, *_NO_OBJECTS):
            return function
        call = class_attribute(type(function), "__call__")
        return MethodType(call, function) if self._is_followed(call) else function

    def hook_call_given(self, literals: tuple[Any, ...], function: Any, /, *args: Any, **kwargs: Any) -> Any:
        """Call a function to which numbers or texts are given that are written out: by position or name."""
        function = self._method_of(function)
        if self._is_followed(function):
            args = tuple(self.hook_constant(a) if i in literals else a for i, a in enumerate(args))
            kwargs = {k: self.hook_constant(v) if k in literals else v for k, v in kwargs.items()}
        return self.hook_call(function, *args, **kwargs)

    def _with_defaults(self, function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
        """Return named arguments, with the default values that are numbers or texts: they are constants."""
        inner = function.__func__ if type(function) is MethodType else function
        defaults, code = inner.__defaults__ or (), inner.__code__
        if not (defaults or inner.__kwdefaults__) or not self._active():
            return kwargs
        given = len(args) + (type(function) is MethodType)
        begin = code.co_argcount - len(defaults)
        named = {
            code.co_varnames[i]: defaults[i - begin]
            for i in range(max(begin, given, code.co_posonlyargcount), code.co_argcount)
        }
        known = {**named, **(inner.__kwdefaults__ or {})}
        further = {k: self.hook_constant(v) for k, v in known.items() if k not in kwargs and is_followed(v)}
        return {**kwargs, **further} if further else kwargs

    def _called(self, function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        reduced = self._reduced(function, args) if not kwargs else NotImplemented
        if reduced is not NotImplemented:
            return reduced
        if self._own and not any(function is known for known in _HANDING_ON):
            for value in (*args, *kwargs.values()):
                self._give_away(value)
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
        if (function is int or function is float) and len(args) == 1:
            args = (self._numeric(args[0], "args.0"),)
        args = tuple(self._argument(a, f"args.{i}") if type(a) in MODES else a for i, a in enumerate(args))
        kwargs = {k: self._argument(v, f"keywords.{k}") if type(v) in MODES else v for k, v in kwargs.items()}
        if is_a(function, *_CALLABLES) or function is np.clip:
            if not kwargs and all(type(a) in NUMERIC or type(a) in NUMBERS for a in args):
                known = self._of_numbers(function, args)
            if known is NotImplemented and is_compiled(function):
                return self._given.run(function, args, kwargs, self._active(), ())
        if known is not NotImplemented:
            return known
        args = self._beside_arrays(function, args)
        given = [self._argument(a, f"args.{i}") for i, a in enumerate(args)]
        return function(*given, **{k: self._argument(v, f"keywords.{k}") for k, v in kwargs.items()})

    def _beside_arrays(self, function: Any, args: tuple[Any, ...]) -> tuple[Any, ...]:
        """Return arguments of one of NumPy's functions with scalars in the place of numbers, if an array is there."""
        array = next((v for v in _values_in(args) if is_array(v)), None)
        if array is None or not self._active() or not (is_a(function, np.ufunc) or _is_numpys(function)):
            return args
        return tuple(
            self._arrays.beside((array, a))[1] if type(a) in KINDS else self._arrays.inside(a, array) for a in args
        )

    def _argument(self, value: Any, part: str) -> Any:
        if type(value) in KINDS:
            self._leave(value, part)
            return value.plain
        return self._plain(value, DEEP, part)

    def _of_tensor(self, function: Any, args: tuple[Any, ...]) -> Any:
        """Call a function that may take the value of a tensor."""
        tensor: Any = None
        if len(args) == 1 and function in PLAIN_NUMBERS if type(function) is type else False:
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


def _is_numpys(function: Any) -> bool:
    """Return whether a function is one of NumPy's, perhaps one that takes its place in a session."""
    name = getattr(function, "__name__", "")
    return (getattr(function, "__module__", "") or "").startswith("numpy") or (
        isinstance(name, str) and name in _MAKERS and getattr(np, name, None) is function
    )


def _values_in(values: Any, depth: int = 3) -> Iterator[Any]:
    for value in values:
        yield value
        if depth and type(value) in SEQUENCES:
            yield from _values_in(value, depth - 1)


def _is_get(function: Any, args: tuple[Any, ...]) -> bool:
    """Return whether an entry of a dictionary is asked for by a number or mode."""
    if type(function) is not BuiltinFunctionType or function.__name__ != "get" or len(args) not in (1, 2):
        return False
    return type(args[0]) in KINDS and type(function.__self__) is dict


def _may_look_around(function: Any) -> bool:
    """Return whether a function that is not followed may reach what objects of the user's hold."""
    kind = type(function)
    if kind is BuiltinFunctionType or kind is np.ufunc or function is np.clip:
        return False
    return kind is not type or function.__module__ != "builtins"
