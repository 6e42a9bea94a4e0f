"""Arrays that the program made before the session and writes in its steps, which tells nobody but the array."""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable, Iterator
from functools import lru_cache
from types import FrameType, ModuleType
from typing import Any

import numpy as np
import torch

from leapp_core.tracing.numpy_calls.holders import Place, in_dict, in_frame, reachable
from leapp_core.tracing.numpy_calls.memory import torch_dtype
from leapp_core.tracing.objects.carried import Array, Carrier
from leapp_core.tracing.objects.children import locals_of
from leapp_core.tracing.source.book import source_file, text_of
from leapp_core.tracing.source.callsite import is_installed, is_library
from leapp_core.tracing.source.static import class_module, dict_of, module_dict

_LOOPS = (ast.For, ast.AsyncFor, ast.While)
_LARGEST = 1 << 22  # bytes: an observation or a history, not a data set


class KeptArrays:
    """Has arrays report what is written into them, from :meth:`install` to :meth:`remove`.

    Where the user's modules, objects and functions that are running keep an array that their source writes,
    a carrier over the same memory takes its place. Only code that uses both NumPy and PyTorch is looked at, and
    that which opens the session: physics written in NumPy stays as it is.

    Args:
        carry: Makes an array one whose calls are recorded.
    """

    def __init__(self, carry: Callable[[Array], Carrier]) -> None:
        self._carry = carry
        self._placed: list[tuple[Place, Array, Carrier]] = []

    def install(self, frame: FrameType | None) -> None:
        """Put carriers in place.

        Args:
            frame: Who opens the session.
        """
        carriers: dict[int, Carrier] = {}
        for place in self._places(frame):
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

    def _places(self, frame: FrameType | None) -> Iterator[Place]:
        """Return the names and attributes that are written by index and may hold an array."""
        modules = {n: module_dict(m) for n, m in list(sys.modules.items()) if type(m) is ModuleType and _uses_both(m)}
        rewritten: set[str] = set()
        roots: list[Any] = []
        for held in modules.values():
            names, attributes = _written_in(str(held["__file__"]))
            yield from in_dict(held, names)
            rewritten |= attributes
            roots += list(held.values())
        while frame is not None:
            path = frame.f_code.co_filename
            if not is_installed(path) and not is_library(path):
                roots += list(locals_of(frame).values())
                if any(v is np for v in frame.f_globals.values()):
                    names, attributes = _written_in(path)
                    rewritten |= attributes
                    if modules.setdefault(str(frame.f_globals.get("__name__")), frame.f_globals) is frame.f_globals:
                        yield from in_dict(frame.f_globals, names)
                    if frame.f_locals is not frame.f_globals:
                        yield from in_frame(frame, names)
            frame = frame.f_back
        for thing in reachable(roots, modules) if rewritten else ():
            if class_module(type(thing)) in modules:
                yield from in_dict(dict_of(thing), frozenset(rewritten))


def _uses_both(module: ModuleType) -> bool:
    held = module_dict(module)
    path = held.get("__file__")
    return type(path) is str and not is_installed(path) and not is_library(path) and _both(held)


def _both(held: dict[str, Any]) -> bool:
    return any(v is np for v in held.values()) and any(v is torch for v in held.values())


def _written_in(path: str) -> tuple[frozenset[str], frozenset[str]]:
    return _written(path, text_of(path))


@lru_cache(maxsize=4096)  # files of a project, which each session asks for; what is kept of one is small
def _written(path: str, text: str) -> tuple[frozenset[str], frozenset[str]]:
    """Return names and attributes that a file writes step by step.

    By index (``name[...] = x``, ``self.attribute[...] += x``), or anew: attributes in other functions than
    constructors, names in loops and as globals of functions.
    """
    names, attributes = set(), set()
    file = source_file(path, text)
    for node in file.parents:
        if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store):
            if isinstance(node.value, ast.Name):
                names.add(node.value.id)
            elif isinstance(node.value, ast.Attribute):
                attributes.add(node.value.attr)
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            if getattr(file.function_of(node), "name", "__init__") != "__init__":
                attributes.add(node.attr)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            if any(isinstance(n, _LOOPS) for n in file.above(node)):
                names.add(node.id)
        elif isinstance(node, (ast.Global, ast.Nonlocal)):
            names |= set(node.names)
    return frozenset(names), frozenset(attributes)
