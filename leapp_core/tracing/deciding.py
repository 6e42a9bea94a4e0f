"""Which expressions may stay the same while a value in them changes: comparisons, rounding, clipping, lookups."""

from __future__ import annotations

import ast

from leapp_core.tracing.source import called_name

# Calls whose result may stay the same while the argument changes.
DECIDING = frozenset(
    {
        "min", "max", "int", "round", "bool", "floor", "ceil", "trunc", "clip", "clamp", "minimum", "maximum", "sign",
        "copysign", "range", "len", "any", "all", "isclose", "digitize", "interp", "index", "count", "where",
        "searchsorted", "sorted", "heaviside", "get",
    }
)  # fmt: skip
SIZES = frozenset({"size", "numel", "nelement", "dim", "__len__"})


def decides_by_itself(node: ast.expr) -> bool:
    """Return whether an expression takes a value only to round, compare or look something up."""
    return isinstance(node, ast.Subscript) or (isinstance(node, ast.Call) and called_name(node) in DECIDING)


def decides(parent: ast.AST, node: ast.AST) -> bool:
    """Return whether an expression may stay the same while a part of it changes."""
    if isinstance(parent, ast.IfExp):
        return node is parent.test
    if isinstance(parent, ast.Subscript):
        return node is parent.slice
    if isinstance(parent, ast.BinOp):
        text = isinstance(parent.left, ast.Constant) and isinstance(parent.left.value, str)  # "%d" % value
        return text or isinstance(parent.op, ast.FloorDiv)
    if isinstance(parent, ast.UnaryOp):
        return isinstance(parent.op, ast.Not)
    return isinstance(parent, (ast.Compare, ast.BoolOp, ast.Slice, ast.FormattedValue))


def is_threshold(test: ast.expr) -> bool:
    """Return whether a test on a growing number, once it turned out otherwise, stays so: no remainder in it."""
    periodic = (ast.Mod, ast.FloorDiv, ast.BitAnd)
    return not any(isinstance(n, ast.BinOp) and isinstance(n.op, periodic) for n in ast.walk(test))
