"""What a rewriter is given: a function's tree, and what is known of the names in it."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Protocol

from leapp_core.rewrites.facts import Fact

NUMBERS = frozenset({"int", "float", "bool"})
_READING = frozenset({"item", "tolist"})


@dataclass
class Scope:
    """One function that ran in the loop.

    Attributes:
        name: Its qualified name.
        facts: What names held, of all functions.
        begins: What state is to begin with, by name (``self.counter``): source to put in place of what it begins with
            now. Rewriters add to it.
        adds: Further lines of the constructor. Rewriters add to it.
        taken: Names in use.
    """

    name: str
    facts: Mapping[str, Fact]
    begins: dict[str, str] = field(default_factory=dict)
    adds: list[str] = field(default_factory=list)
    taken: set[str] = field(default_factory=set)

    def fact(self, expression: ast.expr | str) -> Fact | None:
        """Return what a name or an attribute of ``self`` held."""
        text = expression if isinstance(expression, str) else ast.unparse(expression)
        return self.facts.get(f"{self.name}|{text}")

    def moves(self, expression: ast.AST) -> bool:
        """Return whether an expression reads a name that differed from step to step, or the value of a tensor."""
        for node in ast.walk(expression):
            if isinstance(node, (ast.Name, ast.Attribute)):
                fact = self.fact(node)
                if fact is not None and fact.moves:
                    return True
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _READING:
                return True
        return False

    def fresh(self, name: str) -> str:
        """Return a name that is not in use, and take it."""
        found, number = name, 2
        while found in self.taken:
            found, number = f"{name}_{number}", number + 1
        self.taken.add(found)
        return found


class Rewriter(Protocol):
    """Rewrites one idiom wherever a function has it."""

    @property
    def title(self) -> str:
        """The idiom, for people."""

    def rewrite(self, function: ast.FunctionDef, scope: Scope) -> bool:
        """Change a function's tree in place; return whether it had the idiom."""


class Visitor(ast.NodeTransformer):
    """Rewrites expressions and statements of one idiom where it finds them.

    Args:
        scope: What is known of names.

    Attributes:
        title: The idiom, for people.
        found: Whether it was met.
    """

    title: ClassVar[str]

    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        self.found = False


@dataclass(frozen=True)
class Visiting:
    """A rewriter whose work a visitor does.

    Attributes:
        visitor: The visitor's class.
    """

    visitor: type[Visitor]

    @property
    def title(self) -> str:
        """See :class:`Rewriter`."""
        return self.visitor.title

    def rewrite(self, function: ast.FunctionDef, scope: Scope) -> bool:
        """See :class:`Rewriter`."""
        job = self.visitor(scope)
        job.visit(function)
        return job.found


def expression(text: str) -> ast.expr:
    """Return the tree of an expression."""
    return ast.parse(text, mode="eval").body


def statements(*lines: str) -> list[ast.stmt]:
    """Return the trees of lines."""
    return ast.parse("\n".join(lines)).body


def blocks(tree: ast.AST) -> Iterable[list[ast.stmt]]:
    """Yield every list of statements in a tree; lists that are put in are not visited."""
    found = []
    for node in ast.walk(tree):
        for name in ("body", "orelse", "finalbody"):
            block = getattr(node, name, None)
            if isinstance(block, list) and block and isinstance(block[0], ast.stmt):
                found.append(block)
    return found


def zeros(fact: Fact) -> str:
    """Return the source of zeros of the shape of a tensor."""
    dtype = "" if fact.dtype in ("torch.float32", "") else f", dtype={fact.dtype}"
    shape = ", ".join(map(str, fact.shape)) if fact.shape else "()"
    return f"torch.zeros({shape}{dtype})"
