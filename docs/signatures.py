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
WIDTH = 120


def filled(page: str) -> str:
    """Return a page with its signatures as they are now."""
    return BEGIN.sub(lambda found: f"{found[1]}\n```python\n{_code(found[2], found[3].split())}```\n\n{found[4]}", page)


def _code(module: str, names: list[str]) -> str:
    source = (ROOT / f"{module.replace('.', '/')}.py").read_text(encoding="utf-8")
    found = {node.name: node for node in ast.parse(source).body if isinstance(node, (ast.ClassDef, ast.FunctionDef))}
    absent = sorted(set(names) - set(found))
    if absent:
        raise SystemExit(f"{module} has no {', '.join(absent)}")
    return "\n\n".join("\n".join(_lines(found[name])) + "\n" for name in names)


def _lines(node: ast.stmt, indent: str = "") -> Iterator[str]:
    """Yield the lines of a class or function without its docstrings and bodies."""
    if isinstance(node, ast.FunctionDef):
        yield from (f"{indent}@{ast.unparse(mark)}" for mark in node.decorator_list)
        yield from _definition(node, indent)
    elif isinstance(node, ast.ClassDef):
        yield from (f"{indent}@{ast.unparse(mark)}" for mark in node.decorator_list)
        bases = ", ".join(map(ast.unparse, node.bases))
        yield f"{indent}class {node.name}{f'({bases})' if bases else ''}:"
        members = [member for member in node.body if _public(member)]
        for member in members:
            if isinstance(member, ast.FunctionDef) and member is not members[0]:
                yield ""
            yield from _lines(member, f"{indent}    ")
        if not members:
            yield f"{indent}    ..."
    else:
        yield f"{indent}{ast.unparse(node)}"


def _definition(node: ast.FunctionDef, indent: str) -> Iterator[str]:
    result = f" -> {ast.unparse(node.returns)}" if node.returns else ""
    whole = f"{indent}def {node.name}({ast.unparse(node.args)}){result}: ..."
    if len(whole) <= WIDTH:
        yield whole
    else:
        yield from (f"{indent}def {node.name}(", f"{indent}    {ast.unparse(node.args)}", f"{indent}){result}: ...")


def _public(node: ast.stmt) -> bool:
    if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
        return not node.name.startswith("_")
    return isinstance(node, (ast.AnnAssign, ast.Assign))
