"""Look at the source statement in which a tensor's value left for Python: is it a log line or an assertion?"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from leapp_core.tracing.source.book import SourceFile

LOG_NAMES = frozenset(
    {
        "print", "debug", "info", "warning", "warn", "error", "exception", "critical", "log", "add_scalar", "write",
        "record", "log_metrics",
    }
)  # fmt: skip

DECLARING_NAMES = frozenset({"input_tensors", "state_tensors"})
"""What is given to these comes from outside the program."""

DECLARING_OUTPUTS = frozenset({"output_tensors", "update_state"})
"""What is given to these is recorded as it is."""

KEEPING_NAMES = frozenset({"append", "extend", "appendleft", "extendleft", "insert", "add", "update", "setdefault"})
"""Methods that put a value into a container, from which it may come back."""


def is_harmless(statement: ast.stmt) -> bool:
    """Return whether a statement cannot bring a value back into the program.

    Harmless are log calls whose result is dropped and, as long as nothing catches the exception, assertions and an
    ``if`` without ``else`` whose body only raises or logs.
    """
    if isinstance(statement, (ast.Assert, ast.Raise)):
        return True
    if isinstance(statement, (ast.If, ast.While)):
        return not statement.orelse and all(_raises_or_logs(s, LOG_NAMES) for s in statement.body)
    return _raises_or_logs(statement, LOG_NAMES | KEEPING_NAMES)


def is_dropped(file: SourceFile, call: ast.Call) -> bool:
    """Return whether nothing is done with the result of a call."""
    return isinstance(file.parents.get(call), ast.Expr)


def header_end(node: ast.stmt) -> int:
    """Return the last line of a statement, of its header where it has a body."""
    if isinstance(node, ast.Match):
        return node.subject.end_lineno or node.lineno
    if isinstance(node, (ast.If, ast.While)):
        return node.test.end_lineno or node.lineno
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.For, ast.With, ast.Try)):
        return node.lineno
    return node.end_lineno or node.lineno


def assignments(statement: ast.AST) -> list[tuple[ast.expr, ast.AST]]:
    """Return the targets that a statement assigns, each with what it is assigned."""
    if isinstance(statement, ast.Assign):
        pairs: list[tuple[ast.expr, ast.AST]] = [(t, statement.value) for t in statement.targets]
    elif isinstance(statement, (ast.AugAssign, ast.AnnAssign)) and statement.value is not None:
        pairs = [(statement.target, statement.value)]
    elif isinstance(statement, (ast.For, ast.AsyncFor)):
        pairs = [(statement.target, statement.iter)]
    else:
        return []
    return [(part, value) for target, value in pairs for part in parts_of(target)]


def parts_of(target: ast.expr) -> list[ast.expr]:
    """Return the single targets of ``a, (b, *c)``."""
    if isinstance(target, (ast.Tuple, ast.List)):
        return [part for element in target.elts for part in parts_of(element)]
    return [target.value if isinstance(target, ast.Starred) else target]


def _raises_or_logs(statement: ast.stmt, names: frozenset[str]) -> bool:
    if isinstance(statement, (ast.Raise, ast.Pass)):
        return True
    if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call):
        function = statement.value.func
        name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
        return name in names
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
