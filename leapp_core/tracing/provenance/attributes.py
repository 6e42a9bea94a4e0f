"""The attributes that a file names, and which of them change while a loop runs."""

from __future__ import annotations

import ast
import linecache
import warnings
from dataclasses import dataclass
from functools import lru_cache

from leapp_core.tracing.provenance.containers import CHANGING
from leapp_core.tracing.provenance.scopes import globals_of

_LONGEST = 20_000  # lines


@dataclass(frozen=True)
class Attributes:
    """The attributes that a file names.

    Attributes:
        named: All of them.
        stored: Those that a function other than a constructor assigns, or whose container it changes: only these change
            from step to step.
        computed: Those that classes compute when they are read.
    """

    named: frozenset[str] = frozenset()
    stored: frozenset[str] = frozenset()
    computed: frozenset[str] = frozenset()


@lru_cache(maxsize=512)
def attributes(file: str) -> Attributes:
    """Return the attributes that a file names."""
    tree = parsed(file)
    if tree is None:
        return Attributes()
    nodes = list(ast.walk(tree))
    functions = [n for n in nodes if isinstance(n, (ast.FunctionDef, ast.AsyncFunctionDef))]
    named = frozenset(n.attr for n in nodes if isinstance(n, ast.Attribute))
    inside = (n for f in functions if f.name != "__init__" for n in ast.walk(f))
    stored = {name for n in inside if (name := _changed(n))}
    computed = {
        f.name for f in functions if any(isinstance(d, ast.Name) and d.id == "property" for d in f.decorator_list)
    }
    stored |= globals_of(tree)
    named |= globals_of(tree)
    kept = frozenset(name for name in stored if not (name.startswith("__") and name.endswith("__")))
    return Attributes(named, kept, frozenset(computed))


def _changed(node: ast.AST) -> str:
    """Return the attribute that is assigned, or holds what is changed, at a node; empty for others."""
    if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
        return node.attr
    held: ast.AST | None = None
    if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store):
        held = node.value
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in CHANGING:
        held = node.func.value
    return held.attr if isinstance(held, ast.Attribute) else ""


def parsed(file: str) -> ast.Module | None:
    """Return the syntax of a file; ``None`` if it has none that is short enough."""
    lines = linecache.getlines(file)
    if not lines or len(lines) > _LONGEST:
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse("".join(lines), file)
    except (SyntaxError, ValueError, RecursionError):
        return None
