"""Other names of one container: what is written through a parameter, a local name or another object's attribute."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator, Sequence
from types import ModuleType

from leapp_core.tracing.objects.names import Element
from leapp_core.tracing.source.arguments import parameters_for
from leapp_core.tracing.source.book import FUNCTIONS, SourceBook, SourceFile
from leapp_core.tracing.source.callsite import function_key
from leapp_core.tracing.source.heap import class_key
from leapp_core.tracing.source.local import is_global, is_shadowed
from leapp_core.tracing.source.owners import Owners, related
from leapp_core.tracing.source.statements import assignments
from leapp_core.tracing.source.static import module_text
from leapp_core.tracing.values.driver import Driver

_DEEPEST = 4
_NAMES = (ast.Name, ast.Attribute)
Named = tuple[SourceFile, ast.expr]


class Aliases:
    """Finds other expressions for the container that an expression names; what is declared as an input has none.

    Args:
        book: The user's source.
        owners: Whose attribute is whose.
        shared: For each container that the steps could reach in several ways, the names on these ways.
        driver: Tells what is declared as an input.
    """

    def __init__(self, book: SourceBook, owners: Owners, shared: Sequence[frozenset[Element]], driver: Driver) -> None:
        self._book, self._owners, self._shared, self._driver = book, owners, shared, driver

    def of(self, file: SourceFile, target: ast.expr) -> list[Named]:
        """Return other names and attributes that may hold what an expression holds, or hold it in a container."""
        found: dict[ast.expr, Named] = {}
        waiting = [(file, without_items(target), 0)]
        while waiting:
            other, base, depth = waiting.pop()
            if base in found or not isinstance(base, _NAMES):
                continue
            if self._driver.declares(other, base):
                if depth == 0:
                    return []
                continue
            found[base] = other, base
            waiting += [(f, without_items(n), depth + 1) for f, n in self._next(other, base) if depth < _DEEPEST]
        found.pop(without_items(target), None)  # absent where the value has no name: what a call returned
        return list(found.values())

    def _next(self, file: SourceFile, base: ast.Name | ast.Attribute) -> Iterator[Named]:
        function: ast.AST | None = file.function_of(base)
        if isinstance(base, ast.Name) and isinstance(function, FUNCTIONS) and not is_global(file, base):
            for value in _given(file, function, base.id):
                yield file, value
            for other, call, _ in self._owners.callers(file, function):
                passed: list[tuple[ast.AST, ast.expr]] = [*((a, a) for a in call.args)]
                passed += [(k, k.value) for k in call.keywords]
                for argument, value in passed:
                    if base.id in parameters_for(function, call, argument):
                        yield other, value
        elif isinstance(base, ast.Name):
            for value in _given(file, None, base.id):
                yield file, value
        for names in self._shared:
            if any(self._is(file, base, name) for name in names):
                yield from (load for name in names for load in self._loads(name))

    def _is(self, file: SourceFile, base: ast.Name | ast.Attribute, name: Element) -> bool:
        kind, called = name[:2]
        if isinstance(base, ast.Attribute):
            if kind == "member" and called == base.attr:
                return _module_of(file, base.value) == str(name[2])
            if kind == "attr" and called == base.attr:
                return related(self._owners.of(file, base), frozenset({class_key(name[2])}))
            return False
        if called != base.id:
            return False
        function = file.function_of(base)
        if kind == "local":
            own = isinstance(function, FUNCTIONS) and file.key_of(function) == function_key(name[2])
            return name[2].co_filename == file.path and (own or name[2].co_name == "<module>")
        return kind == "global" and name[2] == file.path and is_global(file, base)

    def _loads(self, name: Element) -> Iterator[Named]:
        kind, called = name[:2]
        if kind == "attr":
            owner = frozenset({class_key(name[2])})
            yield from (
                (f, n) for f, n in self._book.reads(called) if related(self._owners.of(f, n), owner)
            )  # fmt: skip
        elif kind in ("global", "local"):
            path = name[2] if kind == "global" else name[2].co_filename
            for known in (f for f in self._book.files if f.path == path):
                for load in known.loads.get(called, ()):
                    if kind == "local" or not is_shadowed(known, load, called):
                        yield known, load
        elif kind == "member":
            yield from ((f, n) for f, n in self._book.reads(called) if _module_of(f, n.value) == name[2])


def _module_of(file: SourceFile, node: ast.expr) -> str | None:
    """Return the name of the module that an expression means by a name its file imports."""
    if not isinstance(node, ast.Name) or node.id not in file.imported:
        return None
    parent, name = file.imported[node.id]
    module = sys.modules.get(f"{parent}.{name}" if name else parent)
    return module_text(module, "__name__") if type(module) is ModuleType else None


def without_items(target: ast.expr) -> ast.expr:
    """Return ``a.b`` of ``a.b[c]`` and ``*a.b``."""
    while isinstance(target, (ast.Subscript, ast.Starred)):
        target = target.value
    return target


def changes_in_place(node: ast.AST, target: ast.expr) -> bool:
    """Return whether a piece of source changes what a target holds, as opposed to what its name means."""
    return isinstance(target, ast.Subscript) or isinstance(node, (ast.Call, ast.AugAssign))


def _given(file: SourceFile, function: ast.AST | None, name: str) -> Iterator[ast.expr]:
    """Yield what a name is given: what it is assigned, or what it takes in turn."""
    for statement in file.statements:
        if file.function_of(statement) is not function:
            continue
        for target, value in assignments(statement):
            if isinstance(target, ast.Name) and target.id == name:
                if isinstance(value, (ast.Name, ast.Attribute, ast.Subscript)):
                    yield value
                elif isinstance(statement, (ast.For, ast.AsyncFor)):  # zip(legs, q), self.legs.values()
                    yield from (n for n in ast.walk(value) if isinstance(n, _NAMES))
