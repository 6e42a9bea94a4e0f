"""Where an attribute lies: in an object itself, in its class, or where only code knows."""

from __future__ import annotations

from types import MemberDescriptorType, ModuleType
from typing import Any

import torch

from leapp_core.tracing.source.living import is_read_by_torch
from leapp_core.tracing.source.static import class_attribute, class_dict, dict_of, is_a, module_dict, mro

_PLAIN_READS = (object.__getattribute__, type.__getattribute__, ModuleType.__getattribute__)
_PLAIN_STORES = (object.__setattr__, type.__setattr__, torch.nn.Module.__setattr__)


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
    """Return whether ``owner.name = number`` does nothing but keep the number, for the user's own code to read."""
    kind = type(owner)
    found = class_attribute(kind, name)
    plain = type(found) is MemberDescriptorType or not hasattr(type(found), "__set__")
    return plain and class_attribute(kind, "__setattr__") in _PLAIN_STORES and not is_read_by_torch(kind, name)
