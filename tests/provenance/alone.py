"""Takes one attack out of its module: reads of attributes of the same name in the others do not count then."""

from __future__ import annotations

import ast
import inspect
import sys
from pathlib import Path

import pytest
import torch

from tests.capture.case import Case, typed
from tests.loading import module_of


def case_of(program: type, steps: int = 5) -> Case:
    """Return a program of one reading of three numbers as a case."""
    return Case(program.__name__, program, {"x": typed(torch.float32, 3)}, refused="", steps=steps)


def alone(attack: type, folder: Path, monkeypatch: pytest.MonkeyPatch) -> type:
    """Return an attack as a module that holds nothing but it and what it needs.

    Args:
        attack: A class of a module with ``ATTACKS``.
        folder: Where the module is written.
        monkeypatch: Lets the module be imported until the test ends.
    """
    module = sys.modules[attack.__module__]
    tree = ast.parse(inspect.getsource(module))
    named = {node.name: node for node in tree.body if isinstance(node, (ast.ClassDef, ast.FunctionDef))}
    needed, waiting = set(), [attack.__name__]
    other = [node for node in tree.body if node not in named.values() and not _lists_attacks(node)]
    while waiting:
        name = waiting.pop()
        if name in named and name not in needed:
            needed.add(name)
            waiting += [n.id for n in ast.walk(named[name]) if isinstance(n, ast.Name)]
    kept = [node for node in tree.body if node in other or getattr(node, "name", None) in needed]
    path, source = folder / f"alone_{attack.__name__.lower()}.py", "\n\n".join(map(ast.unparse, kept))
    return getattr(module_of(path, f"{source}\n", monkeypatch), attack.__name__)  # type: ignore[no-any-return]


def _lists_attacks(node: ast.stmt) -> bool:
    return isinstance(node, ast.Assign) and any(
        isinstance(t, ast.Name) and t.id in ("ATTACKS", "PROGRAMS") for t in node.targets
    )
