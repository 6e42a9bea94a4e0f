"""Puts a program's objects back to how their source begins them: ``self.counter = 0`` of ``__init__`` and the like."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterable
from types import CellType, FunctionType, MethodType
from typing import Any

from leapp_core.rewrites.loop import classes, functions, parsed, qualified
from leapp_core.tracing.source.callsite import is_installed, is_library

Trees = dict[str, ast.Module]
"""Trees to take in place of a file's own."""

_DEPTH = 4
_MAKERS = frozenset({"torch", "np", "numpy", "deque", "list", "dict", "float", "int", "range", "copy", "clone"})
_CHANGING = frozenset({"append", "appendleft", "extend", "pop", "popleft", "insert", "rotate", "clear"})


def begin_again(values: dict[str, Any], local: Iterable[str], trees: Trees, loop: ast.AST | None) -> None:
    """Set attributes, captured variables and names of a loop to what their source begins with, where it says so.

    Args:
        values: Names of the loop and their values; changed in place.
        local: Those that are the loop's own.
        trees: Rewritten files.
        loop: The function that is the loop.
    """
    sources = _Sources(trees)
    for thing in _reachable(values.values()):
        if isinstance(thing, FunctionType):
            _begin_cells(thing, sources)
        else:
            _begin_attributes(thing, sources)
    if loop is not None:
        _begin_names(values, local, loop)


def _reachable(values: Iterable[Any]) -> list[Any]:
    """Return the user's own objects and functions among values, and in them."""
    found: dict[int, Any] = {}
    level = list(values)
    for _ in range(_DEPTH):
        below: list[Any] = []
        for value in level:
            thing = value.__func__ if isinstance(value, MethodType) else value
            if isinstance(value, MethodType):
                below.append(value.__self__)
            if id(thing) in found or not _is_users(thing):
                continue
            found[id(thing)] = thing
            if isinstance(thing, FunctionType):
                below += [c.cell_contents for c in thing.__closure__ or () if _is_full(c)]
            else:
                below += list(getattr(thing, "__dict__", {}).values())
        level = [v for b in below for v in (b.values() if type(b) is dict else b if type(b) in (list, tuple) else [b])]
    return list(found.values())


def _is_users(thing: Any) -> bool:
    if isinstance(thing, type):
        return False
    if isinstance(thing, FunctionType):
        return not is_library(thing.__code__.co_filename) and not is_installed(thing.__code__.co_filename)
    path = _file(type(thing))
    return bool(path) and not is_library(path) and not is_installed(path)


def _file(of: type) -> str:
    methods = (value for value in vars(of).values())
    codes = (getattr(getattr(m, "__wrapped__", m), "__code__", None) for m in methods)
    named = (code.co_filename for code in codes if code is not None and qualified(code).startswith(of.__qualname__))
    return next(named, "")


def _is_full(cell: CellType) -> bool:
    try:
        cell.cell_contents  # noqa: B018 - which is what raises
    except ValueError:
        return False
    return True


class _Sources:
    """The functions of files, read once.

    Args:
        trees: Rewritten files.
    """

    def __init__(self, trees: Trees) -> None:
        self._trees = trees
        self._known: dict[str, dict[str, ast.FunctionDef]] = {}

    def tree(self, path: str) -> ast.Module | None:
        """Return the tree of a file."""
        return self._trees[path] if path in self._trees else parsed(path)

    def functions(self, path: str) -> dict[str, ast.FunctionDef]:
        """Return the functions of a file by their qualified names."""
        if path not in self._known:
            tree = self.tree(path)
            self._known[path] = {} if tree is None else dict(functions(tree))
        return self._known[path]


def _begin_attributes(thing: Any, sources: _Sources) -> None:
    for of in reversed(type(thing).__mro__):
        path = _file(of)
        tree = sources.tree(path) if path else None
        if tree is None:
            continue
        own = {n: f for n, f in sources.functions(path).items() if n.rpartition(".")[0] == of.__qualname__}
        start = own.get(f"{of.__qualname__}.__init__")
        made = [f for f in own.values() if f is not start]
        changed = {name for function in made for name in changed_in(function) if name.startswith("self.")}
        namespace = {**vars(sys.modules.get(of.__module__, sys)), "self": thing}
        body = next((node.body for name, node in classes(tree) if name == of.__qualname__), [])
        for statement in body:
            _begin_one(statement, changed, namespace, thing)
        if start is None:
            continue
        for statement in start.body:
            _begin_one(statement, changed, namespace, thing)
            called = own.get(f"{of.__qualname__}.{_own_call(statement)}")
            for inner in called.body if called is not None else ():
                _begin_one(inner, changed_in(start) | changed, namespace, thing)


def _own_call(statement: ast.stmt) -> str:
    """Return the method that ``self.reset()`` calls."""
    call = statement.value if isinstance(statement, ast.Expr) else None
    if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and ast.unparse(call.func.value) == "self":
        return call.func.attr
    return ""


def _begin_one(statement: ast.stmt, changed: set[str], namespace: dict[str, Any], thing: Any) -> None:
    if not isinstance(statement, (ast.Assign, ast.AnnAssign)) or statement.value is None:
        return
    targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
    for target in targets:
        text = ast.unparse(target)
        name = text.removeprefix("self.")
        of_class = isinstance(target, ast.Name) and f"self.{name}" in changed
        is_state = text in changed or of_class or not hasattr(thing, name)
        if is_state and name.isidentifier() and is_plain(statement.value):
            done, value = _evaluated(statement.value, namespace)
            if done:
                setattr(thing, name, value)


def _begin_cells(function: FunctionType, sources: _Sources) -> None:
    if not function.__closure__:
        return
    known = sources.functions(function.__code__.co_filename)
    around = known.get(function.__qualname__.removesuffix(f".<locals>.{function.__name__}"))
    inner = known.get(function.__qualname__)
    changed: set[str] = set() if inner is None else changed_in(inner)
    for name, cell in zip(function.__code__.co_freevars, function.__closure__, strict=True):
        if around is None or name not in changed:
            continue
        for statement in around.body:
            names = [ast.unparse(t) for t in statement.targets] if isinstance(statement, ast.Assign) else []
            if name in names and isinstance(statement, ast.Assign) and is_plain(statement.value):
                done, value = _evaluated(statement.value, dict(function.__globals__))
                if done:
                    cell.cell_contents = value


def _begin_names(values: dict[str, Any], local: Iterable[str], loop: ast.AST) -> None:
    inside = next((n for n in ast.walk(loop) if isinstance(n, (ast.For, ast.While))), None)
    changed = changed_in(inside) if inside is not None else set()
    within = set(ast.walk(inside)) if inside is not None else set()
    for statement in ast.walk(loop):
        if not isinstance(statement, ast.Assign) or statement in within or not is_plain(statement.value):
            continue
        for target in statement.targets:
            if isinstance(target, ast.Name) and target.id in changed:
                done, value = _evaluated(statement.value, dict(values))
                if done:
                    values[target.id] = value


def changed_in(tree: ast.AST) -> set[str]:
    """Return the names and attributes of ``self`` that code assigns or changes in place."""
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, (ast.Name, ast.Attribute, ast.Subscript)) and isinstance(node.ctx, ast.Store):
            found.add(ast.unparse(node.value if isinstance(node, ast.Subscript) else node))
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _CHANGING:
            found.add(ast.unparse(node.func.value))
    return found


def is_plain(value: ast.expr) -> bool:
    """Return whether an expression makes a value of numbers and names only, with calls that read nothing."""
    for node in ast.walk(value):
        if isinstance(node, ast.Call):
            root: ast.expr = node
            while isinstance(root, (ast.Attribute, ast.Call)):
                root = root.value if isinstance(root, ast.Attribute) else root.func
            if not isinstance(root, ast.Name) or root.id not in _MAKERS or "load" in ast.unparse(node.func):
                return False
        elif isinstance(node, (ast.Await, ast.Yield, ast.Lambda)):
            return False
    return True


def _evaluated(value: ast.expr, namespace: dict[str, Any]) -> tuple[bool, Any]:
    expression = ast.fix_missing_locations(ast.Expression(value))
    try:
        return True, eval(compile(expression, "<beginning>", "eval"), namespace)
    except Exception:  # noqa: BLE001 - it names what only the constructor had
        return False, None
