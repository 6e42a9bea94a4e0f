"""What an object of the program holds, found without running code of it."""

from __future__ import annotations

import builtins
import functools
import gc
import os
import random
import sys
from collections import OrderedDict, UserDict, UserList, deque
from collections.abc import Callable, Iterator
from enum import Enum
from inspect import CO_OPTIMIZED
from itertools import chain
from queue import Queue
from random import Random
from types import (
    AsyncGeneratorType,
    BuiltinMethodType,
    CodeType,
    CoroutineType,
    FrameType,
    FunctionType,
    GeneratorType,
    MemberDescriptorType,
    MethodType,
    ModuleType,
)
from typing import Any
from weakref import CallableProxyType, ProxyType

import numpy as np
import torch

from leapp_core.tracing.objects.carried import CarriedScalar
from leapp_core.tracing.objects.script_state import Unlike, attributes_of
from leapp_core.tracing.objects.standard import BUFFERS, NAMESPACES, VALUES, reader_of_attributes, reader_of_standard
from leapp_core.tracing.source.outside import Outside
from leapp_core.tracing.source.static import (
    Kinds,
    bases,
    class_attribute,
    class_dict,
    class_module,
    class_name,
    derives,
    dict_of,
    is_a,
    is_plain_class,
    module_dict,
    module_text,
)

_PLAIN = (int, float, complex, str, bytes, type(None), np.generic, Enum, *VALUES, *BUFFERS)
_ARRAYS = Kinds(np.ndarray, np.recarray, np.matrix, np.memmap, np.ma.MaskedArray)
_NUMBERS = (bool, int, float, str)
_ADDRESSES = frozenset(map(id, _NUMBERS))
_SEQUENCES: tuple[type, ...] = (list, tuple, deque)
_CONTAINERS: tuple[type, ...] = (*_SEQUENCES, dict, set, frozenset)
_PROXIES = (ProxyType, CallableProxyType)  # what they stand for is reached by its owner, or runs code
_LONGEST = 256
# Objects of these packages are not looked into: they are no state of a program, or the record follows them.
_FRAMES = {GeneratorType: "gi_frame", CoroutineType: "cr_frame", AsyncGeneratorType: "ag_frame"}
_CLOSED = frozenset(sys.stdlib_module_names) | {
    "torch", "numpy", "tensordict", "_pytest", "pytest", "pluggy", "onnx",
    "sympy", "mpmath", "networkx", "jinja2", "fsspec", "filelock", "typing_extensions",  # what PyTorch brings along
    "matplotlib", "pyparsing", "PIL", "imageio", "OpenGL", "prettytable", "rich", "tqdm",  # what draws and prints
    "ruamel", "yaml", "toml", "tensorboard", "wandb",
}  # fmt: skip
# Code of kernels, and what their compiler keeps of it: in a simulator most of all objects.
_COMPILED = {"warp": frozenset({"Adjoint", "Function", "Kernel", "Module", "Struct"})}
_CLOSED_PARTS = ("leapp_core.tracing", "leapp_core.plugins", "leapp_core.spec")
_OURS = "leapp_core."  # its functions and classes keep nothing; its objects may hold the user's
_MAKING = frozenset({"abc", "types"})  # classes that they make at run time are said to be theirs
_CLASS_PARTS = (FunctionType, property, classmethod, staticmethod)
_OPEN = (UserDict, UserList, Queue, torch.optim.Optimizer, torch.optim.lr_scheduler.LRScheduler)
_OF_MODULES = ("_parameters", "_buffers", "_non_persistent_buffers_set")
_ONLY_US = 3  # references to what a frame gave: its own, ours, and that of the call that counts them

Child = tuple[tuple[Any, ...], Any]
Reader = Callable[[Any], Iterator[Child]]
"""Yields what an object of one type holds, each with how it is reached."""


class Order(str):
    """The keys of a dictionary; others are no other order of these."""

    def __eq__(self, other: object) -> bool:
        return str.__eq__(self, str(other)) or set(self.split("\0")) != set(str(other).split("\0"))

    __hash__ = str.__hash__


def is_leaf(thing: Any) -> bool:
    """Return whether something is a value to compare."""
    kind = type(thing)  # never ``isinstance``: it may run code of proxies
    return not thing.dtype.hasobject if is_array(kind) else holds_nothing(kind)


def is_array(kind: type) -> bool:
    """Return whether objects of a type are NumPy's arrays: values to compare, unless they hold objects."""
    return kind in _ARRAYS


def holds_nothing(kind: type) -> bool:
    """Return whether objects of a type, other than arrays, are values to compare."""
    return derives(kind, *_PLAIN) and not derives(kind, CarriedScalar)


def is_passing(thing: Any) -> bool:
    """Return whether something is a plain value, a container, or an iterator that a ``for`` is using up."""
    kind = type(thing)
    iterates = class_module(kind) in ("builtins", "itertools") and hasattr(kind, "__next__")
    return is_leaf(thing) or is_a(thing, *_CONTAINERS) or (iterates and kind not in _FRAMES)


class Children:
    """What objects hold. A type is asked once: that takes longer than reading its objects.

    Good for one look: nothing of the program runs meanwhile, so no class changes. Of simulators only objects hold
    something.
    """

    def __init__(self, outside: Outside) -> None:
        self._outside = outside
        self._readers: dict[int, Reader] = {}  # by address, since not every type can be a key

    def of(self, thing: Any) -> Iterator[Child]:
        """Yield what an object holds, each with how it is reached."""
        kind = type(thing)
        reader = self._readers.get(id(kind))
        if reader is None:
            reader = self._readers[id(kind)] = self._reader_of(kind)
        return reader(thing)

    def _reader_of(self, kind: type) -> Reader:
        if not is_plain_class(kind):
            return _of_nothing  # a class with operators of its own cannot name a place
        if derives(kind, torch.Tensor, np.ndarray, CarriedScalar, ModuleType, CodeType, BuiltinMethodType, *_PROXIES):
            return functools.partial(_beside_data, kind=kind)
        if derives(kind, torch.jit.ScriptModule):
            return _of_script
        if derives(kind, *_CONTAINERS):
            return _reader_of_containers(kind)
        if kind is FunctionType or derives(kind, type):
            return self._of_definition
        if derives(kind, MethodType, functools.partial, functools._lru_cache_wrapper, *_CLASS_PARTS):
            return functools.partial(_of_wrapper, kind=kind)
        if derives(kind, Random, np.random.Generator, np.random.RandomState):
            return functools.partial(_of_generator_of_numbers, kind=kind)
        return _reader_of_others(kind)

    def _of_definition(self, thing: Any) -> Iterator[Child]:
        is_class = type(thing) is not FunctionType
        if (is_class and not is_plain_class(thing)) or _keeps_nothing(thing):
            return
        if not self._outside.defines(_module_of(thing)):
            yield from _of_class(thing) if is_class else _of_function(thing)


def _of_nothing(thing: Any) -> Iterator[Child]:
    del thing
    return iter(())


def _of_script(module: Any) -> Iterator[Child]:
    return (((("script", name), value)) for name, value in attributes_of(module))


def _of_generator_of_numbers(generator: Any, kind: type) -> Iterator[Child]:
    yield ("drawn",), str(_state(generator, kind))


def _beside_data(thing: Any, kind: Any) -> Iterator[Child]:
    if derives(kind, torch.Tensor):
        yield from ((("attr", n, kind), value) for n, value in dict_of(thing).items() if type(n) is str)
    elif derives(kind, BuiltinMethodType) and not is_a(thing.__self__, ModuleType):
        yield ("part", "self"), thing.__self__  # ``generator.send``
    elif kind is np.ndarray and thing.dtype == object:
        yield from ((("index", number), value) for number, value in enumerate(thing.flat[:_LONGEST]))


def _is_number(thing: Any) -> bool:
    """Return whether something is a plain number or text: by identity, since not every type can be looked up."""
    return id(type(thing)) in _ADDRESSES


def _reader_of_containers(kind: type) -> Reader:
    base = next(b for b in _CONTAINERS if derives(kind, b))
    fields = class_dict(kind).get("_fields") if base is tuple else None
    fields = fields if type(fields) is tuple and all(type(f) is str for f in fields) else ()
    contents = functools.partial(_of_container, kind=kind, base=base, fields=fields)
    if kind is base or _is_closed(kind):
        return contents
    beside = _reader_of_instances(kind)
    return lambda thing: chain(contents(thing), beside(thing))


def _of_container(thing: Any, kind: type, base: Any, fields: tuple[str, ...]) -> Iterator[Child]:
    yield ("length",), base.__len__(thing)
    together: list[Any] = []  # numbers of which none is named by itself
    if base is dict:
        keys = OrderedDict.__iter__(thing) if derives(kind, OrderedDict) else dict.__iter__(thing)
        yield ("order",), Order("\0".join(str(key) for key in keys if _is_number(key)))
        for number, (key, value) in enumerate(list(dict.items(thing))):
            if number < _LONGEST or not _is_number(value):
                yield ("key", key if type(key) is str or type(key) is int else (class_name(type(key)), number)), value
            else:
                together.append(value)
    elif base in _SEQUENCES:
        for number, value in enumerate(list(base.__iter__(thing))):
            name = fields[number] if number < len(fields) else None
            part = ("item" if base is tuple else "index", number)
            if number < _LONGEST or not _is_number(value):
                yield (part if name is None else ("attr", name, kind)), value
            else:
                together.append(value)
    else:
        together += sorted(hash(value) for value in base.__iter__(thing) if _is_number(value))
        yield from ((("index", n), v) for n, v in enumerate(base.__iter__(thing)) if type(v) not in _NUMBERS)
    if together:
        yield ("index", "together"), hash(tuple(together))


def _of_function(function: FunctionType) -> Iterator[Child]:
    code = function.__code__
    for name, cell in zip(code.co_freevars, function.__closure__ or (), strict=False):
        try:
            yield ("name", name, code), cell.cell_contents
        except ValueError:  # not assigned yet
            continue
    defaults = function.__defaults__ or ()
    # Compiled functions and functions with replaced code may have more defaults than parameters.
    named = zip(reversed(code.co_varnames[: code.co_argcount]), reversed(defaults), strict=False)
    for name, value in (*named, *(function.__kwdefaults__ or {}).items()):
        if type(name) is str:
            yield ("name", name, code), value
    for name, value in dict_of(function).items():
        if type(name) is str:
            yield ("attr", name, FunctionType), value
    yield from globals_of(code, function.__globals__)


def globals_of(code: CodeType, known: dict[str, Any]) -> Iterator[Child]:
    """Yield what code may read by its global names, of its own module and of modules that it imports."""
    names = dict.fromkeys(_global_names(code))
    held = {name: dict.__getitem__(known, name) for name in names if dict.__contains__(known, name)}
    unknown = sorted(name for name in names if name not in held)
    imported = {name: sys.modules[name] for name in unknown if name in sys.modules}  # ``import`` within a function
    modules = {name: module for name, module in imported.items() if is_a(module, ModuleType)}
    for name, value in held.items():
        yield ("global", sys.intern(name), code.co_filename), value
        if is_a(value, ModuleType):
            modules[module_text(value, "__name__")] = value
    for name in unknown:
        if name in vars(builtins) and is_leaf(vars(builtins)[name]):
            yield ("global", name, code.co_filename), vars(builtins)[name]
    yield from _of_modules(modules, names)


def _of_modules(modules: dict[str, ModuleType], names: dict[str, None]) -> Iterator[Child]:
    """Yield what modules hold under names, and the modules within them."""
    waiting = list(modules.values())
    while waiting:
        module = waiting.pop()
        held, called = module_dict(module), module_text(module, "__name__")
        for name in sorted(name for name in names if name in held):
            value = held[name]
            if type(value) is not ModuleType:
                if value is not sys.modules:
                    yield ("member", sys.intern(name), called), value
            elif module_text(value, "__name__") not in modules:
                modules[module_text(value, "__name__")] = value
                waiting.append(value)
        if module is os and "getenv" in names:
            yield ("member", "environ", "os"), os.environ


def _global_names(code: CodeType) -> Iterator[str]:
    yield from (str(name) for name in code.co_names)
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _global_names(constant)
        elif isinstance(constant, str) and constant.isidentifier():  # globals()["name"]
            yield constant


def _of_wrapper(thing: Any, kind: Any) -> Iterator[Child]:
    if derives(kind, functools.partial):
        read = class_dict(functools.partial)
        for number, value in enumerate((read["func"].__get__(thing), *read["args"].__get__(thing))):
            yield ("part", number), value
        for name, value in dict.items(read["keywords"].__get__(thing)):
            if type(name) is str:
                yield ("part", name), value
    elif derives(kind, property):
        yield ("part", "fget"), class_dict(property)["fget"].__get__(thing)
    elif derives(kind, MethodType):
        yield ("part", "self"), thing.__self__
        yield ("part", "function"), thing.__func__
    elif derives(kind, functools._lru_cache_wrapper):
        yield ("part", "wrapped"), dict_of(thing).get("__wrapped__")
    else:
        base = classmethod if derives(kind, classmethod) else staticmethod
        yield ("part", "wrapped"), class_dict(base)["__wrapped__"].__get__(thing)


def _of_class(cls: type) -> Iterator[Child]:
    for name, value in list(class_dict(cls).items()):
        if type(name) is not str:
            continue
        if is_a(value, *_CLASS_PARTS):
            yield ("part", name), value
        elif not name.startswith("__") and type(value) is not MemberDescriptorType:
            yield ("attr", name, cls), value
    for base in bases(cls):
        yield ("part", class_name(base)), base


def _reader_of_others(kind: Any) -> Reader:
    if kind in _FRAMES:
        return lambda generator: _of_generator(generator, getattr(generator, _FRAMES[kind]))
    if class_attribute(kind, "__next__") is not None and _is_closed(kind):
        return _of_iterator
    return _reader_of_instances(kind)


def _of_iterator(thing: Any) -> Iterator[Child]:
    del thing
    yield ("advanced",), Unlike()


def _of_generator(generator: Any, frame: FrameType | None) -> Iterator[Child]:
    if frame is None:
        return
    yield ("advanced",), frame.f_lasti
    for name, value in locals_of(frame).items():
        yield ("name", name, frame.f_code), value
    # What its loops go through and what it waits for have no name: they lie on the stack of its frame.
    held = [*gc.get_referents(generator), *gc.get_referents(frame)]
    nameless = {id(v): v for v in held if class_attribute(type(v), "__next__") is not None or type(v) in _FRAMES}
    for number, value in enumerate(nameless.values()):
        yield ("waits", number), value


def locals_of(frame: FrameType) -> dict[str, Any]:
    """Return what the local names of a frame hold.

    Until Python 3.13 a function's frame keeps what it gave when it was asked: it would hold objects that the program
    lets go of. So it is emptied again, unless somebody else asked for it too and holds it.
    """
    found = frame.f_locals
    optimized = frame.f_code.co_flags & CO_OPTIMIZED
    if not optimized:  # of a module, or of a class body, whose metaclass may give any mapping
        return {k: v for k, v in dict.items(found) if type(k) is str} if is_a(found, dict) else {}
    copied = dict(found)
    if sys.version_info < (3, 13) and sys.getrefcount(found) <= _ONLY_US:
        found.clear()
    return copied


def _reader_of_instances(cls: type) -> Reader:
    closed = _is_closed(cls)
    if closed and not derives(cls, torch.nn.Module, *_OPEN, *NAMESPACES):
        standard = class_module(cls).partition(".")[0] in sys.stdlib_module_names
        return reader_of_standard(cls) if standard else _of_nothing
    attributes, schedules = reader_of_attributes(cls), derives(cls, torch.optim.lr_scheduler.LRScheduler)
    parts = closed and cls not in NAMESPACES

    def children(thing: Any) -> Iterator[Child]:
        if schedules:  # changes them some day
            yield ("attr", "param_groups", type(dict_of(thing).get("optimizer"))), iter(())
        for name, value in attributes(thing):
            if name == "_modules" and type(value) is dict:
                yield from ((("part", n) if parts else ("attr", n, cls), module) for n, module in value.items())
            elif name not in _OF_MODULES:
                yield ("part", name) if parts else ("attr", name, cls), value
        yield ("part", "class"), cls

    return children


def _is_closed(thing: Any) -> bool:
    module = _module_of(thing)
    if module in _MAKING and module_dict(sys.modules[module]).get(_name_of(thing)) is not thing:
        return False
    package = module.partition(".")[0]
    compiled = package in _COMPILED and _name_of(thing) in _COMPILED[package]
    return compiled or package in _CLOSED or module.startswith(_CLOSED_PARTS)


def _keeps_nothing(definition: Any) -> bool:
    """Return whether a function or class is not looked into."""
    return _is_closed(definition) or _module_of(definition).startswith(_OURS)


def _module_of(definition: Any) -> str:
    """Return the module of a class or function."""
    if derives(type(definition), type):
        return class_module(definition)
    found = definition.__module__
    return found if type(found) is str else ""


def _name_of(definition: Any) -> str:
    return class_name(definition) if derives(type(definition), type) else str(definition.__name__)


def _state(generator: Any, kind: type) -> Any:
    """Return how far a generator came, asked from the C code below it: methods of users' classes are not run."""
    if derives(kind, Random):
        return hash(random.Random.__base__.getstate(generator))  # type: ignore[union-attr]
    if derives(kind, np.random.RandomState):
        return hash(str(np.random.RandomState.get_state(generator)))
    return class_dict(np.random.Generator)["bit_generator"].__get__(generator).state
