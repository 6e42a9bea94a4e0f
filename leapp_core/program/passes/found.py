"""Rows found by ``nonzero``: indices that say no more than the mask they come from."""

from __future__ import annotations

import operator

import torch
from torch.fx import Node

from leapp_core.program.passes.editor import Editor, argument, value_of

aten = torch.ops.aten

_SAME_ELEMENTS = (
    aten.squeeze.dim,
    aten.squeeze.dims,
    aten.view.default,
    aten.reshape.default,
    aten.clone.default,
    aten.alias.default,
)


def found_rows_to_masks(editor: Editor) -> bool:
    """Turn ``x[mask.nonzero()]`` into ``x[mask]``. Why: what is written through a mask needs no varying sizes.

    The positions are those of a mask of one axis, in its order and each once, so both choose the same rows.
    """
    changed = False
    for node in (*editor.nodes(aten.index.Tensor), *editor.nodes(aten.index_put.default)):
        indices = argument(node, 1, "indices")
        given = [(at, index) for at, index in enumerate(indices) if isinstance(index, Node)]
        if len(given) != 1:
            continue
        at, index = given[0]
        mask = _mask_of(index)
        if mask is None or not (_flat(index) or _writes_one_value(node)):
            continue
        if mask.meta["val"].dtype is not torch.bool:
            mask = editor.call(node, aten.ne.Scalar, mask, 0)
        node.update_arg(1, [*indices[:at], mask, *indices[at + 1 :]])
        changed = True
    return changed


def _mask_of(index: Node) -> Node | None:
    """Return the tensor of one axis whose nonzero positions an index is, whatever the index's own axes."""
    while index.op == "call_function" and index.target in _SAME_ELEMENTS:
        index = index.args[0]  # type: ignore[assignment] # a tensor
    if index.target is operator.getitem or (index.target is aten.select.int and index.args[1:] in ((1, 0), (-1, 0))):
        index = index.args[0]  # type: ignore[assignment] # a tensor, or the results of nonzero_numpy
    if index.target not in (aten.nonzero.default, aten.nonzero_numpy.default, aten.where.default):
        return None
    mask = index.args[0]
    value = value_of(mask)
    return mask if isinstance(mask, Node) and value is not None and value.dim() == 1 else None


def _flat(index: Node) -> bool:
    return bool(index.meta["val"].dim() == 1)


def _writes_one_value(node: Node) -> bool:
    """Tell whether a call writes one number, which is the same however many axes the index has."""
    if node.target is not aten.index_put.default:
        return False
    value = value_of(node.args[2])
    return value is not None and value.dim() == 0
