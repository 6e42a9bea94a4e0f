"""Writes and reads that are no plain ranges: steps other than one."""

from __future__ import annotations

import torch
from torch.fx import Node

from leapp_core.program.passes.editor import Editor, argument, value_of
from leapp_core.program.passes.pieces import slice_range

aten = torch.ops.aten


def read_back_strided(editor: Editor) -> bool:
    """Let a strided read of the range just written read the written value; reads elsewhere go past the write.

    Why: ``x[::2] += 1`` reads the range, writes it and reads it again.
    """
    changed = False
    for node in editor.nodes(aten.slice.Tensor):
        write = node.args[0]
        if not isinstance(write, Node) or write.target is not aten.slice_scatter.default:
            continue
        changed |= _read(editor, node, write)
    for node in editor.nodes(aten.slice_scatter.default):
        changed |= _skip_overwritten(editor, node)
    return changed


def _read(editor: Editor, node: Node, write: Node) -> bool:
    value = value_of(write)
    if value is None:
        return False
    dim, rank = argument(write, 2, "dim", 0), value.dim()
    if argument(node, 1, "dim", 0) % rank != dim % rank:
        return False
    size = value.shape[dim % rank]
    read, written = slice_range(node, 1, size), slice_range(write, 2, size)
    if read is None or written is None:
        return False
    if read == written and isinstance(write.args[1], Node) and write.args[1].meta["val"].dtype == value.dtype:
        editor.replace(node, write.args[1])
        return True
    if set(range(*read)).isdisjoint(range(*written)):
        node.update_arg(0, write.args[0])
        return True
    return False


def _skip_overwritten(editor: Editor, node: Node) -> bool:
    """Let a write ignore an earlier write to the same range of the same tensor."""
    earlier = node.args[0]
    value = value_of(node)
    if not isinstance(earlier, Node) or earlier.target is not node.target or value is None:
        return False
    if argument(earlier, 2, "dim", 0) % value.dim() != argument(node, 2, "dim", 0) % value.dim():
        return False
    size = value.shape[argument(node, 2, "dim", 0) % value.dim()]
    ranges = [slice_range(call, 2, size) for call in (earlier, node)]
    if None in ranges or not set(range(*ranges[0])) <= set(range(*ranges[1])):  # type: ignore[misc] # None is excluded
        return False
    node.update_arg(0, earlier.args[0])
    return True
