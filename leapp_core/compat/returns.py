"""Names of what a decorated function returns, as the public ``leapp`` (0.7.2) gives them."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Callable
from typing import Any


def returned_names(function: Callable[..., Any], result: Any) -> dict[str, Any]:
    """Name a result after the return statement: ``return action`` is ``action``, an expression ``output1``.

    ``return arm, hand`` gives two names where the result is a tuple of two; a mapping or list belongs to one name,
    which its keys and indices are appended to.

    Args:
        function: The function, whose source is looked at.
        result: What it returned.
    """
    names = _statement_names(function)
    if isinstance(result, tuple) and len(names) == len(result):
        return dict(zip(names, result, strict=True))
    return {names[0] if len(names) == 1 else "output1": result}


def _statement_names(function: Callable[..., Any]) -> list[str]:
    """Return a name for each value of the return statements; of several statements, the first that has one."""
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(inspect.unwrap(function))))
    except (OSError, TypeError, SyntaxError):
        return ["output1"]
    found = [_names(node.value) for node in ast.walk(tree) if isinstance(node, ast.Return) and node.value is not None]
    if not found or len({len(names) for names in found}) > 1:
        return ["output1"]
    return [next((n for n in column if n), f"output{i}") for i, column in enumerate(zip(*found, strict=True), 1)]


def _names(value: ast.expr) -> list[str]:
    """Return the names of what a statement returns, empty for an expression."""
    values = value.elts if isinstance(value, ast.Tuple) else [value]
    return [item.id if isinstance(item, ast.Name) else "" for item in values]
