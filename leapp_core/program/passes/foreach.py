"""Calls over lists of tensors."""

from __future__ import annotations

import operator
from typing import Any

import torch
from torch.fx import Node

from leapp_core.program.passes.editor import Editor

aten = torch.ops.aten


def expand_foreach(editor: Editor) -> bool:
    """Turn ``_foreach_add(xs, ys)`` into one ``add`` per pair. Why: export leaves it whole and no format knows it."""
    changed = False
    for node in list(editor.graph.nodes):
        name = _foreach_name(node)
        if name is None or not all(user.target is operator.getitem for user in node.users):
            continue
        for user in list(node.users):
            args, kwargs = _entry(node.args, user.args[1]), _entry(node.kwargs, user.args[1])
            editor.replace(user, _call(editor, node, name, args, kwargs))
            changed = True
    return changed


def _foreach_name(node: Node) -> str | None:
    if node.op != "call_function" or not isinstance(node.target, torch._ops.OpOverload):
        return None
    name = str(node.target._schema.name)
    return name.removeprefix("aten::_foreach_") if name.startswith("aten::_foreach_") else None


def _entry(value: Any, index: Any) -> Any:
    """Return the arguments of one entry: lists give their entry, everything else is shared."""
    if isinstance(value, dict):
        return {key: item[index] if isinstance(item, (list, tuple)) else item for key, item in value.items()}
    return tuple(item[index] if isinstance(item, (list, tuple)) else item for item in value)


def _call(editor: Editor, before: Node, name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Node:
    packet = getattr(aten, "linalg_vector_norm" if name == "norm" else name)
    overload = _overload(packet, args, kwargs)
    return editor.call(before, overload, *args, **kwargs)


def _overload(packet: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Return the overload whose tensor arguments are tensors and whose numbers are numbers here."""
    for name in packet.overloads():
        overload = getattr(packet, name)
        schema = overload._schema
        if schema.is_mutable or any(a.is_out for a in schema.arguments):
            continue
        positional = [a for a in schema.arguments if not a.kwarg_only]
        required = [a for a in positional if not a.has_default_value()]
        if not len(required) <= len(args) <= len(positional) or set(kwargs) - {a.name for a in schema.arguments}:
            continue
        if all(_fits(a, value) for a, value in zip(positional, args, strict=False)):
            return overload
    raise TypeError(f"no overload of {packet} takes these arguments")


def _fits(expected: Any, value: Any) -> bool:
    kind = str(expected.real_type if hasattr(expected, "real_type") else expected.type)
    return ("Tensor" in kind) == isinstance(value, Node)
