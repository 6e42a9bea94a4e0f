"""Memory of their own for outputs."""

from __future__ import annotations

import operator

import torch
from torch.fx import Node

from leapp_core.program.passes.editor import Editor, value_of

aten = torch.ops.aten


def output_values(editor: Editor) -> list[torch.Tensor | None]:
    """Return the fake values of the outputs."""
    return [value_of(node) for node in _results(editor)]


def separate_outputs(editor: Editor, wanted: list[torch.Tensor | None]) -> None:
    """Copy an output that would share memory with an input, a constant or another output, or is no longer contiguous.

    Why: a caller may keep one output and overwrite another, or feed a state back into the input it came from.
    """
    taken: set[Node] = set()
    results: list[Node] = []
    last = editor.graph.output_node()
    for node, old in zip(_results(editor), wanted, strict=True):
        root, new = _memory(node), value_of(node)
        result = node
        if new is not None and old is not None and old.is_contiguous() and not new.is_contiguous():
            result = editor.call(last, aten.clone.default, node, memory_format=torch.contiguous_format)
        elif isinstance(node.meta.get("val"), torch.Tensor) and (root.op == "placeholder" or root in taken):
            result = editor.call(last, aten.clone.default, node)
        taken.add(_memory(result))
        results.append(result)
    last.args = (tuple(results),)


def _results(editor: Editor) -> list[Node]:
    return list(editor.graph.output_node().args[0])  # type: ignore[arg-type] # outputs are nodes


def _memory(node: Node) -> Node:
    """Return the call that made the memory a node's value lies in."""
    while node.op == "call_function" and (source := _viewed(node)) is not None:
        node = source
    return node


def _viewed(node: Node) -> Node | None:
    if node.target is operator.getitem and isinstance(node.args[0], Node):
        return node.args[0] if _returns_views(node.args[0].target) else None
    return node.args[0] if _returns_views(node.target) and isinstance(node.args[0], Node) else None


def _returns_views(target: object) -> bool:
    if not isinstance(target, torch._ops.OpOverload):
        return False
    return any(r.alias_info is not None and not r.alias_info.is_write for r in target._schema.returns)
