"""Signatures of the contracts, read from the source, for the guides that explain them.

A guide holds ``<!-- signatures of MODULE: Name Name -->``; what follows up to ``<!-- end of signatures -->`` is
written by ``python docs/generate.py``.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
BEGIN = re.compile(r"^(<!-- signatures of ([\w.]+): ([\w ]+) -->\n).*?^(<!-- end of signatures -->\n)", re.M | re.S)


def filled(page: str) -> str:
    """Return a page with its signatures as they are now."""
    return BEGIN.sub(lambda found: f"{found[1]}\n```python\n{_code(found[2], found[3].split())}```\n\n{found[4]}", page)


def _code(module: str, names: list[str]) -> str:
    source = (ROOT / f"{module.replace('.', '/')}.py").read_text(encoding="utf-8")
    found = {node.name: node for node in ast.parse(source).body if isinstance(node, (ast.ClassDef, ast.FunctionDef))}
    absent = sorted(set(names) - set(found))
    if absent:
        raise SystemExit(f"{module} has no {', '.join(absent)}")
    lines = source.splitlines()
    return "\n\n".join("\n".join(_skeleton(found[name], lines)) + "\n" for name in names)


def _skeleton(node: ast.stmt, source: list[str]) -> Iterator[str]:
    """Yield the lines of a class or function without its docstrings, bodies and comments."""
    if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
        first = min([node.lineno, *(mark.lineno for mark in node.decorator_list)])
        *before, last = source[first - 1 : node.body[0].lineno - 1]
        head = [*before, last.partition("  #")[0]]
    if isinstance(node, ast.FunctionDef):
        yield from (*head[:-1], f"{head[-1]} ...")
    elif isinstance(node, ast.ClassDef):
        yield from head
        for number, member in enumerate(filter(_public, node.body)):
            if isinstance(member, ast.FunctionDef) and number:
                yield ""
            yield from _skeleton(member, source)
    else:
        yield from (line.partition("  #")[0] for line in source[node.lineno - 1 : node.end_lineno])


def _public(node: ast.stmt) -> bool:
    if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
        return not node.name.startswith("_")
    return isinstance(node, (ast.AnnAssign, ast.Assign))
