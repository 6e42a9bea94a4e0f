"""One name for what has several."""

from __future__ import annotations

import torch

from leapp_core.program.passes.editor import Editor, value_of

aten = torch.ops.aten

# PyTorch has synonyms, and exporters know one name of each.
_SYNONYMS = {
    "absolute": "abs",
    "arccos": "acos",
    "arccosh": "acosh",
    "arcsin": "asin",
    "arcsinh": "asinh",
    "arctan": "atan",
    "arctan2": "atan2",
    "arctanh": "atanh",
    "clip": "clamp",
    "concat": "cat",
    "concatenate": "cat",
    "divide": "div",
    "fix": "trunc",
    "greater": "gt",
    "greater_equal": "ge",
    "less": "lt",
    "less_equal": "le",
    "multiply": "mul",
    "negative": "neg",
    "not_equal": "ne",
    "special_expit": "sigmoid",
    "special_expm1": "expm1",
    "special_log1p": "log1p",
    "subtract": "sub",
    "true_divide": "div",
}


def use_common_names(editor: Editor) -> bool:
    """Call ``clip`` ``clamp``, and so on. Why: a call captured whole keeps the name the user typed."""
    changed = False
    for node in editor.graph.nodes:
        target = node.target
        if node.op != "call_function" or not isinstance(target, torch._ops.OpOverload):
            continue
        name = target._schema.name.removeprefix("aten::")
        packet = getattr(aten, _SYNONYMS[name], None) if name in _SYNONYMS else None
        if packet is not None and target._overloadname in packet.overloads():
            node.target = getattr(packet, target._overloadname)
            changed = True
    return changed


def split_rolls(editor: Editor) -> bool:
    """Roll along one dimension at a time. Why: that is two slices and one ``cat``, which every format has."""
    changed = False
    for node in editor.nodes(aten.roll.default):
        value = value_of(node)
        shifts, dims = list(node.args[1]), list(node.args[2] if len(node.args) > 2 else [])  # type: ignore[arg-type]
        if value is None or value.numel() == 0 or len(dims) == 1 or (not dims and value.dim() == 1):
            continue
        result = node.args[0]
        if dims:
            for shift, dim in zip(shifts, dims, strict=True):
                result = editor.call(node, aten.roll.default, result, [shift], [dim])
        else:
            flat = editor.call(node, aten.reshape.default, result, [-1])
            rolled = editor.call(node, aten.roll.default, flat, shifts, [0])
            result = editor.call(node, aten.reshape.default, rolled, list(value.shape))
        editor.replace(node, result)  # type: ignore[arg-type] # an operand is a node
        changed = True
    return changed
