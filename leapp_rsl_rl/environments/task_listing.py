"""Which tasks a simulator package registers, read off its sources: importing it takes seconds, a listing must not."""

from __future__ import annotations

import ast
import importlib.util
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path


def registered_names(packages: Iterable[str], function: str, argument: str) -> tuple[str, ...]:
    """Return the literal names with which sources call a registering function, sorted.

    Args:
        packages: Import names of packages and modules to look through; those that are not there are passed over.
        function: Name of the function, without what stands before its last dot.
        argument: Its keyword argument, or else first argument, that is the name.
    """
    folders = (folder for package in dict.fromkeys(packages) for folder in _folders(package))
    return tuple(sorted({name for folder in folders for name in _names(folder, function, argument)}))


def names_in_modules(modules: Iterable[str], function: str, argument: str) -> tuple[str, ...]:
    """Return :func:`registered_names` of a user's modules, which may lie in the current folder."""
    here = str(Path.cwd())
    sys.path.insert(0, here)
    try:
        return registered_names(modules, function, argument)
    finally:
        sys.path.remove(here)


def _folders(package: str) -> tuple[Path, ...]:
    try:
        spec = importlib.util.find_spec(package)
    except ModuleNotFoundError:  # the package around it is missing
        return ()
    places = spec.submodule_search_locations if spec is not None else None
    if spec is not None and not places and spec.origin is not None:
        return (Path(spec.origin),)
    return tuple(Path(p) for p in places or ())


def _names(folder: Path, function: str, argument: str) -> Iterator[str]:
    for path in sorted(folder.rglob("*.py")) if folder.is_dir() else [folder]:
        text = path.read_text(encoding="utf-8")
        if f"{function}(" in text and argument in text:
            for node in ast.walk(ast.parse(text)):
                yield from _literal(node, function, argument)


def _literal(node: ast.AST, function: str, argument: str) -> Iterator[str]:
    if not isinstance(node, ast.Call):
        return
    called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    if called != function:
        return
    given = [k.value for k in node.keywords if k.arg == argument] or node.args[:1]
    yield from (g.value for g in given if isinstance(g, ast.Constant) and isinstance(g.value, str))
