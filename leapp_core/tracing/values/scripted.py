"""Tell values that TorchScript read inside itself: what it did with them has no Python source to follow."""

from __future__ import annotations

import ast
import builtins
import sys
from types import ModuleType
from typing import Any

import torch

from leapp_core.tracing.record.events import Event
from leapp_core.tracing.source.book import SourceBook, SourceFile, called_name, root_name
from leapp_core.tracing.source.callsite import CallSites
from leapp_core.tracing.source.static import dict_of, is_a, module_dict, module_text

_UNKNOWN = object()


def read_in_script(sites: CallSites, event: Event, file: SourceFile, nodes: list[ast.expr], book: SourceBook) -> bool:
    """Return whether a scripted function or module took a value from a tensor.

    Args:
        sites: Call sites of the session.
        event: The call that took it.
        file: The user's file.
        nodes: The expression there.
        book: The user's source.
    """
    place, _ = sites.innermost(event.stack, event.line)
    if place == torch.nn.modules.module.__file__:  # a Python ``forward`` would have a frame of its own
        return True
    return len(nodes) == 1 and isinstance(nodes[0], ast.Call) and _is_scripted(file, nodes[0], book)


def _is_scripted(file: SourceFile, call: ast.Call, book: SourceBook) -> bool:
    name = called_name(call)
    target = _resolve(file, call.func)
    if target is not _UNKNOWN:
        return is_a(target, torch.jit.ScriptFunction, torch.jit.ScriptModule)
    if hasattr(torch.Tensor, name) or hasattr(builtins, name) or book.functions(name):
        return False
    # An attribute that holds something callable without a Python frame.
    return isinstance(call.func, ast.Attribute) and root_name(call.func) in ("self", "cls")


def _resolve(file: SourceFile, node: ast.expr) -> Any:
    """Return what a dotted name means in the module of a file; no code of the user's is run for it."""
    if isinstance(node, ast.Name):
        return module_dict(module).get(node.id, _UNKNOWN) if (module := _module(file)) is not None else _UNKNOWN
    if isinstance(node, ast.Attribute):
        base = _resolve(file, node.value)
        if base is _UNKNOWN:
            return _UNKNOWN
        if is_a(base, ModuleType):
            return module_dict(base).get(node.attr, _UNKNOWN)
        own = dict_of(base)
        parts = own.get("_modules") if is_a(base, torch.nn.Module) else None
        return {**own, **(parts if type(parts) is dict else {})}.get(node.attr, _UNKNOWN)
    return _UNKNOWN


def _module(file: SourceFile) -> ModuleType | None:
    return next((m for m in list(sys.modules.values()) if module_text(m, "__file__") == file.path), None)
