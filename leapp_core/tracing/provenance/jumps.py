"""Loops without ``break``, ``continue`` and ``return`` in them: what would be skipped is behind an ``if``.

``.over`` says that a loop has ended, ``.next`` that its turn has. Where a decision is Python's alone, the loop ends
where it did; where a tensor decides, the turns that are left are run for what they would compute.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from typing import Any

from leapp_core.tracing.provenance.scopes import calls

_LOOPS = (ast.For, ast.While)
_JUMPS = (ast.Break, ast.Continue, ast.Return)
_OF_OTHERS = frozenset({"enumerate", "zip", "reversed"})
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)


def without_jumps(statements: Sequence[ast.stmt]) -> list[ast.stmt]:
    """Return statements of a function in which loops are left at their ends only.

    Args:
        statements: The statements; their nodes are used again.
    """
    return _Rewriter().block(statements)


class _Rewriter:
    def __init__(self) -> None:
        self._count = 0

    def block(self, statements: Sequence[ast.stmt]) -> list[ast.stmt]:
        """Return what statements become."""
        return [made for statement in statements for made in self._one(statement)]

    def _one(self, statement: ast.stmt) -> list[ast.stmt]:
        if isinstance(statement, _DEFINITIONS):
            return [statement]
        for field in ("body", "orelse", "finalbody"):
            inner = getattr(statement, field, None)
            if isinstance(inner, list) and inner and isinstance(inner[0], ast.stmt):
                setattr(statement, field, self.block(inner))
        if isinstance(statement, _LOOPS):
            return self._loop(statement)
        return [statement]

    def _loop(self, loop: Any) -> list[ast.stmt]:
        jumps = [n for s in loop.body for n in _own(s) if isinstance(n, _JUMPS)]
        endless = isinstance(loop, ast.While) and isinstance(loop.test, ast.Constant)
        decides = isinstance(loop, ast.While) and not endless
        if not (jumps or decides) or not all(map(_is_simple, loop.body)):
            return [loop]
        if decides and (calls(loop.test) or any(isinstance(n, ast.NamedExpr) for n in ast.walk(loop.test))):
            return [loop]  # it would be asked again once it was false
        self._count += 1
        number = self._count
        over, result = f".over{number}", f".left{number}"
        returns = any(isinstance(n, ast.Return) for n in jumps)
        leaves = returns or any(isinstance(n, ast.Break) for n in jumps)
        begin: list[ast.stmt] = [_set(over, False, loop)] if leaves or loop.orelse else []
        body = _guarded(loop.body, over, f".next{number}", result)
        if any(isinstance(n, ast.Continue) for n in jumps):
            body = [_set(f".next{number}", False, loop), *body]
        if isinstance(loop, ast.While):
            if endless and leaves:
                loop.test = _at(ast.UnaryOp(ast.Not(), _loaded(over, loop)), loop)
            asked = ast.copy_location(ast.If(_loaded(f".test{number}", loop), body, []), loop)
            test = ast.copy_location(ast.Assign([_stored(f".test{number}", loop)], loop.test), loop.test)
            test.truth = True  # type: ignore[attr-defined]
            end = ast.copy_location(ast.If(_asked("turns", f".test{number}", loop), [_at(ast.Break(), loop)], []), loop)
            end.test.count = f".turns{number}"  # type: ignore[attr-defined]
            counted = ast.copy_location(
                ast.Assign([_stored(f".turns{number}", loop)], _at(ast.List([], ast.Load()), loop)), loop
            )
            begin.append(counted)
            loop.test, body = _at(ast.Constant(True), loop), [test, end, asked]
        if leaves:
            body.append(ast.copy_location(ast.If(_asked("over", over, loop), [_at(ast.Break(), loop)], []), loop))
            if isinstance(loop, ast.For):
                item, goes_over = f".item{number}", f".iter{number}"
                given = ast.copy_location(ast.Assign([loop.target], _loaded(item, loop)), loop)
                begin.append(_gone_over(loop, goes_over))
                loop.target = _stored(item, loop)
                body[-1].test.count = goes_over  # type: ignore[attr-defined]
                body = [*_only_if_not(over, [given, *body[:-1]], loop), body[-1]]
            else:
                body = [body[0], body[1], *_only_if_not(over, body[2:-1], loop), body[-1]]
        otherwise = _only_if_not(over, loop.orelse, loop) if loop.orelse else []
        loop.body, loop.orelse = body, []
        after: list[ast.stmt] = []
        if returns:
            begin.append(_set(f"{result}.given", False, loop))
            back = _at(ast.Return(_loaded(result, loop)), loop)
            after = [ast.copy_location(ast.If(_loaded(f"{result}.given", loop), [back], []), loop)]
        return [*begin, loop, *after, *otherwise]


def _gone_over(loop: ast.For, name: str) -> ast.stmt:
    """Keep what a loop goes over under a name, as a tuple; of ``enumerate`` and the like what they are of."""
    header = at = loop.iter
    known = isinstance(header, ast.Call) and isinstance(header.func, ast.Name) and header.func.id in _OF_OTHERS
    parts: list[ast.expr] = [header]
    made: ast.expr = _at(ast.Subscript(_loaded(name, at), _at(ast.Constant(0), at), ast.Load()), at)
    if isinstance(header, ast.Call) and known and not header.keywords:
        parts = header.args
        made = _at(ast.Call(header.func, [_at(ast.Starred(_loaded(name, at), ast.Load()), at)], []), at)
    loop.iter = made
    return _at(ast.Assign([_stored(name, at)], _at(ast.Tuple(parts, ast.Load()), at)), at)  # type: ignore[no-any-return]


def _guarded(statements: Sequence[ast.stmt], over: str, following: str, result: str) -> list[ast.stmt]:
    """Return statements in which jumps set a name, and what they skip is done only if it is not set."""
    made: list[ast.stmt] = []
    for number, statement in enumerate(statements):
        rest = list(statements[number + 1 :])
        if isinstance(statement, ast.Break):
            return [*made, _set(over, True, statement)]
        if isinstance(statement, ast.Continue):
            return [*made, _set(following, True, statement)]
        if isinstance(statement, ast.Return):
            value = ast.copy_location(
                ast.Assign([_stored(result, statement)], statement.value or ast.Constant(None)), statement
            )
            return [*made, value, _set(f"{result}.given", True, statement), _set(over, True, statement)]
        jumps = {type(n) for n in _own(statement) if isinstance(n, _JUMPS)}
        if not jumps or not isinstance(statement, ast.If):
            made.append(statement)
            continue
        statement.body = _guarded(statement.body, over, following, result)
        statement.orelse = _guarded(statement.orelse, over, following, result)
        made.append(statement)
        if rest:
            further = _guarded(rest, over, following, result)
            if ast.Continue in jumps:
                further = _only_if_not(following, further, statement)
            if jumps - {ast.Continue}:
                further = _only_if_not(over, further, statement)
            made += further
        return made
    return made


def _own(statement: ast.AST) -> list[ast.AST]:
    """Return the nodes of a statement; of jumps in loops within it only ``return``, for the others are theirs."""
    if isinstance(statement, _DEFINITIONS):
        return []
    inside = isinstance(statement, _LOOPS)
    found = [statement]
    for child in ast.iter_child_nodes(statement):
        nodes = _own(child)
        found += [n for n in nodes if isinstance(n, ast.Return) or not isinstance(n, _JUMPS)] if inside else nodes
    return found


def _is_simple(statement: ast.stmt) -> bool:
    """Return whether jumps in a statement are in nothing but ``if``."""
    if isinstance(statement, ast.If):
        return all(map(_is_simple, [*statement.body, *statement.orelse]))
    return isinstance(statement, _JUMPS) or not any(isinstance(n, _JUMPS) for n in _own(statement))


def _only_if_not(name: str, statements: list[ast.stmt], at: ast.AST) -> list[ast.stmt]:
    if not statements:
        return []
    test = _at(ast.UnaryOp(ast.Not(), _loaded(name, at)), at)
    return [ast.copy_location(ast.If(test, statements, []), at)]


def _asked(hook: str, name: str, at: ast.AST) -> Any:
    """Return a question for which the rewriter puts a hook: whether a loop has ended, whatever a tensor says."""
    made = _loaded(name, at)
    made.asks = hook
    return made


def _set(name: str, value: Any, at: ast.AST) -> ast.stmt:
    return ast.copy_location(ast.Assign([_stored(name, at)], _at(ast.Constant(value), at)), at)


def _stored(name: str, at: ast.AST) -> Any:
    return _at(ast.Name(name, ast.Store()), at)


def _loaded(name: str, at: ast.AST) -> Any:
    return _at(ast.Name(name, ast.Load()), at)


def _at(node: Any, at: ast.AST) -> Any:
    return ast.copy_location(node, at)
