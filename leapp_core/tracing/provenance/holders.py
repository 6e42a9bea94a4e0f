"""Where an attribute lies: in an object itself, in its class, or where only code knows."""

from __future__ import annotations

from collections import deque
from types import MemberDescriptorType, ModuleType
from typing import Any

import torch

from leapp_core.tracing.source.living import is_read_by_torch
from leapp_core.tracing.source.static import (
    Kinds,
    class_attribute,
    class_dict,
    dict_of,
    is_a,
    module_dict,
    mro,
    slots_of,
)

MISSING: Any = object()
"""Value of a name or attribute that has none."""
UNKNOWN: Any = object()
"""Value of an attribute that only code gives."""
CONTENTS: Any = object()
"""Name under which all entries of a list are one value, a tuple."""
_PLAIN_READS = (object.__getattribute__, type.__getattribute__, ModuleType.__getattribute__)
_PLAIN_STORES = (object.__setattr__, type.__setattr__, ModuleType.__setattr__, torch.nn.Module.__setattr__)
WRITABLE = Kinds(list, deque, dict)
"""Types of containers whose entries are assigned as attributes are."""


def holder_of(owner: Any, name: str) -> Any:
    """Return the object whose own attribute is read as ``owner.name``; ``None`` if code gives it.

    Args:
        owner: Any object, class or module.
        name: The attribute, which it has.
    """
    kind = type(owner)
    if class_attribute(kind, "__getattribute__") not in _PLAIN_READS:
        return None
    if is_a(owner, type):
        return next((cls for cls in mro(owner) if name in class_dict(cls)), None) if kind is type else None
    if is_a(owner, ModuleType):
        return owner if name in module_dict(owner) else None
    defined = next((cls for cls in mro(kind) if name in class_dict(cls)), None)
    found = None if defined is None else class_dict(defined)[name]
    if type(found) is MemberDescriptorType:
        return owner
    if hasattr(type(found), "__set__"):
        return None
    return owner if name in dict_of(owner) else defined


def is_stored_plainly(owner: Any, name: str) -> bool:
    """Return whether ``owner.name = number`` does nothing but keep the number, for the user's own code to read.

    So it is of an entry of a list, deque or dictionary, whose place is the name.
    """
    kind = type(owner)
    if kind in WRITABLE:
        return True
    found = class_attribute(kind, name)
    plain = type(found) is MemberDescriptorType or not hasattr(type(found), "__set__")
    return plain and class_attribute(kind, "__setattr__") in _PLAIN_STORES and not is_read_by_torch(kind, name)


def value_in(owner: Any, name: str) -> Any:
    """Return the value of an object's own attribute; :data:`MISSING` if it has none, :data:`UNKNOWN` if code gives it.

    Runs no code of the user's.
    """
    if type(owner) in WRITABLE:
        return _entry(owner, name)
    if is_a(owner, torch.nn.Module):
        if name in owner._parameters or name in owner._modules:
            return UNKNOWN
        if name in owner._buffers:
            return owner._buffers[name]
    if is_a(owner, type):
        return class_dict(owner).get(name, MISSING)
    if is_a(owner, ModuleType):
        return module_dict(owner).get(name, MISSING)
    found = class_attribute(type(owner), name)
    if type(found) is MemberDescriptorType:
        return slots_of(owner).get(name, MISSING)
    return UNKNOWN if hasattr(type(found), "__set__") else dict_of(owner).get(name, MISSING)


def has_default(owner: Any, name: str) -> bool:
    """Return whether something else than ``None`` is read as ``owner.name`` where the object itself has nothing."""
    kind = type(owner)
    if kind in WRITABLE:
        return False
    return class_attribute(kind, name) is not None or class_attribute(kind, "__getattr__") is not None


def put(owner: Any, name: Any, value: Any) -> None:
    """Assign an attribute, or an entry of a container; :data:`MISSING` takes it away."""
    if type(owner) in WRITABLE:
        if name is CONTENTS:
            owner[:] = value
        elif value is not MISSING:
            owner[name] = value
        elif _entry(owner, name) is not MISSING:
            del owner[name]
    elif value is not MISSING:
        setattr(owner, name, value)
    elif value_in(owner, name) is not MISSING:
        delattr(owner, name)


def _entry(container: Any, key: Any) -> Any:
    if key is CONTENTS:
        return tuple(container)
    if type(container) is dict:
        return container.get(key, MISSING)
    return container[key] if -len(container) <= key < len(container) else MISSING
