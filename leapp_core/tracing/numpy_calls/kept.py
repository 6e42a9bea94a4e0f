"""Arrays that the program made before the session and writes by index: ``obs[:3] = q`` tells nobody but the array."""

from __future__ import annotations

import ast
import ctypes
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import CellType, FrameType, FunctionType, MethodType, ModuleType
from typing import Any

import numpy as np
import torch

from leapp_core.tracing.numpy_calls.memory import torch_dtype
from leapp_core.tracing.objects.carried import Array, Carrier
from leapp_core.tracing.objects.children import locals_of
from leapp_core.tracing.source.book import SourceFile, SourceFiles
from leapp_core.tracing.source.callsite import is_installed, is_library
from leapp_core.tracing.source.static import class_module, dict_of, module_dict

_LARGEST = 1 << 22  # bytes: an observation or a history, not a data set
_MOST = 10_000  # objects that are looked at
Put = Callable[[str, Any], None]


@dataclass(frozen=True)
class _Place:
    """Where an array is kept: what is there now, and how to put something else there."""

    name: str
    get: Callable[[str], Any]
    put: Put


class KeptArrays:
    """Has arrays report what is written into them, from :meth:`install` to :meth:`remove`.

    Where the user's modules, objects and functions that are running keep an array that their source writes by index,
    a carrier over the same memory takes its place. Only code that uses both NumPy and PyTorch is looked at: physics
    written in NumPy stays as it is.

    Args:
        carry: Makes an array one whose calls are recorded.
    """

    def __init__(self, carry: Callable[[Array], Carrier]) -> None:
        self._carry = carry
        self._files = SourceFiles()
        self._placed: list[tuple[_Place, Array, Carrier]] = []

    def install(self, frame: FrameType | None) -> None:
        """Put carriers in place.

        Args:
            frame: Who opens the session.
        """
        carriers: dict[int, Carrier] = {}
        modules = {n: module_dict(m) for n, m in list(sys.modules.items()) if type(m) is ModuleType and _uses_both(m)}
        for place in [*self._of_modules(modules), *self._of_frames(frame, modules)]:
            array = place.get(place.name)
            if type(array) is not np.ndarray or not 0 < array.nbytes <= _LARGEST or torch_dtype(array.dtype) is None:
                continue
            carrier = carriers.setdefault(id(array), self._carry(array))
            place.put(place.name, carrier)
            self._placed.append((place, array, carrier))

    def remove(self) -> None:
        """Put the arrays back where the carriers still are."""
        while self._placed:
            place, array, carrier = self._placed.pop()
            if place.get(place.name) is carrier:
                place.put(place.name, array)

    def _of_modules(self, modules: dict[str, dict[str, Any]]) -> Iterator[_Place]:
        for held in modules.values():
            names, attributes = _written_by_index(self._files.file(str(held["__file__"])))
            yield from _in_dict(held, names)
            for thing in _reachable(list(held.values()), modules) if attributes else ():
                yield from _in_dict(dict_of(thing), attributes)

    def _of_frames(self, frame: FrameType | None, modules: dict[str, dict[str, Any]]) -> Iterator[_Place]:
        while frame is not None:
            path = frame.f_code.co_filename
            if not is_installed(path) and not is_library(path) and _both(frame.f_globals):
                names, attributes = _written_by_index(self._files.file(path))
                if frame.f_locals is not frame.f_globals:
                    yield from _in_frame(frame, names)
                for thing in _reachable(list(locals_of(frame).values()), modules) if attributes else ():
                    yield from _in_dict(dict_of(thing), attributes)
            frame = frame.f_back


def _uses_both(module: ModuleType) -> bool:
    held = module_dict(module)
    path = held.get("__file__")
    return type(path) is str and not is_installed(path) and not is_library(path) and _both(held)


def _both(held: dict[str, Any]) -> bool:
    return any(v is np for v in held.values()) and any(v is torch for v in held.values())


def _written_by_index(file: SourceFile) -> tuple[frozenset[str], frozenset[str]]:
    """Return names and attributes that a file writes by index: ``name[...] = x``, ``self.attribute[...] += x``."""
    names, attributes = set(), set()
    for node in file.parents:
        if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store):
            if isinstance(node.value, ast.Name):
                names.add(node.value.id)
            elif isinstance(node.value, ast.Attribute):
                attributes.add(node.value.attr)
    return frozenset(names), frozenset(attributes)


def _in_dict(held: dict[str, Any], names: frozenset[str]) -> Iterator[_Place]:
    for name in names & held.keys():
        yield _Place(name, held.get, held.__setitem__)


def _in_frame(frame: FrameType, names: frozenset[str]) -> Iterator[_Place]:
    def get(name: str) -> Any:
        return locals_of(frame).get(name)

    def put(name: str, value: Any) -> None:
        frame.f_locals[name] = value
        if sys.version_info < (3, 13):  # later, what f_locals is told is told to the frame
            ctypes.pythonapi.PyFrame_LocalsToFast(ctypes.py_object(frame), ctypes.c_int(0))

    for name in names & locals_of(frame).keys():
        yield _Place(name, get, put)


def _reachable(things: list[Any], modules: dict[str, dict[str, Any]]) -> list[Any]:
    """Return the objects of the user's classes that lie in others of them, in containers, methods and closures."""
    found: dict[int, Any] = {}
    while things and len(found) < _MOST:
        thing = things.pop()
        kind = type(thing)
        if kind in (list, tuple):
            inside = list(thing) if len(thing) < _MOST else []
        elif kind is dict:
            inside = list(thing.values()) if len(thing) < _MOST else []
        elif kind is MethodType:
            inside = [thing.__self__]
        elif kind is FunctionType:
            inside = [value for cell in thing.__closure__ or () for value in _content(cell)]
        elif class_module(kind) in modules:
            inside = list(dict_of(thing).values())
        else:
            continue
        if id(thing) not in found:
            found[id(thing)] = thing
            things.extend(inside)
    return [thing for thing in found.values() if class_module(type(thing)) in modules]


def _content(cell: CellType) -> list[Any]:
    try:
        return [cell.cell_contents]
    except ValueError:  # nothing yet
        return []
