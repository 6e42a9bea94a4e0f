"""Is an array written out in the user's code? Then it is a constant, though every step makes it anew."""

from __future__ import annotations

import ast
import linecache
from functools import lru_cache
from types import FrameType
from typing import Any

import numpy as np

from leapp_core.tracing.source.callsite import CallSites

_MAKERS = frozenset({"array", "asarray", "zeros", "ones", "full", "eye", "identity", "arange", "linspace", "float32"})


def is_literal(array: np.ndarray[Any, Any], sites: CallSites, frame: FrameType) -> bool:
    """Return whether the user's function holds a call such as ``np.array([0.0, 0.0, -1.0])`` with these values.

    Args:
        array: The array, owned by nobody PyTorch knows.
        sites: Call sites of the session.
        frame: Frame of the call that reads it.
    """
    number, position = sites.number(frame)
    file, line = sites.user_frame(number, position)
    return any(_makes(call, array) for call in _maker_calls("".join(linecache.getlines(file)), line))


@lru_cache(maxsize=256)
def _maker_calls(source: str, line: int) -> list[ast.Call]:
    try:
        tree = ast.parse(source)
    except SyntaxError:
        return []
    functions = (n for n in ast.walk(tree) if isinstance(n, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)))
    around = [n for n in functions if n.lineno <= line <= (n.end_lineno or n.lineno)]
    scope: ast.AST = max(around, key=lambda n: n.lineno) if around else tree
    calls = [n for n in ast.walk(scope) if isinstance(n, ast.Call)]
    return [c for c in calls if isinstance(c.func, ast.Attribute) and c.func.attr in _MAKERS]


def _makes(call: ast.Call, array: np.ndarray[Any, Any]) -> bool:
    """Evaluate a maker's literal arguments and compare values; the dtype does not matter."""
    if not isinstance(call.func, ast.Attribute):
        return False
    try:
        args = [ast.literal_eval(a) for a in call.args]
        kwargs = {k.arg: ast.literal_eval(k.value) for k in call.keywords if k.arg not in (None, "dtype")}
    except ValueError:
        # np.zeros(3, np.float32): the shape is written out, the dtype is not.
        return len(call.args) == 2 and _makes(ast.Call(call.func, call.args[:1], call.keywords), array)
    try:
        made = getattr(np, call.func.attr)(*args, **kwargs)
    except (TypeError, ValueError):
        return False
    made = np.asarray(made)
    return bool(made.shape == array.shape and np.array_equal(made.astype(array.dtype), array))
