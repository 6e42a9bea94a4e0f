"""Assignments through boolean masks."""

from __future__ import annotations

import operator
from typing import NamedTuple

import torch
from torch.fx import Node

from leapp_core.program.passes.editor import Editor, argument, names, only_index, tensors_in, value_of

aten = torch.ops.aten

# Elementwise calls that are defined for every value and whose result bits do not depend on where in memory it lies.
_TOTAL = names(
    """
    add sub mul div neg abs sqrt relu clamp clamp_min clamp_max minimum maximum floor ceil round trunc sign where
    eq ne lt le gt ge logical_and logical_or logical_not _to_copy clone fill full_like zeros_like ones_like
    """
)


def masked_writes_to_where(editor: Editor) -> bool:
    """Turn ``x[mask] = value`` into ``where(mask, value, x)``. Why: its sizes do not depend on values."""
    changed = False
    for node in editor.nodes(aten.index_put.default):
        mask_at = _only_mask(node)
        target, values = value_of(node.args[0]), node.args[2]
        if mask_at is None or target is None or argument(node, 3, "accumulate", False) or not isinstance(values, Node):
            continue
        position, mask = mask_at
        inner = target.dim() - position - mask.meta["val"].dim()
        full = _over_all(editor, node, mask, values, _Place(target.dim(), position))
        if full is None:
            full = _same_for_all(editor, node, values, inner)
        if full is not None:
            for _ in range(inner):
                mask = editor.call(node, aten.unsqueeze.default, mask, -1)
            editor.replace(node, editor.call(node, aten.where.self, mask, full, node.args[0]))
            changed = True
    return changed


def drop_size_checks(editor: Editor) -> bool:
    """Remove checks that a selection has between none and all entries. Why: they always hold, and keep it alive."""
    changed = False
    for node in editor.nodes(aten._assert_scalar.default):
        test = node.args[0]
        if not isinstance(test, Node) or test.target not in (operator.ge, operator.le):
            continue
        size, bound = test.args
        if not isinstance(size, Node) or size.target is not aten.sym_size.int or not isinstance(bound, int):
            continue
        mask = _selecting(size.args[0], size.args[1])
        if mask is not None and (bound <= 0 if test.target is operator.ge else bound >= mask.meta["val"].numel()):
            editor.graph.erase_node(node)
            changed = True
    return changed


def _selecting(selection: object, axis: object) -> Node | None:
    """Return the tensor that decides how long a selection is along an axis."""
    if not isinstance(selection, Node):
        return None
    if selection.target is operator.getitem and axis == 0:
        selection = selection.args[0]
        found = isinstance(selection, Node) and selection.target in (aten.where.default, aten.nonzero_numpy.default)
        return selection.args[0] if found else None  # type: ignore[union-attr,return-value] # its operand, a tensor
    if selection.target is aten.nonzero.default and axis == 0:
        return selection.args[0]  # type: ignore[return-value] # a tensor
    if selection.target is not aten.index.Tensor:
        return None
    mask_at = _only_mask(selection)
    return mask_at[1] if mask_at is not None and axis == mask_at[0] else None


def _only_mask(node: Node) -> tuple[int, Node] | None:
    """Return position and mask when a call indexes with full slices and one boolean mask."""
    given = only_index(node)
    value = value_of(given[1]) if given is not None else None
    return given if value is not None and value.dtype in (torch.bool, torch.uint8) else None


def _same_for_all(editor: Editor, node: Node, values: Node, inner: int) -> Node | None:
    """Return the values to write when they do not differ between masked entries."""
    value = value_of(values)
    if value is None or any(size != 1 for size in value.shape[: max(0, value.dim() - inner)]):
        return None
    if value.dim() <= inner:
        return values
    return editor.call(node, aten.reshape.default, values, list(value.shape[value.dim() - inner :]))


class _Place(NamedTuple):
    """Where a mask chooses.

    Attributes:
        rank: Number of axes of what is written to.
        position: The first of them that the mask stands for; those before are written alike, or each by its own.
    """

    rank: int
    position: int


def _over_all(editor: Editor, node: Node, mask: Node, values: Node, place: _Place) -> Node | None:
    """Compute ``f(y[mask])`` as ``f(y)`` when ``f`` works element by element and ``y`` is as long as the mask."""
    inner = place.rank - place.position - mask.meta["val"].dim()
    order: list[Node] = []
    pending = [values]
    while pending:
        call = pending.pop()
        if call in order:
            continue
        if not _selects(call, mask, place):
            if not _works_on_all(call, inner):
                return None
            pending += [part for part in tensors_in((*call.args, *call.kwargs.values())) if _depends(part)]
        order.append(call)
    if not any(_selects(call, mask, place) for call in order):
        return None
    done: dict[Node, Node] = {}
    for call in editor.graph.nodes:
        if call in order:
            # For a selection, the tensor that is indexed.
            done[call] = call.args[0] if _selects(call, mask, place) else _full(editor, node, call, done)
    return done[values]


def _full(editor: Editor, before: Node, call: Node, done: dict[Node, Node]) -> Node:
    args, kwargs = torch.fx.node.map_arg((call.args, call.kwargs), lambda n: done.get(n, n))
    return editor.call(before, call.target, *args, **kwargs)  # type: ignore[arg-type] # an overload


def _selects(call: Node, mask: Node, place: _Place) -> bool:
    """Tell whether a call is ``y[mask]``, or ``y[:, mask]``, with a ``y`` as long as the mask where that chooses."""
    if call.target is not aten.index.Tensor:
        return False
    indices, source, shape = list(argument(call, 1, "indices")), value_of(call.args[0]), mask.meta["val"].shape
    if source is None or indices[-1] is not mask or any(index is not None for index in indices[:-1]):
        return False
    before = len(indices) - 1
    rank = place.rank - place.position + before
    fits = source.dim() == rank and source.shape[before : before + len(shape)] == shape
    return fits and before in (0, place.position)


def _depends(node: Node) -> bool:
    """Tell whether a value's sizes depend on the mask."""
    return value_of(node) is None


def _works_on_all(call: Node, inner: int) -> bool:
    """Tell whether a call does to each row, of ``inner`` axes, the same whatever rows there are."""
    if call.op != "call_function" or not isinstance(call.target, torch._ops.OpOverload):
        return False
    name = call.target._schema.name.removeprefix("aten::")
    value = call.meta["val"]
    whole_numbers = not (value.dtype.is_floating_point or value.dtype == torch.bool)
    if name not in _TOTAL or "alpha" in call.kwargs or (whole_numbers and name == "div"):
        return False
    others = [part for part in tensors_in((*call.args, *call.kwargs.values())) if not _depends(part)]
    return all(part.meta["val"].dim() <= inner for part in others)
