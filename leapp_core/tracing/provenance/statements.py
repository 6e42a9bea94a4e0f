"""Statements written another way, so that every decision is an ``if`` whose ways meet again.

``if c: return a`` with more behind it becomes ``if`` and ``else`` that assign one result; ``a if c else b``,
``a and b`` and ``a or b`` become statements, ``match`` an ``if``, and loops are left at their ends only. What runs, and
in which order, stays the same.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterable, Sequence

from leapp_core.tracing.provenance.jumps import without_jumps
from leapp_core.tracing.provenance.matching import without_matches
from leapp_core.tracing.provenance.scopes import again, is_local, last_name

RESULT = ".result"
"""Local name of what a function returns; no name of the user's begins with a dot."""
COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_SCOPES = (ast.Lambda, *COMPREHENSIONS)
_GRADIENTS = frozenset({"no_grad", "enable_grad", "inference_mode", "set_grad_enabled"})
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)


def flattened(function: ast.FunctionDef) -> list[ast.stmt]:
    """Return the body of a function with its decisions as statements.

    Args:
        function: The function; its nodes are used again.
    """
    body = without_matches(function.body)
    steps = any(isinstance(n, (ast.Yield, ast.YieldFrom)) for n in own_nodes(body))
    if not steps:
        body = without_jumps(body)
    returns = [n for n in own_nodes(body) if isinstance(n, ast.Return)]
    early = any(_has_return([s]) for s in own_nodes(body) if isinstance(s, ast.If))
    if early and not steps:
        joined = _single_exit(copy.deepcopy(body))  # which may fail half way
        if joined is not None:
            last = ast.copy_location(
                ast.Return(ast.copy_location(ast.Name(RESULT, ast.Load()), returns[-1])), returns[-1]
            )
            body = [*joined, last]
    return _Hoister().statements(body)


def own_nodes(statements: Iterable[ast.AST]) -> Iterable[ast.AST]:
    """Yield the nodes of statements without those of functions and classes defined in them."""
    for node in statements:
        yield node
        if not isinstance(node, _DEFINITIONS):
            yield from own_nodes(ast.iter_child_nodes(node))


def _has_return(statements: Iterable[ast.AST]) -> bool:
    return any(isinstance(n, ast.Return) for n in own_nodes(statements))


def _ends(statements: Sequence[ast.stmt]) -> bool:
    """Return whether nothing behind some statements is reached from them."""
    if not statements:
        return False
    last = statements[-1]
    if isinstance(last, ast.If):
        return _ends(last.body) and _ends(last.orelse)
    if isinstance(last, ast.With):
        return _ends(last.body) and _lets_errors_pass(last)
    return isinstance(last, (ast.Return, ast.Raise))


def _lets_errors_pass(statement: ast.With) -> bool:
    """Return whether an error in a ``with`` block is one behind it, too: ``suppress`` catches some."""
    entered = [item.context_expr for item in statement.items]
    return all(isinstance(e, ast.Call) and last_name(e) in _GRADIENTS for e in entered)


def _single_exit(statements: Sequence[ast.stmt]) -> list[ast.stmt] | None:
    """Return statements that assign the result where they returned it; ``None`` where that takes copies of code."""
    made: list[ast.stmt] = []
    for number, statement in enumerate(statements):
        rest = list(statements[number + 1 :])
        if isinstance(statement, ast.Return):
            return [*made, _assigned(RESULT, statement.value or ast.Constant(None), statement, returned=True)]
        if not _has_return([statement]):
            made.append(statement)
            continue
        body: list[ast.stmt] | None
        other: list[ast.stmt] | None
        if isinstance(statement, ast.With) and _ends([statement]):
            body, other = _single_exit(statement.body), []
        elif isinstance(statement, ast.If):
            if rest and not _ends(statement.body) and not _ends(statement.orelse):
                return None
            body = _single_exit(statement.body if _ends(statement.body) else [*statement.body, *rest])
            other = _single_exit(statement.orelse if _ends(statement.orelse) else [*statement.orelse, *rest])
            if other is not None:
                statement.orelse = other
        else:
            return None
        if body is None or other is None:
            return None
        statement.body = body
        return [*made, statement]
    at = statements[-1] if statements else ast.Pass(lineno=1, col_offset=0)
    return made if made and isinstance(made[-1], ast.Raise) else [*made, _assigned(RESULT, ast.Constant(None), at)]


def _assigned(name: str, value: ast.expr, at: ast.AST, *, returned: bool = False, truth: bool = False) -> ast.stmt:
    if not hasattr(value, "lineno"):
        ast.copy_location(value, at)
    made = ast.copy_location(ast.Assign([ast.copy_location(ast.Name(name, ast.Store()), at)], value), at)
    made.returned, made.truth = returned, truth  # type: ignore[attr-defined]
    return made


def _given(target: ast.expr, value: ast.expr, at: ast.AST) -> ast.stmt:
    return ast.copy_location(ast.Assign([target], ast.copy_location(value, at)), at)


def _compared_in_turn(node: ast.Compare) -> ast.expr:
    """Return ``a < b and b < c`` for ``a < b < c``, if evaluating ``b`` a second time does nothing more."""
    middle = [again(c) for c in node.comparators[:-1]]
    if not middle or any(m is None for m in middle):
        return node
    left = [node.left, *(m for m in middle if m is not None)]
    parts = [
        ast.copy_location(ast.Compare(a, [op], [b]), node)
        for a, op, b in zip(left, node.ops, node.comparators, strict=True)
    ]
    return ast.copy_location(ast.BoolOp(ast.And(), list(parts)), node)


class _Hoister:
    """Turns conditional expressions into statements before the statement that they stand in."""

    def __init__(self) -> None:
        self._count = 0

    def statements(self, statements: Sequence[ast.stmt]) -> list[ast.stmt]:
        """Return statements with those before them that they need."""
        made: list[ast.stmt] = []
        for statement in (one for s in statements for one in self._one_by_one(s)):
            before: list[ast.stmt] = []
            if isinstance(statement, (ast.Assign, ast.AnnAssign, ast.AugAssign, ast.Return, ast.Expr)):
                if statement.value is not None and _is_simple(statement):
                    truth = getattr(statement, "truth", False)
                    statement.value = self._hoisted(statement.value, before, truth=truth)
            elif isinstance(statement, ast.If):
                statement.test = self._hoisted(statement.test, before, truth=True)
            for field in ("body", "orelse", "finalbody"):
                inner = getattr(statement, field, None)
                if isinstance(inner, list) and not isinstance(statement, _DEFINITIONS):
                    setattr(statement, field, self.statements(inner))
            made += [*before, statement]
        return made

    def _one_by_one(self, statement: ast.stmt) -> list[ast.stmt]:
        """Return assignments to one target each for ``a.x, a.y = y, x`` and ``a.x = a.y = z``."""
        if not isinstance(statement, ast.Assign) or all(map(is_local, statement.targets)):
            return [statement]
        target, value = statement.targets[0], statement.value
        if len(statement.targets) > 1:
            name = self._name()
            parts = [(t, ast.Name(name, ast.Load())) for t in statement.targets]
            return [_assigned(name, value, statement), *(_given(t, v, statement) for t, v in parts)]
        pair = isinstance(target, (ast.Tuple, ast.List)) and isinstance(value, (ast.Tuple, ast.List))
        if not pair or len(target.elts) != len(value.elts):  # type: ignore[attr-defined]
            return [statement]
        targets, values = target.elts, value.elts  # type: ignore[attr-defined]
        if any(isinstance(e, ast.Starred) for e in (*targets, *values)):
            return [statement]
        names = [self._name() for _ in targets]
        first = [_assigned(n, v, v) for n, v in zip(names, values, strict=True)]
        return [*first, *(_given(t, ast.Name(n, ast.Load()), t) for t, n in zip(targets, names, strict=True))]

    def _hoisted(self, node: ast.expr, before: list[ast.stmt], *, truth: bool = False) -> ast.expr:
        """Return an expression in which what decides was computed before; nothing may be evaluated ahead of that.

        Args:
            node: The expression.
            before: Takes the statements.
            truth: Of the value only its truth is asked.
        """
        if any(isinstance(n, (*_SCOPES, ast.NamedExpr, ast.Yield, ast.YieldFrom, ast.Await)) for n in ast.walk(node)):
            return node
        if isinstance(node, ast.Compare):
            node = _compared_in_turn(node)
        if isinstance(node, ast.IfExp):
            name = self._name()
            test = self._hoisted(node.test, before, truth=True)
            ways = [self.statements([_assigned(name, part, part, truth=truth)]) for part in (node.body, node.orelse)]
            before.append(ast.copy_location(ast.If(test, *ways), node))
            return ast.copy_location(ast.Name(name, ast.Load()), node)
        if isinstance(node, ast.BoolOp):
            return self._and_or(node, before, truth)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            node.operand = self._hoisted(node.operand, before, truth=True)
            return node
        return self._within(node, before)

    def _and_or(self, node: ast.BoolOp, before: list[ast.stmt], truth: bool) -> ast.expr:
        name = self._name()
        into = before
        for number, value in enumerate(node.values):
            into += self.statements([_assigned(name, value, value, truth=truth)])
            if number + 1 < len(node.values):
                further: list[ast.stmt] = []
                test = ast.copy_location(ast.Name(name, ast.Load()), value)
                skip: list[ast.stmt] = [ast.copy_location(ast.Pass(), value)]
                either = isinstance(node.op, ast.Or)
                into.append(ast.copy_location(ast.If(test, *((skip, further) if either else (further, []))), value))
                into = further
        return ast.copy_location(ast.Name(name, ast.Load()), node)

    def _within(self, node: ast.expr, before: list[ast.stmt]) -> ast.expr:
        parts = _parts(node)
        deciding = [any(isinstance(n, (ast.IfExp, ast.BoolOp)) for n in ast.walk(part)) for _, part in parts]
        if not any(deciding):
            return node
        first = deciding.index(True)
        if any(isinstance(p, ast.Starred) or (field == "func" and again(p) is None) for field, p in parts[:first]):
            return node
        called = any(isinstance(n, ast.Call) for n in ast.walk(parts[first][1]))  # which may change an attribute
        for field, part in parts[:first]:
            if again(part) is None or (called and isinstance(part, ast.Attribute) and field != "func"):
                name = self._name()  # evaluated before, as it was
                before += self.statements([_assigned(name, part, part)])
                _put(node, field, ast.copy_location(ast.Name(name, ast.Load()), part))
        field, part = parts[first]
        _put(node, field, self._hoisted(part, before))
        return node  # what comes after it is evaluated after it as before; what else decides stays

    def _name(self) -> str:
        self._count += 1
        return f".value{self._count}"


def _parts(node: ast.expr) -> list[tuple[str | tuple[str, int], ast.expr]]:
    """Return the operands of an expression in the order in which they are evaluated."""
    if isinstance(node, ast.BinOp):
        return [("left", node.left), ("right", node.right)]
    if isinstance(node, ast.UnaryOp):
        return [("operand", node.operand)]
    if isinstance(node, ast.Compare) and len(node.ops) == 1:
        return [("left", node.left), (("comparators", 0), node.comparators[0])]
    if isinstance(node, ast.Call) and not node.keywords:
        return [("func", node.func), *((("args", i), a) for i, a in enumerate(node.args))]
    if isinstance(node, (ast.Tuple, ast.List)):
        return [(("elts", i), e) for i, e in enumerate(node.elts)]
    if isinstance(node, ast.Attribute):
        return [("value", node.value)]
    return []


def _put(node: ast.expr, field: str | tuple[str, int], part: ast.expr) -> None:
    if isinstance(field, str):
        setattr(node, field, part)
    else:
        getattr(node, field[0])[field[1]] = part


def _is_simple(statement: ast.stmt) -> bool:
    """Return whether what a statement assigns to is evaluated after its value, or does nothing."""
    if not isinstance(statement, ast.AugAssign):
        return True
    called = any(isinstance(n, ast.Call) for n in ast.walk(statement.value))
    return isinstance(statement.target, ast.Name) or not called  # its target is read first
