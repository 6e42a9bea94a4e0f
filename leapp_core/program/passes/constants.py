"""Lifted constants: folding and sharing."""

from __future__ import annotations

from typing import Any

import torch
from torch.export.graph_signature import InputKind
from torch.fx import Node

from leapp_core.program.passes.editor import Editor

aten = torch.ops.aten

MOST_FOLDED = 65_536

_MAKERS = (
    aten.full.default,
    aten.zeros.default,
    aten.ones.default,
    aten.arange.default,
    aten.arange.start,
    aten.arange.start_step,
    aten.scalar_tensor.default,
    aten.eye.default,
    aten.eye.m,
    aten.linspace.default,
)


def fold_constants(editor: Editor) -> bool:
    """Compute calls on nothing but constants now. Why: the result never changes, and not every runtime folds it."""
    values: dict[Node, torch.Tensor | None] = {
        node: tensor for node, tensor in editor.tensors.items() if node.op == "placeholder"
    }
    changed = False
    for node in list(editor.graph.nodes):
        if node.op != "call_function" or not node.users or not isinstance(node.meta.get("val"), torch.Tensor):
            continue
        if node.target in _MAKERS:
            values[node] = None
        elif _is_foldable(editor, node, values):
            value = _compute(node, values)
            if value.numel() <= MOST_FOLDED:
                constant = editor.add_constant(value, node)
                values[constant] = value
                editor.replace(node, constant)
                changed = True
    return changed


def share_constants(editor: Editor) -> bool:
    """Let equal constants be stored once. Why: literals such as ``0.5`` come once per use."""
    changed = False
    seen: dict[Any, Node] = {}
    for node, value in list(editor.tensors.items()):
        if not node.users:
            continue
        first = seen.setdefault(_content(value), node)
        if first is not node:
            editor.replace(node, first)
            changed = True
    return changed


def _is_foldable(editor: Editor, node: Node, values: dict[Node, torch.Tensor | None]) -> bool:
    if not isinstance(node.target, torch._ops.OpOverload) or torch.Tag.nondeterministic_seeded in node.target.tags:
        return False
    inputs = node.all_input_nodes
    if not inputs or not all(source in values for source in inputs) or node.is_impure():
        return False
    # A view of a weight is left alone: storing it again would double the weight.
    weights = any(source in editor.specs and editor.specs[source].kind is InputKind.PARAMETER for source in inputs)
    return not (weights and _is_view(node.target))


def _is_view(target: Any) -> bool:
    return any(result.alias_info is not None for result in target._schema.returns)


def _compute(node: Node, values: dict[Node, torch.Tensor | None]) -> torch.Tensor:
    def tensor(source: Node) -> torch.Tensor:
        found = values[source]
        if found is None:
            found = source.target(*source.args, **source.kwargs)  # type: ignore[operator] # a maker without tensors
            values[source] = found
        return found

    args, kwargs = torch.fx.node.map_arg((node.args, node.kwargs), tensor)
    with torch.no_grad():
        result: torch.Tensor = node.target(*args, **kwargs)  # type: ignore[operator] # an overload
    return result.detach().clone(memory_format=torch.preserve_format)


def _content(value: torch.Tensor) -> Any:
    """Return dtype, sizes, strides and bytes."""
    plain = value.detach().cpu().clone(memory_format=torch.contiguous_format)
    raw = torch.as_strided(plain, (plain.numel(),), (1,)).view(torch.uint8)
    return value.dtype, tuple(value.shape), tuple(value.stride()), raw.numpy().tobytes()
