"""Read attributes of any object without running code of it or of its class.

``getattr``, ``vars``, ``isinstance`` and even ``cls.__mro__`` may run properties, metaclasses, proxies, lazy modules.
What is here goes to the slots of ``type`` and to the descriptors that C code put into a class, and nowhere else.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from types import GetSetDescriptorType, MemberDescriptorType, ModuleType
from typing import Any

_MRO = type.__dict__["__mro__"].__get__
_CLASS_DICT = type.__dict__["__dict__"].__get__
_BASES = type.__dict__["__bases__"].__get__
_NAME = type.__dict__["__name__"].__get__
_QUALNAME = type.__dict__["__qualname__"].__get__
_MODULE = type.__dict__["__module__"].__get__
_MODULE_DICT = vars(ModuleType)["__dict__"].__get__
_IN_C = (GetSetDescriptorType, MemberDescriptorType)
_HASHED_BY = (object, type)


def mro(cls: type) -> tuple[type, ...]:
    """Return a class and those it derives from, in the order of look-up."""
    return _MRO(cls) or ()


def class_dict(cls: type) -> Any:
    """Return what a class itself defines, as a read-only mapping."""
    return _CLASS_DICT(cls)


def bases(cls: type) -> tuple[type, ...]:
    """Return the direct bases of a class."""
    return _BASES(cls)  # type: ignore[no-any-return]


def class_name(cls: type) -> str:
    """Return the name of a class."""
    return str(_NAME(cls))


def qualified_name(cls: type) -> str:
    """Return the qualified name of a class."""
    return str(_QUALNAME(cls))


def class_module(cls: type) -> str:
    """Return the name of the module that a class says it is of; empty if it says something else than a name."""
    try:
        found = _MODULE(cls)
    except AttributeError:
        return ""
    return found if type(found) is str else ""


def module_dict(module: ModuleType) -> dict[str, Any]:
    """Return what a module holds now; a lazy module is not loaded."""
    return _MODULE_DICT(module)  # type: ignore[no-any-return]


def module_text(module: Any, name: str) -> str:
    """Return an attribute of a module that is a string, such as ``__name__``; empty if it has none."""
    found = module_dict(module).get(name) if is_a(module, ModuleType) else None
    return found if type(found) is str else ""


class Kinds:
    """A set of types that asks none of the user's types for its hash or whether it is equal to another.

    Args:
        kinds: The types.
    """

    __slots__ = ("_ids", "_kinds")

    def __init__(self, *kinds: type) -> None:
        self._kinds, self._ids = kinds, frozenset(map(id, kinds))

    def __contains__(self, kind: type) -> bool:
        return id(kind) in self._ids

    def __iter__(self) -> Iterator[type]:
        return iter(self._kinds)

    def among(self, values: Iterable[Any]) -> bool:
        """Return whether one of some values is of one of these types."""
        return not self._ids.isdisjoint(map(id, map(type, values)))


def is_a(thing: Any, *classes: type) -> bool:
    """Return whether an object is of one of some classes by inheritance: what it pretends to be does not count."""
    return derives(type(thing), *classes)


def derives(cls: type, *classes: type) -> bool:
    """Return whether a class has one of some classes among its ancestors: no abstract base class is asked."""
    for ancestor in mro(cls):  # written out: it is asked of every object that is looked at
        for wanted in classes:
            if ancestor is wanted:
                return True
    return False


def class_attribute(cls: type, name: str) -> Any:
    """Return what a class or one of its ancestors defines under a name, unbound; ``None`` if none does."""
    return next((class_dict(base)[name] for base in mro(cls) if name in class_dict(base)), None)


def is_plain_class(cls: type) -> bool:
    """Return whether a class can be a key: its metaclass has no ``__hash__`` or ``__eq__`` of its own."""
    return type(cls) is type or _hashes_plainly(type(cls))


def _hashes_plainly(meta: type) -> bool:
    for base in mro(meta):
        if base in _HASHED_BY:
            return True
        if {"__hash__", "__eq__"} & class_dict(base).keys():
            return False
    return True


def dict_slot(cls: type) -> Any:
    """Return the descriptor by which objects of a class give their own attributes; ``None`` if it has none of C."""
    for base in mro(cls):
        found = class_dict(base).get("__dict__")
        if type(found) in _IN_C and base is not type:
            return found
    return None


def dict_of(thing: Any) -> dict[str, Any]:
    """Return an object's own attributes; empty if it has none, or keeps them where only its own code knows."""
    return dict_in(thing, dict_slot(type(thing)))


def dict_in(thing: Any, slot: Any) -> dict[str, Any]:
    """Return an object's own attributes through the descriptor of its class that :func:`dict_slot` found."""
    if slot is None:
        return {}
    try:
        own = slot.__get__(thing)
    except (AttributeError, TypeError):
        return {}
    return own if type(own) is dict else {}


def slots(cls: type) -> list[tuple[str, MemberDescriptorType]]:
    """Return the slots of a class and of those it derives from, in the order of look-up; a name may come again."""
    return [
        (name, slot)
        for base in mro(cls)
        for name, slot in class_dict(base).items()
        if type(slot) is MemberDescriptorType and type(name) is str and name != "__dict__"
    ]


def slots_of(thing: Any, among: Iterable[tuple[str, MemberDescriptorType]] | None = None) -> dict[str, Any]:
    """Return what an object holds in slots; those that were never assigned are left out.

    Args:
        thing: The object.
        among: The slots of its class, if they are known already.
    """
    held: dict[str, Any] = {}
    for name, slot in slots(type(thing)) if among is None else among:
        try:
            held.setdefault(name, slot.__get__(thing))
        except (AttributeError, TypeError):
            continue
    return held
