"""Questions about syntax that rewriting asks."""

from __future__ import annotations

import ast
from typing import Any

# Functions that show a function its own names, or run text among them.
_LOOKING = frozenset({"locals", "vars", "dir", "eval", "exec"})
# Decorators that compile a function from its byte code or its source, perhaps when it is first called.
_COMPILING = frozenset(
    {"jit", "njit", "vectorize", "guvectorize", "cfunc", "stencil", "kernel", "func", "script", "compile"}
)


def leaves_alone(function: ast.FunctionDef) -> bool:
    """Return whether a function looks at its own names, where what is rewritten may be too, or is compiled."""
    if any(_last_name(decorator) in _COMPILING for decorator in function.decorator_list):
        return True
    return any(isinstance(n, ast.Name) and n.id in _LOOKING for n in ast.walk(function)) or any(
        isinstance(n, ast.ClassDef) for n in ast.walk(function)
    )


def _last_name(decorator: ast.expr) -> str:
    called = decorator.func if isinstance(decorator, ast.Call) else decorator
    return called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")


def declared_elsewhere(function: ast.FunctionDef) -> frozenset[str]:
    """Return the names that a function, or one within it, declares as ``global`` or ``nonlocal``."""
    found = (n.names for n in ast.walk(function) if isinstance(n, (ast.Global, ast.Nonlocal)))
    return frozenset(name for names in found for name in names)


def is_written_out(node: ast.expr) -> bool:
    """Return whether an expression is a number written out in the source."""
    if isinstance(node, ast.UnaryOp):
        return is_written_out(node.operand)
    if isinstance(node, ast.BinOp):
        return is_written_out(node.left) and is_written_out(node.right)
    return isinstance(node, ast.Constant)


def mangled(name: str, cls: str) -> str:
    """Return what Python makes of a private attribute's name in a class."""
    cls = cls.lstrip("_")
    private = name.startswith("__") and not name.endswith("__") and bool(cls)
    return f"_{cls}{name}" if private else name


def again(node: ast.expr) -> ast.expr | None:
    """Return an expression that reads what a target names, if evaluating it a second time does nothing more."""
    if isinstance(node, ast.Name):
        return ast.copy_location(ast.Name(node.id, ast.Load()), node)
    if isinstance(node, ast.Constant):
        return node
    if isinstance(node, ast.Attribute):
        owner = again(node.value)
        return None if owner is None else ast.copy_location(ast.Attribute(owner, node.attr, ast.Load()), node)
    return None


def again_key(node: ast.expr) -> Any:
    """Return a key that may be evaluated a second time."""
    if isinstance(node, ast.Slice):
        given = node.lower, node.upper, node.step
        parts = [None if p is None else again(p) for p in given]
        if any(new is None and old is not None for new, old in zip(parts, given, strict=True)):
            return None
        return ast.copy_location(ast.Slice(*parts), node)
    if isinstance(node, ast.Tuple):
        keys = [again_key(e) for e in node.elts]
        return None if None in keys else ast.copy_location(ast.Tuple([k for k in keys if k], ast.Load()), node)
    if isinstance(node, ast.UnaryOp):
        operand = again(node.operand)
        return None if operand is None else ast.copy_location(ast.UnaryOp(node.op, operand), node)
    return again(node)
