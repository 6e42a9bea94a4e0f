"""Writes into diagonals and other strided parts."""

from __future__ import annotations

import torch
from torch.fx import Node

from leapp_core.program.passes.editor import Editor, argument, value_of

aten = torch.ops.aten


def flatten_strided_writes(editor: Editor) -> bool:
    """Turn a write into a diagonal into a scatter at fixed positions. Why: few formats know strided writes."""
    changed = False
    for node in editor.nodes(aten.diagonal_scatter.default, aten.as_strided_scatter.default):
        base, source, value = node.args[0], node.args[1], value_of(node)
        written, before = value_of(source), value_of(base)
        if value is None or written is None or before is None or not before.is_contiguous():
            continue
        positions = _positions(node, value)
        if positions.shape != written.shape:
            continue
        editor.replace(node, _scatter(editor, node, positions, value))
        changed = True
    return changed


def _positions(node: Node, value: torch.Tensor) -> torch.Tensor:
    """Return the place of every written element in the flattened tensor."""
    everything = torch.arange(value.numel()).reshape(value.shape)
    if node.target is aten.diagonal_scatter.default:
        offset, first = argument(node, 2, "offset", 0), argument(node, 3, "dim1", 0)
        return everything.diagonal(offset, first, argument(node, 4, "dim2", 1))
    offset = argument(node, 4, "storage_offset") or 0
    return everything.as_strided(argument(node, 2, "size"), argument(node, 3, "stride"), offset)


def _scatter(editor: Editor, node: Node, positions: torch.Tensor, value: torch.Tensor) -> Node:
    index = editor.add_constant(positions.reshape(-1).clone(), node)
    flat = editor.call(node, aten.reshape.default, node.args[0], [-1])
    source = editor.call(node, aten.reshape.default, node.args[1], [-1])
    written = editor.call(node, aten.scatter.src, flat, 0, index, source)
    return editor.call(node, aten.reshape.default, written, list(value.shape))
