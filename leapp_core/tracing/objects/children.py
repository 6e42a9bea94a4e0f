"""What an object of the program holds, found without running code of it."""

from __future__ import annotations

import builtins
import functools
import os
import sys
from collections import OrderedDict, UserDict, UserList, deque
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
from leapp_core.tracing.objects.standard import BUFFERS, NAMESPACES, VALUES, attributes, children_of_standard

_PLAIN = (int, float, complex, str, bytes, type(None), np.generic, Enum, *VALUES, *BUFFERS)
_ARRAYS = (np.ndarray, np.recarray, np.matrix, np.memmap, np.ma.MaskedArray)
_NUMBERS = frozenset({bool, int, float, str})
_SEQUENCES: tuple[type, ...] = (list, tuple, deque)
_CONTAINERS: tuple[type, ...] = (*_SEQUENCES, dict, set, frozenset)
_LONGEST = 256
# Objects of these packages are not looked into: they are no state of a program, or the record follows them.
_CLOSED = frozenset({*sys.stdlib_module_names, "torch", "numpy", "tensordict", "_pytest", "pytest", "pluggy", "onnx"})
_CLOSED_PARTS = ("leapp_core.tracing", "leapp_core.plugins", "leapp_core.spec")
_OURS = "leapp_core."  # its functions and classes keep nothing; its objects may hold the user's
_MAKING = frozenset({"abc", "types"})  # classes that they make at run time are said to be theirs
_CLASS_PARTS = (FunctionType, property, classmethod, staticmethod)
_OPEN = (UserDict, UserList, Queue, torch.optim.Optimizer, torch.optim.lr_scheduler.LRScheduler)
_NOTHING = object()
_ONLY_US = 3  # references to what a frame gave: its own, ours, and that of the call that counts them

Child = tuple[tuple[Any, ...], Any]


class _Order(str):
    """The keys of a dictionary; others are no other order of these."""

    def __eq__(self, other: object) -> bool:
        return str.__eq__(self, str(other)) or set(self.split("\0")) != set(str(other).split("\0"))

    __hash__ = str.__hash__


def is_leaf(thing: Any) -> bool:
    """Return whether something is a value to compare."""
    kind = type(thing)  # never ``isinstance``: it may run code of proxies
    if kind in _ARRAYS:
        return not thing.dtype.hasobject
    return issubclass(kind, _PLAIN) and not issubclass(kind, CarriedScalar)


def is_container(thing: Any) -> bool:
    """Return whether something is a list, dictionary, tuple, set or deque."""
    return issubclass(type(thing), _CONTAINERS)


def children_of(thing: Any) -> Iterator[Child]:
    """Yield what an object holds, each with how it is reached."""
    kind = type(thing)
    if issubclass(kind, (torch.Tensor, np.ndarray, CarriedScalar, ModuleType, CodeType, BuiltinMethodType)):
        yield from _beside_data(thing, kind)
    elif issubclass(kind, torch.jit.ScriptModule):
        yield from (((("script", name), value)) for name, value in attributes_of(thing))
    elif issubclass(kind, _CONTAINERS):
        yield from _of_container(thing, kind)
    elif kind is FunctionType:
        yield from _of_function(thing)
    elif issubclass(kind, (MethodType, functools.partial, functools._lru_cache_wrapper, *_CLASS_PARTS)):
        yield from _of_wrapper(thing, kind)
    elif issubclass(kind, type):
        if not _keeps_nothing(thing):
            yield from _of_class(thing)
    elif issubclass(kind, (Random, np.random.Generator, np.random.RandomState)):
        yield ("drawn",), str(_state(thing))
    else:
        yield from _of_iterator(thing, kind)


def _beside_data(thing: Any, kind: Any) -> Iterator[Child]:
    if issubclass(kind, torch.Tensor):
        yield from ((("attr", n, kind), value) for n, value in object.__getattribute__(thing, "__dict__").items())
    elif kind is np.ndarray and thing.dtype == object:
        yield from ((("index", number), value) for number, value in enumerate(thing.flat[:_LONGEST]))


def _of_container(thing: Any, kind: Any) -> Iterator[Child]:
    base: Any = next(b for b in _CONTAINERS if issubclass(kind, b))
    yield ("length",), base.__len__(thing)
    together: list[Any] = []  # numbers of which none is named by itself
    if base is dict:
        keys = OrderedDict.__iter__(thing) if issubclass(kind, OrderedDict) else dict.__iter__(thing)
        yield ("order",), _Order("\0".join(str(key) for key in keys if type(key) in _NUMBERS))
        for number, (key, value) in enumerate(list(dict.items(thing))):
            if number < _LONGEST or type(value) not in _NUMBERS:
                yield ("key", key if type(key) in (str, int) else (type(key), number)), value
            else:
                together.append(value)
    elif base in _SEQUENCES:
        fields = vars(kind).get("_fields", ())
        for number, value in enumerate(list(base.__iter__(thing))):
            name = fields[number] if base is tuple and number < len(fields) else None
            part = ("item" if base is tuple else "index", number)
            if number < _LONGEST or type(value) not in _NUMBERS:
                yield (part if name is None else ("attr", name, kind)), value
            else:
                together.append(value)
    else:
        together += sorted(hash(value) for value in base.__iter__(thing) if type(value) in _NUMBERS)
        yield from ((("index", n), v) for n, v in enumerate(base.__iter__(thing)) if type(v) not in _NUMBERS)
    if together:
        yield ("index", "together"), hash(tuple(together))
    if kind is not base and not _is_closed(kind):
        yield from _of_instance(thing)


def _of_function(function: FunctionType) -> Iterator[Child]:
    if _keeps_nothing(function):
        return
    code = function.__code__
    for name, cell in zip(code.co_freevars, function.__closure__ or (), strict=False):
        try:
            yield ("name", name, code), cell.cell_contents
        except ValueError:  # not assigned yet
            continue
    parameters = code.co_varnames[: code.co_argcount]
    defaults = function.__defaults__ or ()
    # From the end, as defaults stand for the last parameters; decorators leave more defaults than their wrapper takes.
    for name, value in zip(reversed(parameters), reversed(defaults), strict=False):
        yield ("name", name, code), value
    for name, value in (function.__kwdefaults__ or {}).items():
        yield ("name", name, code), value
    for name, value in vars(function).items():
        yield ("attr", name, FunctionType), value
    yield from globals_of(code, function.__globals__)


def globals_of(code: CodeType, known: dict[str, Any]) -> Iterator[Child]:
    """Yield what code may read by its global names, of its own module and of modules that it imports."""
    names = dict.fromkeys(_global_names(code))
    unknown = names.keys() - known.keys()
    imported = {
        name: sys.modules[name] for name in sorted(unknown & sys.modules.keys())
    }  # ``import`` within a function
    modules = {name: module for name, module in imported.items() if isinstance(module, ModuleType)}
    for name in (n for n in names if n not in unknown):
        value = known[name]
        yield ("global", sys.intern(name), code.co_filename), value
        if isinstance(value, ModuleType):
            modules[value.__name__] = value
    for name in sorted(unknown & vars(builtins).keys()):
        if is_leaf(vars(builtins)[name]):
            yield ("global", name, code.co_filename), vars(builtins)[name]
    yield from _of_modules(modules, names)


def _of_modules(modules: dict[str, ModuleType], names: dict[str, None]) -> Iterator[Child]:
    """Yield what modules hold under names, and the modules within them."""
    waiting = list(modules.values())
    while waiting:
        module = waiting.pop()
        held = vars(module)
        for name in sorted(names.keys() & held.keys()):
            value = held[name]
            if type(value) is not ModuleType:
                if value is not sys.modules:
                    yield ("member", sys.intern(name), module.__name__), value
            elif value.__name__ not in modules:
                modules[value.__name__] = value
                waiting.append(value)
        if module is os and "getenv" in names:
            yield ("member", "environ", "os"), os.environ


def _global_names(code: CodeType) -> Iterator[str]:
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _global_names(constant)
        elif isinstance(constant, str) and constant.isidentifier():  # globals()["name"]
            yield constant


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
    if closed and not issubclass(cls, (torch.nn.Module, *_OPEN, *NAMESPACES)):
        if cls.__module__.partition(".")[0] in sys.stdlib_module_names:
            yield from children_of_standard(thing, cls)
        return
    if issubclass(cls, torch.optim.lr_scheduler.LRScheduler):  # changes them some day
        yield ("attr", "param_groups", type(vars(thing).get("optimizer"))), iter(())
    for name, value in _attributes(thing, cls):
        yield (("part", name) if closed and cls not in NAMESPACES else ("attr", name, cls)), value
    yield ("part", "class"), cls


def _attributes(thing: Any, cls: type) -> Iterator[tuple[str, Any]]:
    for name, value in attributes(thing, cls):
        if name == "_modules" and type(value) is dict:
            yield from value.items()
        elif name not in ("_parameters", "_buffers", "_non_persistent_buffers_set"):
            yield name, value


def _is_closed(thing: Any) -> bool:
    module = _module_of(thing)
    if module in _MAKING and vars(sys.modules[module]).get(thing.__name__) is not thing:
        return False
    return module.partition(".")[0] in _CLOSED or module.startswith(_CLOSED_PARTS)


def _keeps_nothing(definition: Any) -> bool:
    """Return whether a function or class is not looked into."""
    return _is_closed(definition) or _module_of(definition).startswith(_OURS)


def _module_of(thing: Any) -> str:
    return str(getattr(thing, "__module__", None) or "")


def _state(generator: Any) -> Any:
    if isinstance(generator, Random):
        return hash(generator.getstate())
    if isinstance(generator, np.random.RandomState):
        return hash(str(generator.get_state()))
    return generator.bit_generator.state
