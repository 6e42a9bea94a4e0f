"""Equal calls on equal operands."""

from __future__ import annotations

import operator
from typing import Any

import torch
from torch.fx import Node

from leapp_core.program.passes.editor import Editor


def share_equal_calls(editor: Editor) -> bool:
    """Let equal calls be made once. Why: every write through a view makes the view again."""
    changed = False
    seen: dict[Any, Node] = {}
    for node in editor.graph.nodes:
        if node.op != "call_function" or not _repeatable(node):
            continue
        key = (node.target, _frozen(node.args), _frozen(node.kwargs))
        first = seen.setdefault(key, node)
        if first is not node and node.users and node.name not in editor.pinned:
            editor.replace(node, first)
            changed = True
    return changed


def _repeatable(node: Node) -> bool:
    if node.target is operator.getitem:
        return True
    if not isinstance(node.target, torch._ops.OpOverload):
        return False
    return torch.Tag.nondeterministic_seeded not in node.target.tags and not node.is_impure()


def _frozen(value: Any) -> Any:
    """Return something hashable that is equal for equal arguments only (``1``, ``1.0``, ``True``, ``-0.0`` differ)."""
    if isinstance(value, (list, tuple)):
        return tuple(_frozen(item) for item in value)
    if isinstance(value, dict):
        return tuple((key, _frozen(item)) for key, item in sorted(value.items()))
    if isinstance(value, Node):
        return value
    return (type(value).__name__, repr(value))
