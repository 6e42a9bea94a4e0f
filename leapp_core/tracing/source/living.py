"""What live objects hold under the attributes that the user's source names, told without running code of theirs."""

from __future__ import annotations

import argparse
import ast
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from types import FunctionType, MemberDescriptorType, ModuleType, NoneType, SimpleNamespace, WrapperDescriptorType
from weakref import CallableProxyType, ProxyType

import numpy as np
import torch

from leapp_core.tracing.source.book import SourceBook, SourceFile, dotted
from leapp_core.tracing.source.clocks import Anew, gives_anew
from leapp_core.tracing.source.heap import ClassKey, Heap, class_key
from leapp_core.tracing.source.static import (
    class_attribute,
    class_dict,
    class_module,
    derives,
    dict_of,
    is_a,
    module_dict,
    module_text,
    mro,
)

SeenTypes = Mapping[tuple[type, str], set[type]]

_MISSING = object()
_UNKNOWN = object()
# Anybody may set attributes on objects of these types.
_OPEN = (SimpleNamespace, argparse.Namespace)
ANEW = class_key(Anew)
"""The type of clocks and of functions that draw."""
_PROXIES = (ProxyType, CallableProxyType)
_IN_MODULES = ("_parameters", "_buffers", "_modules")
DELEGATING = frozenset({"__getattr__", "__getattribute__"})
"""Methods by which an object may give attributes of others as its own."""


class LivingObjects:
    """The live objects whose classes the user's source defines, and its modules.

    Objects of other code are left out: that one of them has an attribute of the same name tells nothing.

    Args:
        book: The user's source.
        heap: All live objects.
        seen: Types of what objects, gone since perhaps, were seen to hold in the session: by their class and attribute.
        kinds: All types of objects that were within reach of the steps.
    """

    def __init__(self, book: SourceBook, heap: Heap, seen: SeenTypes, kinds: frozenset[type]) -> None:
        self._book, self._heap, self._seen, self._kinds = book, heap, seen, kinds

    def is_alive(self, key: ClassKey) -> bool:
        """Return whether a class, or one that derives from it, has an object."""
        return any(True for _ in self._heap.objects(key))

    def was_in_reach(self, key: ClassKey) -> bool:
        """Return whether the steps could reach an object of a class, or of one that derives from it."""
        return not self._kinds or bool(self._kinds & self._heap.with_derived(self._heap.classes(key)))

    def is_known(self, key: ClassKey) -> bool:
        """Return whether a class itself still lives: those above and below it are known then."""
        return bool(self._heap.classes(key))

    def below(self, key: ClassKey) -> frozenset[ClassKey]:
        """Return a class and those that derive from it, wherever they were written."""
        found = self._heap.with_derived(self._heap.classes(key))
        return frozenset({key, *(self._heap.key(cls) for cls in found)})

    def having(self, cls: type, attribute: str) -> frozenset[ClassKey]:
        """Return whose attribute it is that objects of a class hold, or the class itself for those below it."""
        kinds = self._heap.with_derived([cls]) if attribute in class_dict(cls) else [cls]
        return frozenset(map(self._heap.key, kinds))

    def types_under(self, key: ClassKey, attributes: Sequence[str]) -> frozenset[ClassKey] | None:
        """Return the types of what objects of a class hold under ``self.a.b``; ``None`` if that cannot be told."""
        held = [_follow(root, attributes) for root in self._heap.objects(key)]
        if any(thing is not _MISSING and thing is not None for thing in held):
            return self._types(held)
        return self.types_seen(self._heap.with_derived(self._heap.classes(key)), attributes)

    def class_in_module(self, path: str, names: Sequence[str]) -> type | None:
        """Return the class that a dotted name means in the module of a file."""
        found = [_follow(module, names) for module in self._heap.modules(path)]
        cls = found[0] if len(found) == 1 and is_a(found[0], type) else None
        plain = cls is not None and class_attribute(type(cls), "__call__") is class_dict(type)["__call__"]
        return cls if plain and isinstance(cls, type) else None

    def is_setting(self, types: Iterable[ClassKey], name: str) -> bool:
        """Return whether an attribute may be one that a module of PyTorch's, or a ``partial``, reads by itself."""
        kinds = (cls for key in types for cls in self._heap.classes(key))
        return any(derives(kind, partial) or is_read_by_torch(kind, name) for kind in kinds)

    def types_under_class(self, cls: type, attributes: Sequence[str]) -> frozenset[ClassKey] | None:
        """Return the types of what new objects of just one class hold; their own where no attribute is named."""
        if not attributes:
            return None if _delegates(cls) else frozenset({self._heap.key(cls)})
        return self.types_seen({cls}, attributes)

    def types_seen(self, kinds: set[type], attributes: Sequence[str]) -> frozenset[ClassKey] | None:
        """Return the types of what objects of some types were seen to hold; ``None`` if that cannot be told."""
        for name in attributes:
            held = [self._seen.get((kind, name), set()) for kind in kinds]
            kinds = set().union(*held) - {NoneType}
        if not kinds or any(kind is object or _delegates(kind) or derives(kind, type) for kind in kinds):
            return None
        return frozenset(map(self._heap.key, kinds))

    def types_in_module(self, path: str, names: Sequence[str]) -> frozenset[ClassKey] | None:
        """Return the types of what a dotted name means in the module of a file; ``None`` if that cannot be told."""
        return self._types(_follow(module, names) for module in self._heap.modules(path))

    def modules_of(self, path: str) -> frozenset[ClassKey]:
        """Return the modules that were made of a file, as types of what names mean."""
        return frozenset(key for module in self._heap.modules(path) for key in self._keys(module))

    def types_in_package(self, module: str, names: Sequence[str]) -> frozenset[ClassKey] | None:
        """Return the types of what a dotted name means in an imported module."""
        return self._types([_follow(sys.modules[module], names)] if module in sys.modules else [])

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
        base, names = dotted(node)
        owner = file.class_of(node) if isinstance(base, ast.Name) and base.id in ("self", "cls") else None
        if owner is None:
            return self._anywhere(node.attr)
        found = [_follow(root, names) for root in self._heap.objects(file.class_key(owner))]
        if not found or any(_is_number(value) for value in found):
            return True
        return any(value is _UNKNOWN for value in found) and self._anywhere(node.attr)

    def _anywhere(self, attribute: str) -> bool:
        return any(_is_number(_held(thing, attribute)) for thing in self._objects())

    def _objects(self) -> Iterator[object]:
        """Yield the user's objects; one whose module is not known may be of the user."""
        files = {file.path for file in self._book.files}
        for kind, things in self._heap.by_type.items():
            if derives(kind, ModuleType):
                yield from (m for m in things if _file_of(m) in files or module_text(m, "__name__") == "__main__")
            elif kind in _OPEN or any(_may_be_of(cls, files) for cls in mro(kind)):
                yield from things

    def _types(self, held: Iterable[object]) -> frozenset[ClassKey] | None:
        known = [thing for thing in held if thing is not _MISSING and thing is not None]
        if not known or any(thing is _UNKNOWN or _delegates(type(thing)) for thing in known):
            return None
        return frozenset(key for thing in known for key in self._keys(thing))

    def _keys(self, thing: object) -> Iterable[ClassKey]:
        if is_a(thing, ModuleType):
            return [("<module>", module_text(thing, "__name__"))]
        if gives_anew(thing):
            return [ANEW]
        # What a class holds is what objects of it and of the classes below it have.
        kinds = self._heap.with_derived([thing]) if is_a(thing, type) else [type(thing)]  # type: ignore[list-item]
        return map(self._heap.key, kinds)


def _file_of(module: object) -> object:
    return module_text(module, "__file__") or None


def _may_be_of(cls: type, files: set[str]) -> bool:
    module = sys.modules.get(class_module(cls))
    path = _file_of(module)  # what is typed into a notebook has no file
    return module is None or path in files or (path is None and class_module(cls) == "__main__")


def _delegates(cls: type) -> bool:
    """Return whether objects may give attributes of others as their own."""
    tables = [class_dict(c) for c in mro(cls) if c is not torch.nn.Module]
    found = (table[name] for table in tables for name in DELEGATING if name in table)
    # Types written in C have the plain one of their own, but for proxies.
    return derives(cls, *_PROXIES) or any(type(f) is not WrapperDescriptorType for f in found)


def _follow(thing: object, names: Sequence[str]) -> object:
    for name in names:
        if thing is _UNKNOWN or thing is _MISSING:
            break
        thing = _held(thing, name)
    return thing


def _held(thing: object, name: str) -> object:
    """Return what an object holds under a name; unknown where only code of the object could tell."""
    if is_a(thing, type):
        tables = [class_dict(cls) for cls in mro(thing)]  # type: ignore[arg-type]
        return next((_of_class(table[name], thing) for table in tables if name in table), _UNKNOWN)
    own = module_dict(thing) if is_a(thing, ModuleType) else dict_of(thing)  # type: ignore[arg-type]
    if name in own:
        return own[name]
    is_module = is_a(thing, torch.nn.Module)
    for group in _IN_MODULES if is_module else ():
        held = own.get(group)
        if type(held) is dict and name in held:
            return held[name]
    found = class_attribute(type(thing), name)
    if found is not None:
        return _of_class(found, thing)
    known = class_attribute(type(thing), "__getattr__") is None or is_module
    return _MISSING if known else _UNKNOWN


def _of_class(found: object, thing: object) -> object:
    if type(found) is MemberDescriptorType:  # a slot
        try:
            return found.__get__(thing)
        except AttributeError:
            return _MISSING
    return found if class_attribute(type(found), "__get__") is None else _UNKNOWN


def _is_number(value: object) -> bool:
    return is_a(value, int, float, np.number) and type(value) is not bool


def is_read_by_torch(cls: type, name: str) -> bool:
    """Return whether a class is a module that PyTorch wrote, or derives from one whose functions name an attribute."""
    if not derives(cls, torch.nn.Module):
        return False
    if class_module(cls).startswith("torch."):
        return True
    if name == "training":
        return True
    of_torch = (b for b in mro(cls) if class_module(b).startswith("torch.") and b is not torch.nn.Module)
    functions = (f for base in of_torch for f in class_dict(base).values() if type(f) is FunctionType)
    return any(name in f.__code__.co_names for f in functions)
