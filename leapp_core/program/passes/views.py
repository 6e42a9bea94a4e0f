"""Chains of views: what one view undoes of another."""

from __future__ import annotations

import torch
from torch.fx import Node

from leapp_core.program.passes.editor import Editor, argument, same_layout, value_of

aten = torch.ops.aten

_RESHAPES = (
    aten.view.default,
    aten._unsafe_view.default,
    aten.reshape.default,
    aten.unsqueeze.default,
    aten.squeeze.default,
    aten.squeeze.dim,
    aten.squeeze.dims,
)
_PERMUTES = (aten.permute.default, aten.transpose.int, aten.t.default)


def cancel_views(editor: Editor) -> bool:
    """Collapse a view of a view. Why: writes through a view are functionalised as view, write, inverse view, view."""
    changed = False
    for node in editor.nodes(*_RESHAPES):
        changed |= _collapse_reshape(editor, node)
    for node in editor.nodes(*_PERMUTES):
        changed |= _collapse_permute(editor, node)
    return changed


def _collapse_reshape(editor: Editor, node: Node) -> bool:
    inner = node.args[0]
    result = value_of(node)
    if not isinstance(inner, Node) or inner.target not in _RESHAPES or result is None or inner.name in editor.pinned:
        return False
    source = inner.args[0]
    origin = value_of(source)
    if not isinstance(source, Node) or origin is None:
        return False
    if same_layout(origin, result):
        editor.replace(node, source)
        return True
    plain = node.target in (aten.view.default, aten.reshape.default)
    if not plain or not origin.is_contiguous():
        return False
    editor.replace(node, editor.call(node, aten.view.default, source, list(result.shape)))
    return True


def _collapse_permute(editor: Editor, node: Node) -> bool:
    inner = node.args[0]
    if not isinstance(inner, Node) or inner.target not in _PERMUTES or inner.name in editor.pinned:
        return False
    source = inner.args[0]
    outer_order, inner_order = _order(node), _order(inner)
    if not isinstance(source, Node) or outer_order is None or inner_order is None:
        return False
    order = [inner_order[d] for d in outer_order]
    identity = order == list(range(len(order)))
    editor.replace(node, source if identity else editor.call(node, aten.permute.default, source, order))
    return True


def _order(node: Node) -> list[int] | None:
    """Return a transposition as a permutation of dimensions."""
    value = value_of(node)
    if value is None:
        return None
    rank = value.dim()
    if node.target is aten.permute.default:
        return [d % rank for d in argument(node, 1, "dims")]
    order = list(range(rank))
    if node.target is aten.t.default:
        return order[::-1]
    first, second = argument(node, 1, "dim0") % rank, argument(node, 2, "dim1") % rank
    order[first], order[second] = order[second], order[first]
    return order
