"""Which attributes of the user's are queues that are refilled when they are empty, as their source shows it."""

from __future__ import annotations

import ast
from collections.abc import Iterable

_TAKING = frozenset({"pop", "popleft"})
METHODS = _TAKING | {"append", "extend", "clear"}


def queue_of(node: ast.AST) -> ast.Attribute | None:
    """Return the attribute of ``owner.name`` or ``owner.name[key]``; ``None`` for other expressions."""
    if isinstance(node, ast.Subscript) and not isinstance(node.slice, ast.Slice):
        node = node.value
    return node if isinstance(node, ast.Attribute) else None


def queue_names(nodes: Iterable[ast.AST]) -> frozenset[str]:
    """Return the names of attributes that entries are taken from and that are asked how many they have."""
    taken, asked = set(), set()
    for node in nodes:
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _TAKING:
            found = queue_of(node.func.value)
            taken |= {found.attr} if found is not None else set()
        if isinstance(node, (ast.If, ast.IfExp, ast.While)):
            measured = [m for n in ast.walk(node.test) if isinstance(n, ast.expr) and (m := measured_by(n)) is not None]
            for found in (asks(node.test)[0], *map(queue_of, measured)):
                asked |= {found.attr} if found is not None else set()
    return frozenset(taken & asked)


def asks(test: ast.expr) -> tuple[ast.Attribute | None, ast.expr, bool]:
    """Return the queue that a test asks about, as attribute and as expression, and whether it is empty if it is true.

    ``not queue``, ``queue``, ``len(queue) == 0`` and the like; no attribute for other tests.
    """
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        found, expression, empty = asks(test.operand)
        return found, expression, not empty
    if isinstance(test, ast.Compare) and len(test.ops) == 1 and isinstance(test.comparators[0], ast.Constant):
        asked, number = measured_by(test.left), test.comparators[0].value
        no_more = {ast.Eq: 0, ast.LtE: 0, ast.Lt: 1}.get(type(test.ops[0]))
        some = {ast.NotEq: 0, ast.Gt: 0, ast.GtE: 1}.get(type(test.ops[0]))
        if asked is not None and type(number) is int and number in (no_more, some):
            return queue_of(asked), asked, number == no_more
        return None, test, False
    asked = measured_by(test)
    return queue_of(asked or test), asked or test, False


def measured_by(node: ast.expr) -> ast.expr | None:
    """Return ``queue`` of ``len(queue)``; ``None`` for other expressions."""
    called = isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "len"
    return node.args[0] if called and len(node.args) == 1 and not node.keywords else None  # type: ignore[attr-defined]
