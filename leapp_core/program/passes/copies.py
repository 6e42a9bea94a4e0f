"""What functionalisation makes of overwriting calls: ``copy``, ``fill`` and the ``*_like`` family."""

from __future__ import annotations

from typing import Any

import torch
from torch.fx import Node

from leapp_core.program.passes.editor import Editor, argument, value_of

aten = torch.ops.aten

_CONSTANT_FILL: dict[Any, int] = {
    aten.zeros_like.default: 0,
    aten.ones_like.default: 1,
    aten.zero.default: 0,
    aten.new_zeros.default: 0,
    aten.new_ones.default: 1,
}
_GIVEN_FILL: dict[Any, tuple[int, str]] = {
    aten.full_like.default: (1, "fill_value"),
    aten.fill.Scalar: (1, "value"),
    aten.new_full.default: (2, "fill_value"),
}


def expand_copies(editor: Editor) -> bool:
    """Turn ``copy(target, source)`` into the source, cast and expanded. Why: the target's old values are not read."""
    changed = False
    for node in editor.nodes(aten.copy.default, aten.fill.Tensor):
        target, source = value_of(node.args[0]), node.args[1]
        if target is None or not isinstance(source, Node) or value_of(source) is None:
            continue
        editor.replace(node, cast_and_expand(editor, node, source, target))
        changed = True
    return changed


def cast_and_expand(editor: Editor, before: Node, source: Node, target: torch.Tensor) -> Node:
    """Return ``source`` with the dtype and the sizes of ``target``."""
    value = source.meta["val"]
    if value.dtype != target.dtype:
        source = editor.call(before, aten._to_copy.default, source, dtype=target.dtype)
    extra = value.dim() - target.dim()
    if extra > 0:  # copy_ accepts leading dimensions of size one
        source = editor.call(before, aten.reshape.default, source, list(value.shape[extra:]))
    if source.meta["val"].shape != target.shape:
        source = editor.call(before, aten.expand.default, source, list(target.shape))
    return source


def fill_without_template(editor: Editor) -> bool:
    """Turn ``zeros_like(x)`` and its kind into ``full(sizes)``. Why: only the sizes of ``x`` are read."""
    changed = False
    for node in editor.nodes(*_CONSTANT_FILL, *_GIVEN_FILL):
        value = value_of(node)
        fill = _fill_value(node)
        if value is None or fill is None or isinstance(fill, Node):
            continue
        new = editor.call(node, aten.full.default, list(value.shape), fill, dtype=value.dtype, device=value.device)
        editor.replace(node, new)
        changed = True
    return changed


def _fill_value(node: Node) -> Any:
    if node.target in _CONSTANT_FILL:
        return _CONSTANT_FILL[node.target]
    position, name = _GIVEN_FILL[node.target]
    return argument(node, position, name)
