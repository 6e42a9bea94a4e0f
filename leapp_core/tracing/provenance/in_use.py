"""Which of the user's functions may run while a session is open.

A large checkout has thousands of live functions, and rewriting a file takes some 50 ms. What may run is reached from
the frames on the stack, over their own names, those of their modules and what these name, or has a living instance.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from itertools import compress
from types import BuiltinFunctionType, FrameType, FunctionType, ModuleType, NoneType
from typing import Any

from leapp_core.tracing.source.callsite import is_installed, is_library, is_of_core
from leapp_core.tracing.source.heap import functions_of, live
from leapp_core.tracing.source.outside import Outside
from leapp_core.tracing.source.static import Kinds, class_dict, is_a, module_dict, mro

_CONTAINERS = Kinds(list, tuple, dict)
_PLAIN = Kinds(NoneType, bool, int, float, complex, str, bytes, BuiltinFunctionType)
"""Types of what leads nowhere, and is met most often."""


class Users:
    """Tells the user's files from those of installed packages, of simulators and of capture itself.

    Args:
        outside: The simulators.
    """

    def __init__(self, outside: Outside) -> None:
        self._known: dict[str, bool] = {}
        self._modules: dict[str, bool] = {}
        self._outside = outside

    def have(self, path: Any) -> bool:
        """Return whether a file is the user's."""
        if type(path) is not str:
            return False
        if path not in self._known:
            # Packages of another environment, which a path file adds, are installed as well.
            installed = is_installed(path) or is_library(path) or is_of_core(path) or "-packages" in path
            self._known[path] = not (installed or path.startswith("<") or self._outside.has(path))
        return self._known[path]

    def may_have(self, module: Any) -> bool:
        """Return whether what says that it is of a module may be theirs."""
        if type(module) is not str:
            return True
        if module not in self._modules:
            found = sys.modules.get(module)
            path = module_dict(found).get("__file__") if is_a(found, ModuleType) else ""  # type: ignore[arg-type]
            self._modules[module] = module != "builtins" and (not path or self.have(path))
        return self._modules[module]


def in_use(frame: FrameType | None, outside: Outside) -> list[FunctionType]:
    """Return those of the user's functions that may run.

    Args:
        frame: The innermost frame on the stack.
        outside: Simulators, whose functions are none of the user's.
    """
    users = Users(outside)
    everything, types = live()
    functions = functions_of(everything, types)
    del everything
    named = [function.__code__.co_filename for function in functions]
    files = {path for path in set(named) if users.have(path)}
    ours = list(compress(functions, map(files.__contains__, named)))
    reached: dict[int, dict[str, Any]] = {}
    kinds = dict(zip(map(id, types), types, strict=True))
    begins = [f.__globals__ for f in ours if f.__closure__ is not None]  # made while something ran
    way = _Way(users)
    begins += [names for kind in kinds.values() for names in way.of_class(kind)]
    while frame is not None:
        if users.have(frame.f_code.co_filename):
            begins.append(frame.f_globals)
            begins += [names for value in list(frame.f_locals.values()) for names in way.of(value, deep=True)]
        frame = frame.f_back
    while begins:
        names = begins.pop()
        if id(names) not in reached:
            reached[id(names)] = names
            begins += [further for value in list(names.values()) for further in way.of(value, deep=True)]
    return [function for function in ours if id(function.__globals__) in reached]


class _Way:
    """Leads from values to the names of the user's modules. A class or a container is looked at once.

    Args:
        users: Tells the user's files.
    """

    def __init__(self, users: Users) -> None:
        self._users = users
        self._seen: dict[int, Any] = {}  # held, so that their identities stay theirs

    def of(self, value: Any, *, deep: bool) -> Iterator[dict[str, Any]]:
        """Yield the names that a value leads to."""
        kind = type(value)
        if kind in _PLAIN:
            return
        if kind is FunctionType:
            if self._users.have(value.__code__.co_filename):
                yield value.__globals__
        elif is_a(value, type):
            yield from self.of_class(value)
        elif is_a(value, ModuleType):
            if self._users.have(module_dict(value).get("__file__")):
                yield module_dict(value)
        elif deep and kind in _CONTAINERS and self._is_new(value):  # a registry
            for item in list(value.values() if kind is dict else value):
                yield from self.of(item, deep=False)

    def of_class(self, kind: type) -> Iterator[dict[str, Any]]:
        """Yield the names that the functions of a class, and of those it derives from, know."""
        for cls in mro(kind):
            if self._is_new(cls) and self._users.may_have(class_dict(cls).get("__module__")):
                for value in list(class_dict(cls).values()):
                    if type(value) is FunctionType and self._users.have(value.__code__.co_filename):
                        yield value.__globals__

    def _is_new(self, value: Any) -> bool:
        new = id(value) not in self._seen
        if new:
            self._seen[id(value)] = value
        return new
