"""Which expressions may stay the same while a value in them changes: comparisons, rounding, clipping, lookups."""

from __future__ import annotations

import ast
import builtins
from collections import deque

import torch

from leapp_core.tracing.source.book import called_name, root_name

_HARMLESS_OPERATORS = (ast.Add, ast.Sub, ast.Mult, ast.Div)
_HARMLESS_SIGNS = (ast.UAdd, ast.USub)
_PYTHON = (int, float, complex, str, bytes, list, tuple, dict, set, deque)
# What only holds a value, or hands it on as it is.
_HOLDING = (
    ast.keyword, ast.Starred, ast.Tuple, ast.List, ast.Dict, ast.NamedExpr, ast.Await, ast.ListComp, ast.GeneratorExp,
    ast.DictComp, ast.Attribute, ast.match_case,
)  # fmt: skip
HARMLESS_CALLS = frozenset({"float", "abs"})
"""Builtins whose result changes whenever the argument does; of every other call that is not known."""
OF_CONTAINERS = frozenset(
    {"items", "values", "keys", "copy", "pop", "popleft", "popitem", "item", "tolist", "__iter__", "send", "result"}
)
"""Methods that give what a container, a generator or an array holds, as it is."""
# Types of NumPy's scalars: what they make of a followed scalar anew is followed no more.
SCALAR_TYPES = frozenset(
    {
        "float16", "float32", "float64", "half", "single", "double", "longdouble", "int8", "int16", "int32", "int64",
        "uint8", "uint16", "uint32", "uint64", "intp", "bool_", "type",
    }
)  # fmt: skip
# Calls that take values out of an array which NumPy's own protocols do not show.
OUT_OF_ARRAYS = frozenset(
    {
        "str", "repr", "format", "bytes", "bytearray", "memoryview", "hash", "array2string", "array_str", "array_repr",
        "nditer", "ndenumerate", "tobytes", "tostring", "dumps", "get",
    }
)  # fmt: skip
SEEN_TO_LEAVE = frozenset({"item", "tolist", "float", "int", "bool", "len", "round", "range", "any", "all", "print"})
"""Calls that take values out of an array and are seen, at the moment, to do so."""
SIZES = frozenset({"size", "numel", "nelement", "dim", "__len__"})


def decides_by_itself(node: ast.expr) -> bool:
    """Return whether an expression takes a value only to round, compare or look something up."""
    if isinstance(node, ast.Subscript):
        return True
    return isinstance(node, ast.Call) and called_name(node) not in HARMLESS_CALLS | OF_CONTAINERS


def decides(parent: ast.AST, node: ast.AST) -> bool:
    """Return whether an expression may stay the same while a part of it changes: all may that are not known not to."""
    if isinstance(parent, ast.IfExp):
        return node is parent.test
    if isinstance(parent, ast.Subscript):
        return node is parent.slice
    if isinstance(parent, ast.BinOp):
        return formats_text(parent) or not isinstance(parent.op, _HARMLESS_OPERATORS)
    if isinstance(parent, ast.UnaryOp):
        return not isinstance(parent.op, _HARMLESS_SIGNS)
    return not isinstance(parent, _HOLDING)


def formats_text(node: ast.BinOp) -> bool:
    """Return whether an expression is ``"%d" % value``."""
    return isinstance(node.left, ast.Constant) and isinstance(node.left.value, str)


def only_tensors_have(method: str) -> bool:
    """Return whether a method says that it is called on a tensor: no number, text or container has one of that name."""
    return hasattr(torch.Tensor, method) and not any(hasattr(kind, method) for kind in _PYTHON)


def is_threshold(test: ast.expr) -> bool:
    """Return whether a test on a growing number, once it turned out otherwise, stays so: no remainder in it."""
    periodic = (ast.Mod, ast.FloorDiv, ast.BitAnd)
    return not any(isinstance(n, ast.BinOp) and isinstance(n.op, periodic) for n in ast.walk(test))


def of_object(parent: ast.AST, around: ast.AST | None) -> str | None:
    """Return what an expression is that uses an object whose parts change, and whose class has operators.

    Its attributes are followed by themselves: here only what operators make of it is, and of what its methods return,
    which may be the object itself.
    """
    if isinstance(parent, ast.Attribute):
        return "object" if isinstance(around, ast.Call) and around.func is parent else None
    if isinstance(parent, ast.Call):
        name = parent.func.id if isinstance(parent.func, ast.Name) else ""
        return "decided" if name and hasattr(builtins, name) else "object"
    if isinstance(parent, ast.Compare):
        return None if all(isinstance(op, (ast.Is, ast.IsNot)) for op in parent.ops) else "decided"
    kept = (ast.keyword, ast.Starred, ast.Tuple, ast.List, ast.Dict, ast.NamedExpr, ast.Lambda, ast.Yield, ast.withitem)
    return "object" if isinstance(parent, kept) else "decided"


def of_size(parent: ast.AST, node: ast.AST) -> str | None:
    """Return what an expression is that uses a tensor of which only the size is a Python value."""
    if isinstance(parent, ast.Attribute):
        return "decided" if parent.attr in ("shape", "size", "nbytes") else "sized"
    kept = isinstance(parent, (ast.keyword, ast.Starred, ast.Tuple, ast.List, ast.NamedExpr))
    return "sized" if kept or (isinstance(parent, ast.Subscript) and node is parent.value) else None


def within_numpy(parent: ast.AST, node: ast.AST) -> str | None:
    """Return what an expression is that holds an array: still one, a value that was taken out, or nothing to follow.

    What NumPy computes is recorded; only what takes values out of an array unseen is looked for.
    """
    if isinstance(parent, ast.Call):
        name = called_name(parent)
        if name in OUT_OF_ARRAYS:
            return "decided"
        if name in SCALAR_TYPES and node is not parent.func:
            return "value"
        tensor = name in ("from_numpy", "as_tensor", "tensor", "from_dlpack") or root_name(parent.func) == "torch"
        return None if tensor or name in SEEN_TO_LEAVE else "array"
    if isinstance(parent, ast.Attribute):
        if parent.attr in ("flat", "data", "ctypes"):
            return "decided"
        return None if parent.attr in ("shape", "size", "ndim", "dtype", "nbytes") else "array"
    if isinstance(parent, ast.FormattedValue):
        return "decided"
    if isinstance(parent, ast.BinOp) and formats_text(parent):
        return "decided"
    return "array"
