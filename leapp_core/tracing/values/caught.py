"""Which ``except`` or ``with`` catches an exception, and what the user's code then leaves out.

A check that raises ends the program, so it decides nothing. One whose exception is caught is a branch.
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from leapp_core.tracing.source.book import FUNCTIONS, Function, SourceFile, called_name
from leapp_core.tracing.values.relevance import Relevance

ANY = "Exception"
"""Stands for an exception whose type is not known: what calls of PyTorch raise, or a ``raise`` of a variable."""

_MAX_CALLERS = 64
_OF_VALUES = (ValueError, RuntimeError, AssertionError, LookupError, ArithmeticError)
_BLOCKS = ("body", "orelse", "handlers", "finalbody")
_LOOPS = (ast.For, ast.AsyncFor, ast.While)

_RAISING = dict.fromkeys(("pop", "popleft", "popitem"), "LookupError") | dict.fromkeys(
    ("index", "remove"), "ValueError"
)
"""What methods of containers raise, depending on what is in them."""

Part = tuple[SourceFile, list[ast.stmt]]
Catching = list[ast.ExceptHandler | ast.With | ast.AsyncWith]


@dataclass(frozen=True)
class Catcher:
    """A statement that catches an exception.

    Attributes:
        file: Its file.
        statement: ``try`` or ``with``.
        line: Line of the ``except``, or of the ``with``.
        parts: Statements that run only if the exception is raised, or only if it is not.
    """

    file: SourceFile
    statement: ast.stmt
    line: int
    parts: list[Part]


def raised_by(node: ast.Raise | ast.Assert) -> str:
    """Return the name of the exception that a statement raises."""
    if isinstance(node, ast.Assert):
        return "AssertionError"
    thing = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
    name = thing.attr if isinstance(thing, ast.Attribute) else getattr(thing, "id", ANY)
    return str(name) if name[:1].isupper() else ANY  # raise error


def raised_in(parent: ast.AST, node: ast.AST, *, grows: bool = False) -> str | None:
    """Return what an expression raises for some values of a part of it: lookups, divisions, ``next``.

    Args:
        parent: The expression.
        node: The part.
        grows: The part is a container whose length may change: ``log[1000]``, ``plan.pop()``.
    """
    if isinstance(parent, ast.Subscript) and (node is parent.slice or (grows and node is parent.value)):
        return "LookupError"
    if grows and isinstance(parent, ast.Attribute) and parent.attr in _RAISING:
        return _RAISING[parent.attr]
    if isinstance(parent, ast.BinOp) and node is parent.right and isinstance(parent.op, (ast.Div, ast.Mod)):
        return "ZeroDivisionError"
    if isinstance(parent, ast.Call) and called_name(parent) == "next" and len(parent.args) == 1:
        return "StopIteration"
    return None


class Catchers:
    """Finds who catches an exception.

    Args:
        relevance: What takes part in the program, and who called whom.
    """

    def __init__(self, relevance: Relevance) -> None:
        self._relevance = relevance
        self._seen: set[ast.AST] = set()

    def of(self, file: SourceFile, node: ast.AST, raised: str) -> Iterator[Catcher]:
        """Yield the statements that may catch an exception raised at a node."""
        self._seen.clear()
        yield from self._around(file, node, raised, [])

    def _around(self, file: SourceFile, node: ast.AST, raised: str, skipped: list[Part]) -> Iterator[Catcher]:
        skipped = list(skipped)
        below = node
        for above in file.above(node):
            caught = self._caught(file, above, below, raised)
            instead = _raised_instead(caught)
            if instead is not None:
                raised = raised if instead == ANY else instead
            elif caught:
                rest = above.orelse if isinstance(above, ast.Try) else []
                body = [s for c in caught if isinstance(c, ast.ExceptHandler) for s in c.body]
                assert isinstance(above, ast.stmt)
                yield Catcher(file, above, caught[0].lineno, [*skipped, (file, [*_after(above, below), *rest, *body])])
                return
            if isinstance(above, FUNCTIONS):
                yield from self._outside(file, above, raised, [*skipped, (file, _after(above, below))])
                return
            if isinstance(above, ast.Lambda):
                return
            skipped.append((file, [above] if isinstance(above, _LOOPS) else _after(above, below)))
            below = above

    def _outside(self, file: SourceFile, function: Function, raised: str, skipped: list[Part]) -> Iterator[Catcher]:
        if function in self._seen:
            return
        self._seen.add(function)
        for other, statement in self._relevance.callers(file, function)[:_MAX_CALLERS]:
            yield from self._around(other, statement, raised, [*skipped, (other, [statement])])

    def _caught(
        self, file: SourceFile, above: ast.AST, below: ast.AST, raised: str
    ) -> list[ast.ExceptHandler | ast.With | ast.AsyncWith]:
        """Return the handlers, or the ``with``, by which a statement catches what a part of it raises."""
        if isinstance(above, ast.Try) and below in above.body:
            return [h for h in above.handlers if self._catches(file, h.type, raised)]
        if isinstance(above, (ast.With, ast.AsyncWith)) and below in above.body:
            calls = [item.context_expr for item in above.items if isinstance(item.context_expr, ast.Call)]
            return [above] if any(self._swallows(file, call, raised) for call in calls) else []
        return []

    def _catches(self, file: SourceFile, kind: ast.expr | None, raised: str) -> bool:
        if kind is None:
            return True
        if isinstance(kind, ast.Tuple):
            return any(self._catches(file, part, raised) for part in kind.elts)
        name = kind.attr if isinstance(kind, ast.Attribute) else getattr(kind, "id", ANY)
        wanted = getattr(builtins, name, None)
        if not isinstance(wanted, type):
            return raised == ANY or name in self._ancestry(raised)
        if raised == ANY:
            return any(issubclass(wanted, one) or issubclass(one, wanted) for one in _OF_VALUES)
        known = [k for k in (getattr(builtins, n, None) for n in self._ancestry(raised)) if isinstance(k, type)]
        related = any(issubclass(k, wanted) or (issubclass(wanted, k) and k is LookupError) for k in known)
        return related or (not known and any(issubclass(one, wanted) for one in _OF_VALUES))

    def _ancestry(self, name: str) -> set[str]:
        """Return the names of an exception's class and of those above it, as far as the source tells."""
        found, waiting = {name}, [name]
        while waiting:
            one = waiting.pop()
            for cls in (c for file in self._relevance.book.files for c in file.classes if c.name == one):
                names = {b.attr if isinstance(b, ast.Attribute) else getattr(b, "id", "") for b in cls.bases}
                waiting += names - found
                found |= names
        return found

    def _swallows(self, file: SourceFile, call: ast.Call, raised: str) -> bool:
        """Return whether a context manager keeps an exception from going on."""
        name = called_name(call)
        if name == "suppress":
            return any(self._catches(file, kind, raised) for kind in call.args)
        for other in self._relevance.book.files:
            exits = [f for c in other.classes if c.name == name for f in c.body if getattr(f, "name", "") == "__exit__"]
            if any(_returns_something(f) for f in exits):
                return True
            for function in (f for f in other.functions if f.name == name):
                for node in (n for n in ast.walk(function) if isinstance(n, ast.Try)):
                    yields = any(isinstance(n, ast.Yield) for s in node.body for n in ast.walk(s))
                    if yields and any(self._catches(other, h.type, raised) for h in node.handlers):
                        return True
        return False


def _raised_instead(caught: Sequence[ast.AST]) -> str | None:
    """Return what handlers raise in their turn; ``None`` if one of them does not."""
    last = [c.body[-1] for c in caught if isinstance(c, ast.ExceptHandler)]
    raising = [s for s in last if isinstance(s, ast.Raise)]
    return raised_by(raising[0]) if raising and len(raising) == len(caught) else None


def _after(above: ast.AST, below: ast.AST) -> list[ast.stmt]:
    """Return the statements of a block that come after one of them."""
    for block in _BLOCKS:
        statements = getattr(above, block, None)
        if isinstance(statements, list) and below in statements:
            return [s for s in statements[statements.index(below) + 1 :] if isinstance(s, ast.stmt)]
    return []


def _returns_something(function: ast.AST) -> bool:
    returns = (n.value for n in ast.walk(function) if isinstance(n, ast.Return) and n.value is not None)
    return any(not (isinstance(value, ast.Constant) and not value.value) for value in returns)
