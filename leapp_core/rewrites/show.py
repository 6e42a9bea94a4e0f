"""A rewrite as text: which lines of which file become what."""

from __future__ import annotations

import ast
import textwrap
from difflib import SequenceMatcher
from pathlib import Path

from leapp_core.rewrites.engine import Checked
from leapp_core.rewrites.loop import parsed


def shown(checked: Checked) -> str:
    """Return the lines to paste, each with the lines that they take the place of."""
    parts = []
    for path, tree in checked.rewrite.trees.items():
        old = parsed(path)
        parts += _changes(old, tree, Path(path).name) if old is not None else []
        imported = {a.name for n in ast.walk(tree) if isinstance(n, ast.Import) for a in n.names}
        if "torch" not in imported and any("torch." in part for part in parts):
            parts.insert(0, f"{Path(path).name}, at the top:\n    import torch")
    return "\n".join(parts)


def _changes(old: ast.AST, new: ast.AST, name: str) -> list[str]:
    """Return what differs between two trees, statement by statement."""
    if isinstance(old, ast.stmt) and isinstance(new, ast.stmt) and _on_one_line(old):
        return [_hunk([old], [new], name, added=False)] if ast.unparse(old) != ast.unparse(new) else []
    parts = []
    for field in ("body", "orelse", "finalbody"):
        mine, its = (getattr(tree, field, None) for tree in (old, new))
        if not isinstance(mine, list) or not isinstance(its, list):
            continue
        texts = [[ast.unparse(s) for s in block] for block in (mine, its)]
        for tag, a, b, c, d in SequenceMatcher(None, texts[0], texts[1], autojunk=False).get_opcodes():
            if tag == "equal":
                continue
            pairs = list(zip(mine[a:b], its[c:d], strict=False))
            if b - a == d - c and all(_same_head(x, y) for x, y in pairs):
                parts += [part for x, y in pairs for part in _changes(x, y, name)]
            else:
                a, b, c, d = _whole_lines(mine, a, b, c, d)
                parts.append(_hunk(mine[a:b] or mine[a - 1 : a], its[c:d], name, added=a == b))
    return parts


def _on_one_line(statement: ast.stmt) -> bool:
    """Return whether a statement's body begins on its own line: ``def reset(self): self.count = 0``."""
    body = getattr(statement, "body", None)
    return bool(isinstance(body, list) and body and body[0].lineno == statement.lineno)


def _whole_lines(mine: list[ast.stmt], a: int, b: int, c: int, d: int) -> tuple[int, int, int, int]:
    """Take statements along that share a line with those that change."""
    while a and b > a and mine[a - 1].end_lineno == mine[a].lineno:
        a, c = a - 1, c - 1
    while b < len(mine) and b > a and mine[b].lineno == mine[b - 1].end_lineno:
        b, d = b + 1, d + 1
    return a, b, c, d


def _same_head(old: ast.stmt, new: ast.stmt) -> bool:
    """Return whether two statements differ in what they hold only."""
    if type(old) is not type(new) or not isinstance(old, (ast.FunctionDef, ast.ClassDef, ast.With, ast.For, ast.While)):
        return False
    return ast.unparse(old).splitlines()[0] == ast.unparse(new).splitlines()[0]


def _hunk(old: list[ast.stmt], new: list[ast.stmt], name: str, *, added: bool) -> str:
    first, last = old[0].lineno, old[-1].end_lineno
    lines = f"line {first}" if first == last else f"lines {first} to {last}"
    head = f"{name}, after line {last}:" if added else f"{name}, instead of {lines}:"
    indent = " " * old[0].col_offset
    text = "\n".join(ast.unparse(statement) for statement in new)
    return head + "\n" + textwrap.indent(text, "    " + indent)
