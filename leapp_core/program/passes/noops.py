"""Calls that return their operand unchanged."""

from __future__ import annotations

import operator

import torch
from torch.fx import Node

from leapp_core.program.passes.editor import Editor, argument, same_layout, value_of

aten = torch.ops.aten

_SAME = (
    aten.alias.default,
    aten.detach.default,
    aten.lift_fresh.default,
    aten.lift_fresh_copy.default,
    aten.clone.default,
    aten.contiguous.default,
    aten._to_copy.default,
    aten.expand.default,
    aten.view.default,
    aten._unsafe_view.default,
    aten.reshape.default,
    aten.permute.default,
    aten.transpose.int,
    aten.squeeze.default,
    aten.squeeze.dim,
    aten.squeeze.dims,
    aten.slice.Tensor,
    aten.resolve_conj.default,
    aten.resolve_neg.default,
)
_DROPOUTS = (aten.dropout.default, aten.feature_dropout.default, aten.alpha_dropout.default)


def drop_noops(editor: Editor) -> bool:
    """Let users read the operand of clones, casts, views and slices that change neither values nor layout.

    Why: clones separate memory, which functional code does not need; outputs get theirs back at the end.
    """
    changed = False
    for node in editor.nodes(*_SAME):
        source, result = node.args[0], value_of(node)
        before = value_of(source)
        if result is None or before is None or not isinstance(source, Node):
            continue
        if before.device == result.device and same_layout(before, result) and _keeps_order(node):
            editor.replace(node, source)
            changed = True
    return changed


def drop_dropout(editor: Editor) -> bool:
    """Remove dropout that is switched off. Why: it is the identity, and some exporters keep it as a node."""
    changed = False
    for node in editor.nodes(*_DROPOUTS):
        if argument(node, 2, "train") is False and isinstance(node.args[0], Node):
            editor.replace(node, node.args[0])
            changed = True
    for node in editor.nodes(aten.native_dropout.default):
        if argument(node, 2, "train") is False and isinstance(node.args[0], Node):
            for user in list(node.users):
                if user.target is operator.getitem and user.args[1] == 0:
                    editor.replace(user, node.args[0])
                    changed = True
    return changed


def _keeps_order(node: Node) -> bool:
    """Tell whether equal layout implies equal values: a transposition of a square matrix would not."""
    if node.target is aten.permute.default:
        return list(argument(node, 1, "dims")) == list(range(node.meta["val"].dim())) or node.meta["val"].numel() <= 1
    if node.target is aten.transpose.int:
        return bool(node.meta["val"].numel() <= 1)
    if node.target is aten.slice.Tensor:
        source = value_of(node.args[0])
        return source is not None and source.shape == node.meta["val"].shape
    return True
