"""What an object of the program holds, found without running code of it."""

from __future__ import annotations

import functools
import sys
from collections import UserDict, UserList, deque
from collections.abc import Iterator
from enum import Enum
from inspect import CO_OPTIMIZED
from queue import Queue
from random import Random
from types import (
    BuiltinMethodType,
    CodeType,
    FrameType,
    FunctionType,
    GeneratorType,
    MemberDescriptorType,
    MethodType,
    ModuleType,
)
from typing import Any

import numpy as np
import torch

from leapp_core.tracing.objects.carried import CarriedScalar
from leapp_core.tracing.objects.script_state import Unlike, attributes_of

_PLAIN = (int, float, complex, str, bytes, bytearray, type(None), np.generic, Enum)
_SEQUENCES: tuple[type, ...] = (list, tuple, deque)
_CONTAINERS: tuple[type, ...] = (*_SEQUENCES, dict, set, frozenset)
_LONGEST = 256
_LARGEST_ARRAY = 4096
# Objects of these packages are not looked into: they are no state of a program, or the record follows them.
_CLOSED = frozenset({*sys.stdlib_module_names, "torch", "numpy", "tensordict", "_pytest", "pytest", "pluggy", "onnx"})
_CLOSED_PARTS = ("leapp_core.tracing", "leapp_core.plugins", "leapp_core.spec")
_CLASS_PARTS = (FunctionType, property, classmethod, staticmethod)
_OPEN = (UserDict, UserList, Queue)
_ONLY_US = 3  # references to what a frame gave: its own, ours, and that of the call that counts them

Child = tuple[tuple[Any, ...], Any]


def is_leaf(thing: Any) -> bool:
    """Return whether something is a value to compare."""
    kind = type(thing)  # never ``isinstance``: it may run code of proxies
    if kind is np.ndarray:
        return bool(thing.dtype != object and thing.size <= _LARGEST_ARRAY)
    return issubclass(kind, _PLAIN) and not issubclass(kind, CarriedScalar)


def is_container(thing: Any) -> bool:
    """Return whether something is a list, dictionary, tuple, set or deque."""
    return issubclass(type(thing), _CONTAINERS)


def children_of(thing: Any) -> Iterator[Child]:
    """Yield what an object holds, each with how it is reached."""
    kind = type(thing)
    if issubclass(kind, (torch.Tensor, np.ndarray, CarriedScalar, ModuleType, CodeType, BuiltinMethodType)):
        return
    if issubclass(kind, torch.jit.ScriptModule):
        yield from (((("script", name), value)) for name, value in attributes_of(thing))
    elif issubclass(kind, _CONTAINERS):
        yield from _of_container(thing, kind)
    elif kind is FunctionType:
        yield from _of_function(thing)
    elif issubclass(kind, (MethodType, functools.partial, functools._lru_cache_wrapper, *_CLASS_PARTS)):
        yield from _of_wrapper(thing, kind)
    elif issubclass(kind, type):
        if not _is_closed(thing):
            yield from _of_class(thing)
    elif issubclass(kind, (Random, np.random.Generator, np.random.RandomState)):
        yield ("drawn",), str(_state(thing))
    else:
        yield from _of_iterator(thing, kind)


def _of_container(thing: Any, kind: Any) -> Iterator[Child]:
    base: Any = next(b for b in _CONTAINERS if issubclass(kind, b))
    yield ("length",), base.__len__(thing)
    if base is dict:
        for key, value in list(dict.items(thing))[:_LONGEST]:
            yield ("key", key if type(key) in (str, int) else type(key)), value
    elif base in _SEQUENCES:
        fields = vars(kind).get("_fields", ())
        for number, value in zip(range(_LONGEST), list(base.__iter__(thing)), strict=False):
            name = fields[number] if base is tuple and number < len(fields) else None
            part = ("item" if base is tuple else "index", number)
            yield (part if name is None else ("attr", name, kind)), value
    if kind is not base and not _is_closed(kind):
        yield from _of_instance(thing)


def _of_function(function: FunctionType) -> Iterator[Child]:
    if _is_closed(function):
        return
    code = function.__code__
    for name, cell in zip(code.co_freevars, function.__closure__ or (), strict=False):
        try:
            yield ("name", name, code), cell.cell_contents
        except ValueError:  # not assigned yet
            continue
    parameters = code.co_varnames[: code.co_argcount]
    defaults = function.__defaults__ or ()
    for name, value in zip(parameters[len(parameters) - len(defaults) :], defaults, strict=True):
        yield ("name", name, code), value
    for name, value in (function.__kwdefaults__ or {}).items():
        yield ("name", name, code), value
    for name, value in vars(function).items():
        yield ("attr", name, FunctionType), value
    for name in _global_names(code):
        if name in function.__globals__:
            yield ("global", name, code.co_filename), function.__globals__[name]


def _global_names(code: CodeType) -> Iterator[str]:
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _global_names(constant)


def _of_wrapper(thing: Any, kind: Any) -> Iterator[Child]:
    if issubclass(kind, functools.partial):
        for number, value in enumerate((thing.func, *thing.args)):
            yield ("part", number), value
        for name, value in thing.keywords.items():
            yield ("part", name), value
    elif issubclass(kind, property):
        yield ("part", "fget"), thing.fget
    elif issubclass(kind, MethodType):
        yield ("part", "self"), thing.__self__
        yield ("part", "function"), thing.__func__
    else:
        yield ("part", "wrapped"), thing.__wrapped__


def _of_class(cls: type) -> Iterator[Child]:
    for name, value in list(vars(cls).items()):
        if isinstance(value, _CLASS_PARTS):
            yield ("part", name), value
        elif not name.startswith("__") and not isinstance(value, MemberDescriptorType):
            yield ("attr", name, cls), value
    for base in cls.__bases__:
        yield ("part", base.__name__), base


def _of_iterator(thing: Any, kind: Any) -> Iterator[Child]:
    if kind is GeneratorType:
        yield from _of_generator(thing)
    elif any("__next__" in vars(base) for base in kind.__mro__) and _is_closed(kind):
        yield ("advanced",), Unlike()
    else:
        yield from _of_instance(thing)


def _of_generator(generator: GeneratorType[Any, Any, Any]) -> Iterator[Child]:
    frame = generator.gi_frame
    if frame is None:
        return
    yield ("advanced",), frame.f_lasti
    for name, value in locals_of(frame).items():
        yield ("name", name, frame.f_code), value


def locals_of(frame: FrameType) -> dict[str, Any]:
    """Return what the local names of a frame hold.

    Until Python 3.13 a function's frame keeps what it gave when it was asked: it would hold objects that the program
    lets go of. So it is emptied again, unless somebody else asked for it too and holds it.
    """
    found = frame.f_locals
    copied = dict(found)
    if sys.version_info < (3, 13) and frame.f_code.co_flags & CO_OPTIMIZED and sys.getrefcount(found) <= _ONLY_US:
        found.clear()
    return copied


def _of_instance(thing: Any) -> Iterator[Child]:
    cls = type(thing)
    closed = _is_closed(cls)
    if closed and not issubclass(cls, (torch.nn.Module, *_OPEN)) and cls.__name__ not in _NAMESPACES:
        return
    for name, value in _attributes(thing, cls):
        yield (("part", name) if closed and cls.__name__ not in _NAMESPACES else ("attr", name, cls)), value
    yield ("part", "class"), cls


def _attributes(thing: Any, cls: type) -> Iterator[tuple[str, Any]]:
    try:
        own = object.__getattribute__(thing, "__dict__")
    except AttributeError:
        own = {}
    for name, value in list(own.items()) if type(own) is dict else ():
        if name == "_modules":
            yield from value.items()
        elif name not in ("_parameters", "_buffers", "_non_persistent_buffers_set"):
            yield name, value
    slots = ((n, s) for base in cls.__mro__ for n, s in vars(base).items() if isinstance(s, MemberDescriptorType))
    for name, slot in slots:
        try:
            yield name, slot.__get__(thing)
        except AttributeError:  # never assigned
            continue


_NAMESPACES = frozenset({"SimpleNamespace", "Namespace"})


def _is_closed(thing: Any) -> bool:
    module = getattr(thing, "__module__", None) or ""
    return module.partition(".")[0] in _CLOSED or module.startswith(_CLOSED_PARTS)


def _state(generator: Any) -> Any:
    if isinstance(generator, Random):
        return hash(generator.getstate())
    if isinstance(generator, np.random.RandomState):
        return hash(str(generator.get_state()))
    return generator.bit_generator.state
