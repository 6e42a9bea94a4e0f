"""What live objects hold under the attributes that the user's source names, told without running code of theirs."""

from __future__ import annotations

import argparse
import ast
import gc
import sys
from collections.abc import Iterable, Sequence
from functools import cached_property
from numbers import Real
from types import MemberDescriptorType, ModuleType, SimpleNamespace

import torch

from leapp_core.tracing.source.book import SourceBook, SourceFile

_MISSING = object()
_UNKNOWN = object()
# Anybody may set attributes on objects of these types.
_OPEN = (SimpleNamespace, argparse.Namespace)
_IN_MODULES = ("_parameters", "_buffers", "_modules")
DELEGATING = frozenset({"__getattr__", "__getattribute__"})
"""Methods by which an object may give attributes of others as its own."""


class LivingObjects:
    """The live objects whose classes the user's source defines, and its modules.

    Objects of other code are left out: that one of them has an attribute of the same name tells nothing.

    Args:
        book: The user's source.
    """

    def __init__(self, book: SourceBook) -> None:
        self._files = {file.path for file in book.files}
        self._known: dict[type, bool] = {}
        self._objects = [thing for thing in gc.get_objects() if self._is_of_user(thing)]
        self._below = _names_below({cls.name for file in book.files for cls in file.classes})

    @cached_property
    def alive(self) -> frozenset[str]:
        """Names of the classes that have a live object, of those above them too."""
        kinds = {type(thing) for thing in self._objects}
        return frozenset(cls.__name__ for kind in kinds for cls in kind.__mro__)

    def below(self, name: str) -> set[str]:
        """Return the names of the classes that derive from one of this name, wherever they were written."""
        return self._below.get(name, set())

    def types_under(self, name: str, attributes: Sequence[str]) -> frozenset[str] | None:
        """Return the types of what objects of a class hold under ``self.a.b``; ``None`` if that cannot be told."""
        return _types(_follow(root, attributes) for root in self._of_class(name))

    def types_in_module(self, path: str, names: Sequence[str]) -> frozenset[str] | None:
        """Return the types of what a dotted name means in the module of a file; ``None`` if that cannot be told."""
        modules = (t for t in self._objects if type(t) is ModuleType and vars(t).get("__file__") == path)
        return _types(_follow(module, names) for module in modules)

    def _of_class(self, name: str) -> list[object]:
        return [t for t in self._objects if any(cls.__name__ == name for cls in type(t).__mro__)]

    def may_hold_number(self, file: SourceFile, node: ast.expr) -> bool:
        """Return whether an expression may be a Python number.

        ``self.a.b`` is looked up on the live objects of the class around it. Where that leads nowhere (a property, an
        item, a local name), any object of the user with a number under that name counts.

        Args:
            file: File of the expression.
            node: The expression; anything but an attribute counts as a number.
        """
        if not isinstance(node, ast.Attribute):
            return True
        names, first = [node.attr], node
        while isinstance(first.value, ast.Attribute):
            first = first.value
            names.insert(0, first.attr)
        owner = file.owner_of(first)
        if owner is None:
            return self._anywhere(node.attr)
        found = [_follow(root, names) for root in self._of_class(owner.name)]
        if not found or any(_is_number(value) for value in found):
            return True
        return any(value is _UNKNOWN for value in found) and self._anywhere(node.attr)

    def _anywhere(self, attribute: str) -> bool:
        return any(_is_number(_held(thing, attribute)) for thing in self._objects)

    def _is_of_user(self, thing: object) -> bool:
        if type(thing) is ModuleType:
            return vars(thing).get("__name__") == "__main__" or vars(thing).get("__file__") in self._files
        known = self._known.get(type(thing))
        if known is None:
            known = type(thing) in _OPEN or any(self._defines(cls) for cls in type(thing).__mro__)
            self._known[type(thing)] = known
        return known

    def _defines(self, cls: type) -> bool:
        """Return whether the user's source defines a class; one whose module is not known may be of it."""
        module = sys.modules.get(cls.__module__)
        path = getattr(module, "__file__", None)  # what is typed into a notebook has no file
        return module is None or path in self._files or (path is None and cls.__module__ == "__main__")


def _names_below(names: set[str]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    waiting, seen = [object], {object}
    while waiting:
        for cls in type.__subclasses__(waiting.pop()):
            if cls not in seen:
                seen.add(cls)
                waiting.append(cls)
                for base in cls.__mro__:
                    if base.__name__ in names:
                        found.setdefault(base.__name__, set()).add(cls.__name__)
    return found


def _types(held: Iterable[object]) -> frozenset[str] | None:
    known = [thing for thing in held if thing is not _MISSING and thing is not None]
    if not known or any(thing is _UNKNOWN or _delegates(type(thing)) for thing in known):
        return None
    return frozenset(f"module {t.__name__}" if isinstance(t, ModuleType) else type(t).__name__ for t in known)


def _delegates(cls: type) -> bool:
    """Return whether objects may give attributes of others as their own."""
    plain = (object, torch.nn.Module, ModuleType)
    return any(DELEGATING & vars(c).keys() for c in cls.__mro__ if c not in plain)


def _follow(thing: object, names: Sequence[str]) -> object:
    for name in names:
        if thing is _UNKNOWN or thing is _MISSING:
            break
        thing = _held(thing, name)
    return thing


def _held(thing: object, name: str) -> object:
    """Return what an object holds under a name; unknown where only code of the object could tell."""
    own = _own(thing)
    if name in own:
        return own[name]
    is_module = issubclass(type(thing), torch.nn.Module)
    for group in _IN_MODULES if is_module else ():
        held = own.get(group)
        if type(held) is dict and name in held:
            return held[name]
    for cls in type(thing).__mro__:
        if name in vars(cls):
            return _of_class(vars(cls)[name], thing)
    return _UNKNOWN if hasattr(type(thing), "__getattr__") and not is_module else _MISSING


def _own(thing: object) -> dict[str, object]:
    """Return an object's own attributes: deprecated names of libraries warn when they are looked at in other ways."""
    try:
        own = object.__getattribute__(thing, "__dict__")
    except AttributeError:
        return {}
    return own if type(own) is dict else {}


def _of_class(found: object, thing: object) -> object:
    if isinstance(found, MemberDescriptorType):  # a slot
        try:
            return found.__get__(thing)
        except AttributeError:
            return _MISSING
    return _UNKNOWN if hasattr(type(found), "__get__") else found


def _is_number(value: object) -> bool:
    return issubclass(type(value), Real) and type(value) is not bool
