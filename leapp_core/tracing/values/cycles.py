"""Python values that come round (``self.i = 1 - self.i``): a recording of that many steps shows all there is.

That is claimed only of attributes whose next value is computed from nothing but their own, in one place that no branch
or loop is around, and which were seen to take values that this computation gives.
"""

from __future__ import annotations

import ast
import math
import operator
from collections.abc import Callable, Iterable
from typing import Any

from leapp_core.tracing.objects.state import Changed
from leapp_core.tracing.source.book import FUNCTIONS, SourceFile
from leapp_core.tracing.source.owners import Owners, Types, related
from leapp_core.tracing.source.statements import assignments

_LONGEST = 32
_PLAIN = (int, bool, str)
_BINARY: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Mod: operator.mod,
    ast.FloorDiv: operator.floordiv,
    ast.BitXor: operator.xor,
    ast.BitAnd: operator.and_,
    ast.BitOr: operator.or_,
}
_UNARY: dict[type[ast.unaryop], Callable[[Any], Any]] = {
    ast.Not: operator.not_,
    ast.USub: operator.neg,
    ast.Invert: operator.invert,
}
_EQUAL: dict[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Is: operator.is_,
    ast.IsNot: operator.is_not,
    ast.Lt: operator.lt,
    ast.Gt: operator.gt,
    ast.LtE: operator.le,
    ast.GtE: operator.ge,
}


class _NotAloneError(Exception):
    """The next value depends on more than the value itself."""


class Cycles:
    """Attributes that come round.

    Args:
        owners: Whose attribute is whose.
        changed: Values that were seen to change.
    """

    def __init__(self, owners: Owners, changed: Iterable[Changed]) -> None:
        self._owners = owners
        self._changed: dict[str, list[Changed]] = {}
        for change in changed:
            if change.path and change.path[-1][0] == "attr":
                self._changed.setdefault(change.path[-1][1], []).append(change)

    def period(self, name: str, types: Types) -> int:
        """Return the number of values that an attribute takes in turn; 0 if that is not known.

        Args:
            name: Its name.
            types: Whose it is.
        """
        living = self._owners.living
        seen = [c for c in self._changed.get(name, ()) if related(types, living.having(c.path[-1][2], name))]
        update = self._update(name, types) if seen and types is not None else None
        if update is None:
            return 0
        try:
            return math.lcm(*(_length(*update, change) for change in seen))
        except _NotAloneError:
            return 0

    def _update(self, name: str, types: Types) -> tuple[SourceFile, ast.stmt] | None:
        """Return the only statement that assigns an attribute once it is made, if it is run in any case."""
        found = []
        for file in self._owners.everything.files:
            for target in file.stores.get(name, ()):
                statement = next(n for n in file.above(target) if isinstance(n, ast.stmt))
                if related(types, self._owners.of(file, target)) and not _starts(file, statement):
                    found.append((file, statement))
        if len(found) != 1 or not isinstance(found[0][0].parents.get(found[0][1]), FUNCTIONS):
            return None
        return found[0]


def _length(file: SourceFile, statement: ast.stmt, change: Changed) -> int:
    if not (isinstance(change.before, tuple) and isinstance(change.after, tuple) and change.before[0] in _PLAIN):
        raise _NotAloneError
    values = [change.before[1]]
    while len(values) <= _LONGEST:
        following = _next(file, statement, values[-1])
        if following == values[0]:
            if change.after[1] not in values:  # something else changes it, too
                raise _NotAloneError
            return len(values)
        values.append(following)
    raise _NotAloneError


def _starts(file: SourceFile, statement: ast.stmt) -> bool:
    """Return whether a statement gives an object its first value, or begins anew with a value written out."""
    function = file.function_of(statement)
    if getattr(function, "name", "") in ("__init__", "__post_init__"):
        return True
    return "reset" in getattr(function, "name", "") and isinstance(getattr(statement, "value", None), ast.Constant)


def _next(file: SourceFile, statement: ast.stmt, value: Any) -> Any:
    """Return what a statement makes of a value.

    Raises:
        _NotAloneError: it needs to know more than that value.
    """
    target = next(iter(assignments(statement)))[0]
    if isinstance(statement, ast.AugAssign):
        return _compute(_BINARY, statement.op, value, _value(file, statement.value, target, value, 0))
    if isinstance(statement, ast.Assign) and len(statement.targets) == 1 and statement.targets[0] is target:
        return _value(file, statement.value, target, value, 0)
    raise _NotAloneError


def _value(file: SourceFile, node: ast.expr, target: ast.expr, value: Any, depth: int) -> Any:
    def inner(part: ast.expr) -> Any:
        return _value(file, part, target, value, depth)

    if isinstance(node, ast.Constant) and isinstance(node.value, _PLAIN):
        return node.value
    if isinstance(node, ast.Attribute) and ast.unparse(node) == ast.unparse(target):
        return value
    if isinstance(node, ast.BinOp):
        return _compute(_BINARY, node.op, inner(node.left), inner(node.right))
    if isinstance(node, ast.UnaryOp):
        return _compute(_UNARY, node.op, inner(node.operand))
    if isinstance(node, ast.Compare) and len(node.ops) == 1:
        return _compute(_EQUAL, node.ops[0], inner(node.left), inner(node.comparators[0]))
    if isinstance(node, ast.IfExp):
        return inner(node.body if inner(node.test) else node.orelse)
    if isinstance(node, ast.Name) and depth < 3:
        return _value(file, _assigned(file, node), target, value, depth + 1)
    raise _NotAloneError


def _compute(table: Any, kind: ast.AST, *values: Any) -> Any:
    function = table.get(type(kind))
    if function is None:
        raise _NotAloneError
    try:
        return function(*values)
    except (TypeError, ZeroDivisionError) as error:
        raise _NotAloneError from error


def _assigned(file: SourceFile, name: ast.Name) -> ast.expr:
    """Return what a local name was given, in one place that is run in any case."""
    function = file.function_of(name)
    if not isinstance(function, FUNCTIONS):
        raise _NotAloneError
    arguments = [a for a in ast.walk(function.args) if isinstance(a, ast.arg) and a.arg == name.id]
    names = [n for n in ast.walk(function) if isinstance(n, ast.Name) and n.id == name.id]
    stores = [n for n in names if not isinstance(n.ctx, ast.Load)]
    given = file.parents.get(stores[0]) if len(stores) == 1 and not arguments else None
    if not isinstance(given, ast.Assign) or given.targets != stores or file.parents.get(given) is not function:
        raise _NotAloneError
    return given.value
