"""Which code of the user's may be run for what it would compute, and taken back: all it does goes through hooks."""

from __future__ import annotations

import ast
from collections.abc import Iterable

from leapp_core.tracing.provenance.scopes import again, again_key, calls, is_local, last_name
from leapp_core.tracing.provenance.statements import COMPREHENSIONS, own_nodes

_STATEMENTS = (
    ast.Assign, ast.AnnAssign, ast.AugAssign, ast.Expr, ast.If, ast.For, ast.While, ast.With, ast.Pass, ast.Return,
    ast.Assert, ast.Raise, ast.Break, ast.Continue,
)  # fmt: skip
_NO_EXPRESSIONS = (ast.Yield, ast.YieldFrom, ast.Await, ast.NamedExpr, ast.Lambda, ast.GeneratorExp)


def is_plain(
    statements: Iterable[ast.stmt], stored: frozenset[str], elsewhere: frozenset[str], unhooked: frozenset[str]
) -> bool:
    """Return whether everything that statements do is seen by hooks.

    Args:
        statements: The statements, before hooks were put in.
        stored: Attributes whose assignments go through hooks.
        elsewhere: Names that are not local.
        unhooked: Names of functions that are called without a hook.
    """
    for node in own_nodes(statements):
        if isinstance(node, _NO_EXPRESSIONS) or (isinstance(node, ast.stmt) and not isinstance(node, _STATEMENTS)):
            return False
        if isinstance(node, ast.Call) and last_name(node) in unhooked:
            return False
        if isinstance(node, (ast.Assign, ast.AnnAssign, ast.AugAssign)) and not _is_seen(node, stored, elsewhere):
            return False
        if isinstance(node, ast.For) and not is_local(node.target, elsewhere):
            return False
        if isinstance(node, ast.With) and not all(_enters_plainly(item, elsewhere) for item in node.items):
            return False
    return True


def leaves_it(statements: Iterable[ast.stmt]) -> bool:
    """Return whether statements may end in another place than behind them, errors aside."""
    for statement in statements:
        if isinstance(statement, (ast.Return, ast.Break, ast.Continue)):
            return True
        if isinstance(statement, (ast.For, ast.While)):
            if any(isinstance(n, ast.Return) for n in own_nodes([statement])):
                return True
        elif any(
            leaves_it(inner)
            for field in ("body", "orelse", "finalbody")
            if isinstance(inner := getattr(statement, field, None), list)
        ):
            return True
    return False


def assigned_names(statements: Iterable[ast.stmt]) -> set[str]:
    """Return the names that statements assign."""
    nodes = list(own_nodes(statements))
    # Comprehensions have names of their own.
    inner = {id(n) for c in nodes if isinstance(c, COMPREHENSIONS) for n in ast.walk(c)}
    return {n.id for n in nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store) and id(n) not in inner}


def _is_seen(
    node: ast.Assign | ast.AnnAssign | ast.AugAssign, stored: frozenset[str], elsewhere: frozenset[str]
) -> bool:
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    if all(is_local(t, elsewhere) for t in targets):
        return True
    if len(targets) != 1 or (isinstance(node, ast.AnnAssign) and node.value is None):
        return False
    target = targets[0]
    if isinstance(target, ast.Attribute):
        if target.attr not in stored:
            return False
        return not isinstance(node, ast.AugAssign) or isinstance(target.value, ast.Name)
    if isinstance(target, ast.Subscript):
        if isinstance(node, ast.AugAssign):
            return not calls(node.value) and again(target.value) is not None and again_key(target.slice) is not None
        return isinstance(node, ast.Assign)
    return False


def _enters_plainly(item: ast.withitem, elsewhere: frozenset[str]) -> bool:
    target = item.optional_vars
    return isinstance(item.context_expr, ast.Call) and (target is None or is_local(target, elsewhere))
