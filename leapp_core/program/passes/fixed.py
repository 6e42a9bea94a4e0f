"""Writes at fixed positions along one dimension: every third joint, joints in another order."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch.fx import Node

from leapp_core.program.passes.editor import Editor, argument, only_index, value_of
from leapp_core.program.passes.pieces import slice_range

aten = torch.ops.aten

_FILLED = (aten.full.default, aten.zeros.default, aten.ones.default)


@dataclass(frozen=True)
class FixedWrite:
    """A write of ``source`` to some entries of ``base``.

    Attributes:
        base: What is written to.
        source: What is written: as long as ``positions`` along ``dim``, or the same for all of them.
        dim: The dimension.
        positions: The entry of ``base`` that each entry of ``source`` goes to; none twice.
    """

    base: Node
    source: Node
    dim: int
    positions: tuple[int, ...]


def place_fixed_writes(editor: Editor) -> bool:
    """Choose entries instead of scattering them. Why: formats scatter along the first dimension, around transpositions.

    One value for all positions is chosen by a constant mask. Otherwise the entries of what was there and of what is
    written are put in order by one selection. A scatter along the first dimension is as short already, and is kept
    unless nothing is left of what was there.
    """
    changed = False
    for node in editor.nodes(aten.index_put.default, aten.slice_scatter.default):
        write = _read(editor, node)
        if write is None:
            continue
        placed = _masked(editor, node, write) or _reordered(editor, node, write)
        if placed is not None:
            editor.replace(node, placed)
            changed = True
    return changed


def _masked(editor: Editor, node: Node, write: FixedWrite) -> Node | None:
    value, source = node.meta["val"], write.source.meta["val"]
    inner = value.dim() - 1 - write.dim
    known = editor.tensors.get(write.source)
    if write.source.target in _FILLED:
        filled = _single(editor, node, _fill_value(write.source))
    elif known is not None and known.numel() > 0 and bool((known == known.reshape(-1)[0]).all()):
        filled = _single(editor, node, known.reshape(-1)[0].item())
    elif source.dim() <= inner or (source.shape[source.dim() - 1 - inner] == 1 and len(write.positions) > 1):
        filled = write.source
    else:
        return None
    chosen = torch.zeros(value.shape[write.dim], dtype=torch.bool)
    chosen[list(write.positions)] = True
    mask = editor.add_constant(chosen.reshape(-1, *[1] * inner), node)
    return editor.call(node, aten.where.self, mask, filled, write.base)


def _single(editor: Editor, node: Node, number: complex) -> Node:
    return editor.add_constant(torch.full((), number, dtype=node.meta["val"].dtype), node)


def _fill_value(filled: Node) -> complex:
    if filled.target is aten.full.default:
        return filled.args[1]  # type: ignore[return-value] # a number
    return 1 if filled.target is aten.ones.default else 0


def _reordered(editor: Editor, node: Node, write: FixedWrite) -> Node | None:
    value, source = node.meta["val"], write.source.meta["val"]
    count = value.shape[write.dim]
    expected = [*value.shape[: write.dim], len(write.positions), *value.shape[write.dim + 1 :]]
    every = len(write.positions) == count
    if list(source.shape) != _without_leading_ones(expected, source.dim()) or (write.dim == 0 and not every):
        return None
    entries = write.source
    if source.dim() < value.dim():  # an assignment takes leading axes of size one off what it writes
        entries = editor.call(node, aten.view.default, entries, expected)
    order = torch.arange(count)
    order[list(write.positions)] = torch.arange(len(write.positions)) + (0 if every else count)
    if not every:
        entries = editor.call(node, aten.cat.default, [write.base, entries], write.dim)
    return editor.call(node, aten.index_select.default, entries, write.dim, editor.add_constant(order, node))


def _without_leading_ones(sizes: list[int], rank: int) -> list[int]:
    extra = max(len(sizes) - rank, 0)
    return sizes[extra:] if set(sizes[:extra]) <= {1} else sizes


def _read(editor: Editor, node: Node) -> FixedWrite | None:
    """Return what a call writes where, if that is fixed and no plain range."""
    value, base = value_of(node), node.args[0]
    found = _strided(node) if node.target is aten.slice_scatter.default else _indexed(editor, node)
    if value is None or value.dim() == 0 or found is None or not isinstance(base, Node):
        return None
    source, dim, positions = found
    written = value_of(source)
    if written is None or written.dtype != value.dtype or not positions or len(set(positions)) != len(positions):
        return None
    return FixedWrite(base, source, dim, positions)  # type: ignore[arg-type] # value_of: it is a node


def _strided(node: Node) -> tuple[object, int, tuple[int, ...]] | None:
    value = value_of(node)
    if value is None or value.dim() == 0:
        return None
    dim = argument(node, 2, "dim", 0) % value.dim()
    written = slice_range(node, 2, value.shape[dim])
    return None if written is None or written[2] == 1 else (node.args[1], dim, tuple(range(*written)))


def _indexed(editor: Editor, node: Node) -> tuple[object, int, tuple[int, ...]] | None:
    value, given = value_of(node), only_index(node)
    if value is None or given is None or argument(node, 3, "accumulate", False):
        return None
    dim, index = given
    fixed = editor.tensors.get(index)
    if fixed is None or fixed.dim() != 1 or fixed.dtype not in (torch.int64, torch.int32):
        return None
    count = value.shape[dim]
    return node.args[2], dim, tuple(position % count for position in fixed.tolist())
