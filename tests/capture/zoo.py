"""Odd objects, as libraries and users have them: each notes when code of it is run."""

from __future__ import annotations

import collections
import ctypes
import datetime
import enum
import functools
import importlib.util
import mmap
import random
import sys
import threading
import types
import weakref
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from typing import Any
from unittest.mock import MagicMock

import numpy as np

Ran = list[str]
Maker = Callable[[Ran], Any]
ZOO: dict[str, Maker] = {}


def _specimen(maker: Maker) -> Maker:
    ZOO[maker.__name__] = maker
    return maker


def _noting(ran: Ran, *names: str) -> dict[str, Any]:
    """Return methods that note that they were run, and raise."""

    def method(name: str) -> Callable[..., Any]:
        def run(*_: Any, **__: Any) -> Any:
            ran.append(name)
            raise RuntimeError(f"{name} was run")

        return run

    return {name: method(name) for name in names}


_OPERATORS = (
    "__eq__", "__ne__", "__lt__", "__hash__", "__bool__", "__len__", "__iter__", "__getitem__", "__contains__",
    "__repr__", "__str__", "__int__", "__float__", "__index__", "__call__", "__next__", "__format__",
)  # fmt: skip


@_specimen
def more_defaults_than_parameters(ran: Ran) -> Any:
    def edges(graph: Any = None) -> Any:
        return graph

    edges.__defaults__ = (None, "weight", 1.0, 2.0)
    return edges


@_specimen
def replaced_code(ran: Ran) -> Any:
    def before(a: int = 1, b: int = 2) -> int:
        return a + b

    before.__code__ = (lambda: 0).__code__
    before.__kwdefaults__ = {"never": ran, 5: 6}  # type: ignore[dict-item]
    before.__module__ = ["no", "name"]  # type: ignore[assignment]
    before.__dict__.update({"noted": 1})
    return before


@_specimen
def attributes_that_raise(ran: Ran) -> Any:
    return type("Raising", (), _noting(ran, "__getattribute__", "__getattr__"))()


@_specimen
def properties_that_raise(ran: Ran) -> Any:
    method = _noting(ran, "get")["get"]
    own = {"value": property(method), "cached": functools.cached_property(method), "__dict__": property(method)}
    return type("Properties", (), own)()


@_specimen
def operators_that_raise(ran: Ran) -> Any:
    return type("Operators", (), _noting(ran, *_OPERATORS))()


@_specimen
def metaclass_that_looks_up(ran: Ran) -> Any:
    meta = type("Looking", (type,), _noting(ran, "__getattribute__", "__instancecheck__", "__subclasscheck__"))
    return type.__call__(type.__new__(meta, "Looked", (), {"n": 1}))


@_specimen
def metaclass_without_hash(ran: Ran) -> Any:
    meta = type("Comparing", (type,), _noting(ran, "__eq__", "__hash__", "__repr__"))
    cls = type.__new__(meta, "Compared", (), {"n": 1})
    return [cls, type.__call__(cls), {"kind": cls}]


@_specimen
def key_of_a_class_without_hash(ran: Ran) -> Any:
    meta = type("Keying", (type,), _noting(ran, "__eq__", "__hash__"))
    cls = type.__new__(meta, "Key", (), {})
    return {type.__call__(cls): 1.0, "plain": 2.0}


@_specimen
def pretends_to_be_another(ran: Ran) -> Any:
    def pretend(_: Any) -> Any:
        ran.append("__class__")
        return dict

    return type("Pretender", (), {"__class__": property(pretend)})()


@_specimen
def subclass_of_user_dict(ran: Ran) -> Any:
    meta = type("Checking", (type(collections.UserDict),), _noting(ran, "__subclasscheck__", "__instancecheck__"))
    return meta("Checked", (collections.UserDict,), {"__module__": __name__})({"a": 1})


@_specimen
def lazy_module(ran: Ran) -> Any:
    class Loader:
        def create_module(self, _: Any) -> None:
            return None

        def exec_module(self, _: Any) -> None:
            ran.append("loaded")

    spec = importlib.util.spec_from_loader("leapp_lazy", importlib.util.LazyLoader(Loader()))  # type: ignore[arg-type]
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    assert spec.loader is not None
    spec.loader.exec_module(module)
    sys.modules["leapp_lazy"] = module
    return module


@_specimen
def module_of_another_class(ran: Ran) -> Any:
    module = type("Module", (types.ModuleType,), _noting(ran, "__getattr__", "__repr__"))("leapp_odd")
    module.__dict__["__file__"] = 5
    sys.modules["leapp_odd"] = module
    return module


@_specimen
def weak_proxy(ran: Ran) -> Any:
    target = type("Target", (), {"n": 1, **_noting(ran, "__getattr__", "__len__", "__next__")})()
    return [weakref.proxy(target), weakref.ref(target), target]


@_specimen
def dead_proxy(ran: Ran) -> Any:
    return weakref.proxy(type("Dead", (), {})())


@_specimen
def slots_without_values(ran: Ran) -> Any:
    return type("Slotted", (), {"__slots__": ("a", "b", "__weakref__")})()


@_specimen
def cyclic_containers(ran: Ran) -> Any:
    ring: list[Any] = [1]
    ring.append(ring)
    table: dict[Any, Any] = {"ring": ring}
    table["self"] = table
    return table


@_specimen
def container_subclasses(ran: Ran) -> Any:
    names = ("__iter__", "__len__", "__getitem__", "items", "keys", "values", "__eq__", "__contains__", "__repr__")
    kinds = [type(f"My{base.__name__}", (base,), _noting(ran, *names)) for base in (dict, list, tuple, set)]
    ordered = type("MyOrdered", (collections.OrderedDict,), _noting(ran, *names))
    return [*(kind() for kind in kinds), collections.deque(maxlen=2), ordered()]


@_specimen
def numbers_of_own_classes(ran: Ran) -> Any:
    names = ("__eq__", "__hash__", "__repr__", "__str__", "__float__", "__int__", "__index__")
    values: dict[type, Any] = {int: 3, float: 0.5, str: "name", bytes: b"raw", complex: 1j}
    plain = [type(f"My{base.__name__}", (base,), _noting(ran, *names))(value) for base, value in values.items()]
    return [*plain, type("MyScalar", (np.float64,), _noting(ran, "__eq__", "__repr__"))(0.5)]


@_specimen
def tuple_with_strange_fields(ran: Ran) -> Any:
    first = type("Fields", (tuple,), {"_fields": 5})((1, 2))
    second = type("Named", (tuple,), {"_fields": ([], {})})((1, 2))
    return first, second


@_specimen
def attributes_without_names(ran: Ran) -> Any:
    thing = type("Numbered", (), {})()
    text = type("Text", (str,), _noting(ran, "__eq__"))  # a key whose comparison is the user's
    thing.__dict__[5] = 1
    text.__hash__ = lambda _: 7  # type: ignore[method-assign, assignment]
    thing.__dict__[text("n")] = 2
    return thing


@_specimen
def partials(ran: Ran) -> Any:
    method = _noting(ran, "get")["get"]
    mine = type("Partial", (functools.partial,), {"func": property(method), "args": property(method)})
    return [mine(int, "3", base=10), functools.partialmethod(method, 1), functools.lru_cache(method)]


@_specimen
def wrapped_functions(ran: Ran) -> Any:
    odd = type("Callable", (), _noting(ran, "__call__", "__get__"))()
    own = {"a": staticmethod(odd), "b": classmethod(odd), "c": property(odd), "d": odd, "e": property()}
    return type("Wrapping", (), own)


@_specimen
def method_of_an_odd_callable(ran: Ran) -> Any:
    odd = type("Callable", (), _noting(ran, "__call__", "__getattr__", "__name__"))()
    return types.MethodType(odd, odd)


@_specimen
def generators_of_numbers(ran: Ran) -> Any:
    mine = type("MyRandom", (random.Random,), _noting(ran, "getstate", "__reduce__"))
    return [random.SystemRandom(), mine(5), np.random.RandomState(3), np.random.default_rng(3)]


@_specimen
def enumeration(ran: Ran) -> Any:
    def name(_: Any) -> Any:
        ran.append("name")
        raise RuntimeError("name was run")

    class Mode(enum.Enum):
        WALK = 1

    Mode.label = property(name)  # type: ignore[attr-defined]
    flags = enum.Flag("Flags", "A B")  # type: ignore[misc]
    return [Mode.WALK, Mode, flags.A | flags.B]


@_specimen
def class_of_no_module(ran: Ran) -> Any:
    first = type("Nowhere", (), {"__module__": None})()
    second = type("Elsewhere", (), {"__module__": property(_noting(ran, "module")["module"])})
    return [first, second, second(), type("Gone", (), {"__module__": "leapp_gone"})()]


@_specimen
def own_order_of_look_up(ran: Ran) -> Any:
    class Meta(type):
        def mro(cls) -> list[type]:
            return [cls, object]

    return Meta("Reordered", (), {})()


@_specimen
def time_zones(ran: Ran) -> Any:
    zone = type("Zone", (datetime.tzinfo,), _noting(ran, "utcoffset", "dst", "tzname", "__eq__", "__repr__"))()
    mine = type("Day", (datetime.date,), _noting(ran, "__eq__", "__repr__"))(2026, 1, 1)
    return [datetime.datetime(2026, 1, 1, tzinfo=zone), datetime.time(1, tzinfo=zone), mine]


@_specimen
def memory_that_is_closed(ran: Ran) -> Any:
    closed = mmap.mmap(-1, 64)
    closed.close()
    released = memoryview(b"gone")
    released.release()
    return [closed, released, (ctypes.c_int * 3)(1, 2, 3), bytearray(5)]


@_specimen
def arrays_of_objects(ran: Ran) -> Any:
    odd = type("Element", (), _noting(ran, "__eq__", "__repr__", "__float__"))()
    table = np.array([odd, None, 3], dtype=object)
    fields = np.zeros(2, dtype=[("dtype", "f4"), ("shape", "f4")])
    return [table, fields, fields.view(np.recarray), fields[0], np.array([odd, 1], dtype=object)[1:]]


@_specimen
def generators(ran: Ran) -> Any:
    def count() -> Iterator[int]:
        yield from range(5)

    async def never() -> int:
        return 1

    waiting, ended, coroutine = count(), count(), never()
    next(waiting)
    list(ended)
    coroutine.close()
    return [waiting, ended, coroutine, iter([1, 2]), zip([1], [2], strict=True)]


@_specimen
def of_the_standard_library(ran: Ran) -> Any:
    class Local(threading.local):
        def __init__(self) -> None:
            self.n = 1

    things: list[Any] = [threading.Lock(), threading.local(), Local(), ContextVar("leapp"), MagicMock()]
    things += [weakref.WeakValueDictionary(), weakref.WeakSet(), collections.ChainMap({"a": 1}), {}.keys()]
    try:
        raise KeyError(things)
    except KeyError as error:
        return [*things, error, error.__traceback__, types.MappingProxyType({"a": 1})]
