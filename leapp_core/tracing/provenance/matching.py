"""``match`` statements as ``if`` statements, where their patterns ask for nothing but values."""

from __future__ import annotations

import ast
from collections.abc import Sequence

from leapp_core.tracing.provenance.scopes import OfOneFunction

_VALUE = ".match"
"""Begin of the local names of what is matched; no name of the user's begins with a dot."""


def without_matches(statements: Sequence[ast.stmt]) -> list[ast.stmt]:
    """Return statements of a function in which ``match`` is written as ``if``, ``elif`` and ``else``.

    A pattern may be a constant, a dotted name, ``None``, ``True``, ``False``, several of these, or a name for what no
    other pattern matched. A statement with others stays.

    Args:
        statements: The statements; their nodes are used again.
    """
    rewriter = _Rewriter()
    return [s for statement in statements for s in rewriter.rewritten(statement)]


class _Rewriter(OfOneFunction, ast.NodeTransformer):
    def __init__(self) -> None:
        self._count = 0

    def rewritten(self, statement: ast.stmt) -> list[ast.stmt]:
        """Return what a statement becomes."""
        made = self.visit(statement)
        return made if isinstance(made, list) else [made]

    def visit_Match(self, node: ast.Match) -> ast.AST | list[ast.stmt]:
        """Write one ``match`` as ``if``."""
        self.generic_visit(node)
        if not all(_is_of_values(case.pattern) for case in node.cases):
            return node
        if any(_is_name(case.pattern) and case.guard is not None for case in node.cases):
            return node  # the name would be assigned before the guard is asked
        self._count += 1
        name = f"{_VALUE}{self._count}"
        below: list[ast.stmt] = []
        for case in reversed(node.cases):
            test, body = _test(case, name, node.subject), case.body
            if isinstance(case.pattern, ast.MatchAs) and case.pattern.name is not None:
                body = [_assign(case.pattern.name, _read(name, node.subject), node.subject), *body]
            below = body if test is None else [ast.copy_location(ast.If(test, body, below), node)]
        return [_assign(name, node.subject, node.subject), *below]


def _is_of_values(pattern: ast.pattern) -> bool:
    if isinstance(pattern, ast.MatchOr):
        return all(isinstance(p, (ast.MatchValue, ast.MatchSingleton)) for p in pattern.patterns)
    return isinstance(pattern, (ast.MatchValue, ast.MatchSingleton)) or _is_name(pattern)


def _is_name(pattern: ast.pattern) -> bool:
    return isinstance(pattern, ast.MatchAs) and pattern.pattern is None


def _test(case: ast.match_case, name: str, subject: ast.expr) -> ast.expr | None:
    """Return what decides for a case; it stands where the subject does, which is what decides in the user's source."""
    parts = case.pattern.patterns if isinstance(case.pattern, ast.MatchOr) else [case.pattern]
    tests: list[ast.expr] = []
    for part in parts:
        if isinstance(part, ast.MatchValue):
            tests.append(ast.Compare(_read(name, subject), [ast.Eq()], [part.value]))
        elif isinstance(part, ast.MatchSingleton):
            value = ast.copy_location(ast.Constant(part.value), subject)
            tests.append(ast.Compare(_read(name, subject), [ast.Is()], [value]))
    if not tests:
        return case.guard
    test = tests[0] if len(tests) == 1 else ast.BoolOp(ast.Or(), tests)
    if case.guard is not None:
        test = ast.BoolOp(ast.And(), [test, case.guard])
    for made in (test, *tests):
        ast.copy_location(made, subject)
    return test


def _read(name: str, at: ast.expr) -> ast.expr:
    return ast.copy_location(ast.Name(name, ast.Load()), at)


def _assign(name: str, value: ast.expr, at: ast.expr) -> ast.stmt:
    return ast.copy_location(ast.Assign([ast.copy_location(ast.Name(name, ast.Store()), at)], value), at)
