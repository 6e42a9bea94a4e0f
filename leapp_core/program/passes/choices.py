"""Choices between results of the same call."""

from __future__ import annotations

from typing import Any

import torch
from torch.fx import Node

from leapp_core.program.passes.editor import Editor, same_layout, value_of

aten = torch.ops.aten

_COSTLY = frozenset(
    {
        aten.linear.default, aten.addmm.default, aten.mm.default, aten.bmm.default, aten.matmul.default,
        aten.convolution.default, aten.layer_norm.default, aten.native_layer_norm.default,
        aten.scaled_dot_product_attention.default,
    }
)  # fmt: skip
_MOST_CHOICES = 3


def choose_before_calls(editor: Editor) -> bool:
    """Turn ``where(c, f(a), f(b))`` into ``f(where(c, a, b))``. Why: a network is run once instead of once per way."""
    changed = False
    for node in editor.nodes(aten.where.self):
        given: tuple[Any, ...] = node.args
        condition, then, other = given
        if _is_one_truth(condition) and all(_is_alone(editor, call, node) for call in (then, other)):
            if then.target is not other.target:
                continue
            args = _joined(editor, node, (then.args, then.kwargs), (other.args, other.kwargs), _most(then))
            if args is not None:
                editor.replace(node, editor.call(node, then.target, *args[0], **args[1]))
                changed = True
    return changed


def _most(call: Node) -> int:
    """Return how many operands may be chosen: where a call costs little, no more than are chosen now."""
    return _MOST_CHOICES if call.target in _COSTLY else 1


def _is_one_truth(condition: Any) -> bool:
    value = value_of(condition)
    return value is not None and value.dim() == 0


def _is_alone(editor: Editor, call: Any, user: Node) -> bool:
    """Return whether the result of a call, which gives the same each time, is read by one choice alone."""
    if not isinstance(call, Node) or call.op != "call_function" or set(call.users) != {user}:
        return False
    if call.name in editor.pinned:
        return False
    if not isinstance(call.target, torch._ops.OpOverload) or value_of(call) is None or call.target is aten.where.self:
        return False
    return torch.Tag.nondeterministic_seeded not in call.target.tags and not call.is_impure()


def _joined(editor: Editor, node: Node, then: Any, other: Any, most: int) -> Any:
    """Return arguments of which those that differ are chosen; ``None`` if that cannot be or costs more."""
    pairs: list[tuple[Node, Node]] = []
    if not _pair(then, other, pairs) or not 0 < len(set(pairs)) <= most:
        return None
    for a, b in pairs:
        one, two = value_of(a), value_of(b)
        if one is None or two is None or not same_layout(one, two) or not one.is_contiguous():
            return None
        if a in editor.tensors and b in editor.tensors:
            return None  # weights stay weights
    made = {pair: editor.call(node, aten.where.self, node.args[0], *pair) for pair in dict.fromkeys(pairs)}
    return _replaced(then, other, made)


def _pair(then: Any, other: Any, pairs: list[tuple[Node, Node]]) -> bool:
    """Collect the operands that differ; return whether all else is equal."""
    if isinstance(then, Node) and isinstance(other, Node):
        if then is not other:
            pairs.append((then, other))
        return True
    if isinstance(then, (list, tuple)) and isinstance(other, (list, tuple)):
        return len(then) == len(other) and all(_pair(a, b, pairs) for a, b in zip(then, other, strict=True))
    if isinstance(then, dict) and isinstance(other, dict):
        return then.keys() == other.keys() and all(_pair(then[k], other[k], pairs) for k in then)
    return type(then) is type(other) and repr(then) == repr(other)


def _replaced(then: Any, other: Any, made: dict[tuple[Node, Node], Node]) -> Any:
    if isinstance(then, Node):
        return then if then is other else made[then, other]
    if isinstance(then, (list, tuple)):
        return type(then)(_replaced(a, b, made) for a, b in zip(then, other, strict=True))
    if isinstance(then, dict):
        return {k: _replaced(v, other[k], made) for k, v in then.items()}
    return then
