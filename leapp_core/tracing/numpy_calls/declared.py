"""NumPy arrays that are declared: what is done to them is recorded from there on."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from types import FrameType, ModuleType, SimpleNamespace
from typing import Any

import numpy as np

from leapp_core.spec.semantics import TensorSemantics
from leapp_core.tracing.numpy_calls.holders import in_frame, reachable
from leapp_core.tracing.objects.children import locals_of
from leapp_core.tracing.source.callsite import is_installed, is_library
from leapp_core.tracing.source.static import class_module, dict_of, module_dict


class DeclaredArrays:
    """Puts what reports its calls in the place of arrays and NumPy scalars that are declared.

    An array tells nobody what is computed from it. So it is exchanged for a carrier over the same memory: in the
    mapping or list in which it was handed over, in variables of the functions that are running, and in attributes of
    the user's objects that these can reach.

    Args:
        carry: Makes an array or scalar one whose calls are recorded.
    """

    def __init__(self, carry: Callable[[Any], Any]) -> None:
        self._carry = carry

    def exchange(self, given: Any, frame: FrameType | None) -> Any:
        """Return what was declared, with its arrays exchanged.

        Args:
            given: As it was handed over.
            frame: Who declares it.
        """
        carriers: dict[int, tuple[Any, Any]] = {}
        for value in _arrays(given):
            if id(value) not in carriers:
                carriers[id(value)] = value, self._carry(value)
        if not carriers:
            return given
        self._exchange_in(frame, carriers)
        return _exchanged(given, carriers)

    def _exchange_in(self, frame: FrameType | None, carriers: dict[int, tuple[Any, Any]]) -> None:
        while frame is not None:
            path = frame.f_code.co_filename
            if not is_installed(path) and not is_library(path):
                held = locals_of(frame)
                for place in in_frame(frame, _names(held, carriers)):
                    place.put(place.name, carriers[id(held[place.name])][1])
                _exchange_items(frame.f_globals, carriers)
                for thing in reachable(list(held.values()), self._modules):
                    if type(thing) is dict or type(thing) is list:
                        _exchange_items(thing, carriers)
                    elif type(thing) is SimpleNamespace or class_module(type(thing)) in self._modules:
                        _exchange_items(dict_of(thing), carriers)
            frame = frame.f_back

    @cached_property
    def _modules(self) -> frozenset[str]:
        """Names of the modules whose classes are the user's."""
        found = set()
        for name, module in list(sys.modules.items()):
            path = module_dict(module).get("__file__") if type(module) is ModuleType else None
            if type(path) is str and not is_installed(path) and not is_library(path):
                found.add(name)
        return frozenset(found)


def _exchange_items(held: Any, carriers: Mapping[int, tuple[Any, Any]]) -> None:
    for key, value in list(held.items() if isinstance(held, dict) else enumerate(held)):
        if id(value) in carriers:
            held[key] = carriers[id(value)][1]


def _names(held: Mapping[str, Any], carriers: Mapping[int, Any]) -> frozenset[str]:
    return frozenset(name for name, value in held.items() if id(value) in carriers)


def _arrays(given: Any) -> Iterator[Any]:
    if type(given) is np.ndarray or (type(given).__module__ == "numpy" and isinstance(given, np.generic)):
        yield given
    elif isinstance(given, TensorSemantics):
        yield from _arrays(given.ref)
    elif isinstance(given, Mapping):
        for value in given.values():
            yield from _arrays(value)
    elif isinstance(given, (list, tuple)):
        for value in given:
            yield from _arrays(value)


def _exchanged(given: Any, carriers: Mapping[int, tuple[Any, Any]]) -> Any:
    """Exchange arrays in place where a container can be written, in a copy where it cannot."""
    if id(given) in carriers:
        return carriers[id(given)][1]
    if isinstance(given, TensorSemantics):
        return dataclasses.replace(given, ref=_exchanged(given.ref, carriers))
    if type(given) is dict or type(given) is list:
        for key, value in list(given.items() if type(given) is dict else enumerate(given)):
            given[key] = _exchanged(value, carriers)
        return given
    if isinstance(given, Mapping):
        return {key: _exchanged(value, carriers) for key, value in given.items()}
    if type(given) is tuple:
        return tuple(_exchanged(value, carriers) for value in given)
    return given
