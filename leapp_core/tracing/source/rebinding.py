"""Whether a value that a local name was given may still be there where the name is read."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from leapp_core.tracing.source.book import FUNCTIONS, SourceFile
from leapp_core.tracing.source.statements import assignments

_BLOCKS = ("body", "orelse", "finalbody")


def reaches(file: SourceFile, given: ast.AST, load: ast.Name) -> bool:
    """Return whether a name that is read may hold what it was given at a place of the same file.

    It does not if a statement before the read, which runs whenever the read does, gives the name another value.

    Args:
        file: Their file.
        given: The name where it is assigned, or the function whose parameter it is.
        load: Where it is read.
    """
    function = file.function_of(load)
    if function is None or function is not (given if isinstance(given, FUNCTIONS) else file.function_of(given)):
        return True
    for statement in _always_before(file, load, function):
        if _rebinds(statement, load.id) and not _at(statement) <= _at(given) < _at(load):
            return False
    return True


def _always_before(file: SourceFile, load: ast.AST, function: ast.AST) -> Iterator[ast.stmt]:
    """Yield the statements that run before a place of a function in the same blocks."""
    for inner in file.above(load):
        if inner is function:
            return
        block = next((b for b in _blocks(file.parents[inner]) if inner in b), [])
        yield from block[: block.index(inner)] if isinstance(inner, ast.stmt) and block else ()


def _blocks(node: ast.AST) -> Iterator[list[ast.stmt]]:
    yield from (getattr(node, name) for name in _BLOCKS if isinstance(getattr(node, name, None), list))


def _rebinds(statement: ast.stmt, name: str) -> bool:
    if not isinstance(statement, (ast.Assign, ast.AnnAssign)):
        return False
    return any(isinstance(t, ast.Name) and t.id == name for t, _ in assignments(statement))


def _at(node: ast.AST) -> tuple[int, int]:
    return getattr(node, "lineno", 0), getattr(node, "col_offset", 0)
