"""Where a program keeps an array: names of a module or a function that is running, attributes of its objects."""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Callable, Container, Iterator
from dataclasses import dataclass
from types import CellType, FrameType, FunctionType, MethodType, SimpleNamespace
from typing import Any

from leapp_core.tracing.objects.children import locals_of
from leapp_core.tracing.source.static import class_module, dict_of

_MOST = 10_000  # objects that are looked at


@dataclass(frozen=True)
class Place:
    """Where an array is kept: what is there now, and how to put something else there."""

    name: str
    get: Callable[[str], Any]
    put: Callable[[str, Any], None]


def in_dict(held: dict[str, Any], names: frozenset[str]) -> Iterator[Place]:
    """Return the places of some names in a dictionary of names or attributes."""
    for name in names & held.keys():
        yield Place(name, held.get, held.__setitem__)


def in_frame(frame: FrameType, names: frozenset[str]) -> Iterator[Place]:
    """Return the places of some local variables of a function that is running."""

    def get(name: str) -> Any:
        return locals_of(frame).get(name)

    def put(name: str, value: Any) -> None:
        frame.f_locals[name] = value
        if sys.version_info < (3, 13):  # later, what f_locals is told is told to the frame
            ctypes.pythonapi.PyFrame_LocalsToFast(ctypes.py_object(frame), ctypes.c_int(0))

    for name in names & locals_of(frame).keys():
        yield Place(name, get, put)


def reachable(things: list[Any], modules: Container[str]) -> list[Any]:
    """Return objects of the user's classes and containers that lie in others of them, in methods and closures."""
    found: dict[int, Any] = {}
    while things and len(found) < _MOST:
        thing = things.pop()
        kind = type(thing)
        if kind is list or kind is tuple:
            inside = list(thing) if len(thing) < _MOST else []
        elif kind is dict:
            inside = list(thing.values()) if len(thing) < _MOST else []
        elif kind is MethodType:
            inside = [thing.__self__]
        elif kind is FunctionType:
            inside = [value for cell in thing.__closure__ or () for value in _content(cell)]
        elif kind is SimpleNamespace or class_module(kind) in modules:
            inside = list(dict_of(thing).values())
        else:
            continue
        if id(thing) not in found:
            found[id(thing)] = thing
            things.extend(inside)
    return list(found.values())


def _content(cell: CellType) -> list[Any]:
    try:
        return [cell.cell_contents]
    except ValueError:  # nothing yet
        return []
