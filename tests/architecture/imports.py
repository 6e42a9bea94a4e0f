"""What imports what, read from the source."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("leapp_core", "leapp_backends", "leapp_rsl_rl")


@dataclass(frozen=True)
class Import:
    """One import statement.

    Attributes:
        source: Module that holds it.
        target: Module that is imported (of ours: the module that holds the name).
        line: Where.
        at_load: It runs when the module is loaded: not within a function.
    """

    source: str
    target: str
    line: int
    at_load: bool

    def __str__(self) -> str:
        return f"{self.source}:{self.line} imports {self.target}"


@cache
def modules() -> dict[str, Path]:
    """Return every module of ours by its dotted name."""
    found = {}
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            parts = path.relative_to(ROOT).with_suffix("").parts
            found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


@cache
def imports() -> tuple[Import, ...]:
    """Return every import that runs; those for type checkers only are left out."""
    return tuple(found for name, path in modules().items() for found in _of_module(name, path))


def _of_module(name: str, path: Path) -> Iterator[Import]:
    yield from _walk(name, ast.parse(path.read_text(encoding="utf-8")).body, at_load=True)


def _walk(name: str, body: list[ast.stmt], *, at_load: bool) -> Iterator[Import]:
    for node in body:
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
            yield from _walk(name, node.orelse, at_load=at_load)
        elif isinstance(node, ast.Import):
            yield from (Import(name, alias.name, node.lineno, at_load) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (Import(name, _home(str(node.module), alias.name), node.lineno, at_load) for alias in node.names)
        else:
            inner = at_load and not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
            for field in ("body", "orelse", "finalbody"):
                yield from _walk(name, getattr(node, field, []), at_load=inner)
            for handler in getattr(node, "handlers", []):
                yield from _walk(name, handler.body, at_load=inner)


def _home(module: str, name: str) -> str:
    """Return the module a name comes from: ``from package import module`` imports the module."""
    return f"{module}.{name}" if f"{module}.{name}" in modules() else module
