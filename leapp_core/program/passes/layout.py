"""Strides that decide result bits.

A sum over a contiguous tensor and the same sum over a strided one add in different orders, and a vectorised ``tanh``
differs from the scalar one in the last bit. Clean-up changes strides, so calls of this kind are watched: either the
old strides are restored by a copy, or what produced the operand is left as it was.
"""

from __future__ import annotations

from typing import Any

import torch
from torch.fx import Node

from leapp_core.program.passes.editor import Editor, names, propagate, tensors_in, value_of

aten = torch.ops.aten

# Results do not depend on operand strides: data movement, exactly rounded arithmetic, comparisons, and calls that
# bring their operands into a fixed layout first.
_EXACT = names(
    """
    add sub mul div neg abs sqrt clamp clamp_min clamp_max relu minimum maximum floor ceil round trunc sign where
    eq ne lt le gt ge logical_and logical_or logical_not logical_xor bitwise_and bitwise_or bitwise_xor bitwise_not
    isnan isinf masked_fill gather scatter scatter_add scatter_reduce index index_put index_select index_add
    index_copy index_fill take_along_dim sort topk argsort argmax argmin amax amin any all max min cumsum cummax
    cummin flip roll repeat tile cat stack clone copy _to_copy full full_like zeros_like ones_like fill
    slice_scatter select_scatter diagonal_scatter as_strided_scatter constant_pad_nd tril triu one_hot embedding
    softmax _softmax log_softmax _log_softmax layer_norm native_layer_norm remainder fmod floor_divide
    _assert_tensor_metadata searchsorted bucketize bincount nonzero
    """
)
# Matrix calls read rows with any stride in the same order; only which dimension is dense matters.
_MATRIX = names("mm bmm addmm baddbmm matmul linear conv1d conv2d conv3d convolution einsum gru lstm mv dot")


def operand_layouts(editor: Editor) -> dict[Node, tuple[Any, ...]]:
    """Return, for each watched call, what about its operands' strides decides its bits."""
    return {
        node: tuple(_key(node, source) for source in _operands(node))
        for node in editor.graph.nodes
        if node.op == "call_function" and _is_watched(node)
    }


def repropagate(editor: Editor) -> None:
    """Bring all fake values up to date; a ``view`` that no longer fits the strides becomes a ``reshape``."""
    for node in editor.graph.nodes:
        if node.op != "call_function" or not _has_plain_sizes(node):
            continue
        try:
            propagate(node)
        except (RuntimeError, ValueError):
            if node.target is not aten.view.default:
                raise
            node.target = aten.reshape.default
            propagate(node)


def restore_layouts(editor: Editor, before: dict[Node, tuple[Any, ...]]) -> frozenset[str]:
    """Give watched calls operands of the old layout; return the nodes to pin where a copy cannot do it."""
    pins: set[str] = set()
    for node in list(editor.graph.nodes):
        if node not in before:
            continue
        for source, old in zip(_operands(node), before[node], strict=True):
            if _key(node, source) == old:
                continue
            if _is_dense(old) and (copied := _contiguous(editor, node, source)) is not None:
                node.replace_input_with(source, copied)
                propagate(node)
            else:
                pins.add(node.name)
    return frozenset(pins)


def with_ancestors(nodes: list[Node], wanted: frozenset[str]) -> frozenset[str]:
    """Return the names and those of everything that hands strided memory on to them."""
    pending = [node for node in nodes if node.name in wanted]
    found: set[str] = set()
    while pending:
        node = pending.pop()
        if node.name not in found:
            found.add(node.name)
            pending += [n for n in node.all_input_nodes if n.op == "call_function" and not _is_contiguous(n)]
    return frozenset(found)


def _is_watched(node: Node) -> bool:
    if not isinstance(node.target, torch._ops.OpOverload) or not _has_plain_sizes(node):
        return False
    name = node.target._schema.name.removeprefix("aten::")
    views = any(result.alias_info is not None for result in node.target._schema.returns)
    inexact = name in ("add", "sub") and "alpha" in node.kwargs
    return (inexact or name not in _EXACT) and not views


def _operands(node: Node) -> list[Node]:
    return [source for source in tensors_in((*node.args, *node.kwargs.values())) if value_of(source) is not None]


def _key(node: Node, source: Node) -> tuple[Any, ...]:
    """Return how a call walks an operand: its dense runs, or for matrix calls only the dense dimension."""
    value = source.meta["val"]
    strided = sorted(
        ((value.stride(dim), dim, size) for dim, size in enumerate(value.shape) if size != 1),
        reverse=True,
    )
    order = tuple(dim for _, dim, _ in strided)
    unit = not strided or strided[-1][0] == 1
    name = node.target._schema.name.removeprefix("aten::")  # type: ignore[union-attr] # watched calls are overloads
    if name in _MATRIX:
        return (order, unit)
    runs: list[list[int]] = []
    for stride, _, size in strided:
        if runs and runs[-1][0] == stride * size:
            runs[-1] = [stride, runs[-1][1] * size]
        else:
            runs.append([stride, size])
    return (order, unit, tuple(size for _, size in runs))


def _is_dense(key: tuple[Any, ...]) -> bool:
    """Tell whether a walk is that of a contiguous tensor."""
    order, unit, *runs = key
    return bool(unit and list(order) == sorted(order) and (not runs or len(runs[0]) <= 1))


def _contiguous(editor: Editor, node: Node, source: Node) -> Node | None:
    if source.meta["val"].is_contiguous():
        return None
    return editor.call(node, aten.clone.default, source, memory_format=torch.contiguous_format)


def _is_contiguous(node: Node) -> bool:
    value = value_of(node)
    return value is None or value.is_contiguous()


def _has_plain_sizes(node: Node) -> bool:
    value = node.meta.get("val")
    values = value if isinstance(value, (tuple, list)) else (value,)
    return all(
        isinstance(v, torch.Tensor) and all(isinstance(size, int) for size in v.shape) for v in values if v is not None
    )
