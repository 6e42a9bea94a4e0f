"""Look at the source statement in which a tensor's value left for Python: is it a log line or an assertion?"""

from __future__ import annotations

import ast
import linecache

LOG_NAMES = frozenset(
    {
        "print", "debug", "info", "warning", "warn", "error", "exception", "critical", "log", "append", "extend",
        "add_scalar", "write", "record", "log_metrics", "appendleft",
    }
)  # fmt: skip


def is_harmless(file: str, line: int) -> bool:
    """Return whether the innermost statement at a line cannot bring a value back into the program.

    Harmless are assertions, log calls whose result is dropped, and an ``if`` without ``else`` whose body only raises
    or logs. Unknown source is not harmless.
    """
    statement = _statement_at(file, line)
    if statement is None:
        return False
    if isinstance(statement, ast.Assert):
        return True
    if isinstance(statement, (ast.If, ast.While)):
        return not statement.orelse and all(_raises_or_logs(s) for s in statement.body)
    return _raises_or_logs(statement)


def _statement_at(file: str, line: int) -> ast.stmt | None:
    source = "".join(linecache.getlines(file))
    if not source:
        return None
    try:
        tree = ast.parse(source)
    except SyntaxError:
        return None
    around = (n for n in ast.walk(tree) if isinstance(n, ast.stmt) and n.lineno <= line <= _header_end(n))
    return max(around, key=lambda n: n.lineno, default=None)


def _header_end(node: ast.stmt) -> int:
    """Return the last line of a statement, of its header where it has a body."""
    if isinstance(node, (ast.If, ast.While)):
        return node.test.end_lineno or node.lineno
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.For, ast.With, ast.Try)):
        return node.lineno
    return node.end_lineno or node.lineno


def _raises_or_logs(statement: ast.stmt) -> bool:
    if isinstance(statement, (ast.Raise, ast.Pass)):
        return True
    if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call):
        function = statement.value.func
        name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
        return name in LOG_NAMES
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
