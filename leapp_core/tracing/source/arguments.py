"""Which parameters of a function an argument of a call may be."""

from __future__ import annotations

import ast

from leapp_core.tracing.source.book import SourceFile


def parameters_for(function: ast.FunctionDef | ast.AsyncFunctionDef, call: ast.Call, node: ast.AST) -> list[str]:
    """Return the names under which a function gets an argument; several for ``*values`` and ``**values``.

    Args:
        function: What is called.
        call: The call.
        node: The argument: an expression, or the keyword around it.
    """
    given = function.args
    names = [a.arg for a in (*given.posonlyargs, *given.args)]
    if names[:1] in (["self"], ["cls"]):
        names = names[1:]
    if isinstance(node, ast.keyword):
        return [node.arg] if node.arg is not None else _unnamed(given, names, call)
    at = call.args.index(node) if isinstance(node, ast.expr) and node in call.args else len(names)
    variable = [given.vararg.arg] if given.vararg is not None else []
    if isinstance(node, ast.Starred):
        return names[at:] + variable
    return names[at : at + 1] or variable


def _unnamed(given: ast.arguments, names: list[str], call: ast.Call) -> list[str]:
    named = {k.arg for k in call.keywords}
    rest = [*names[len(call.args) :], *(a.arg for a in given.kwonlyargs)]
    return [n for n in rest if n not in named] + ([given.kwarg.arg] if given.kwarg is not None else [])


def runs_lambda(file: SourceFile, call: ast.Call, name: str) -> bool:
    """Return whether a call runs a ``lambda``: one given to it, or one of that name."""
    if any(isinstance(a, ast.Lambda) for a in call.args):
        return True
    kept = (s for s in file.statements if isinstance(s, ast.Assign) and isinstance(s.value, ast.Lambda))
    return any(isinstance(t, ast.Name) and t.id == name for s in kept for t in s.targets)
