"""Which tasks mjlab has, read off its sources: importing mjlab takes seconds, and a listing must not."""

from __future__ import annotations

import ast
import importlib.util
from collections.abc import Iterator
from importlib.metadata import entry_points
from pathlib import Path

_REGISTER = "register_mjlab_task"
_GROUP = "mjlab.tasks"


def registered_tasks() -> tuple[str, ...]:
    """Return the ids that mjlab and the packages in entry-point group ``mjlab.tasks`` register as literals, sorted."""
    names = ["mjlab", *(point.value.partition(":")[0].partition(".")[0] for point in entry_points(group=_GROUP))]
    found = {task for name in dict.fromkeys(names) for folder in _folders(name) for task in _literal_ids(folder)}
    return tuple(sorted(found))


def _folders(package: str) -> tuple[Path, ...]:
    spec = importlib.util.find_spec(package)
    places = spec.submodule_search_locations if spec is not None else None
    return tuple(Path(p) for p in places or ())


def _literal_ids(folder: Path) -> Iterator[str]:
    for path in sorted(folder.rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        if _REGISTER in text:
            yield from (task for call in ast.walk(ast.parse(text)) for task in _task_id(call))


def _task_id(node: ast.AST) -> Iterator[str]:
    if not isinstance(node, ast.Call):
        return
    called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    if called != _REGISTER:
        return
    given = [k.value for k in node.keywords if k.arg == "task_id"] or node.args[:1]
    yield from (g.value for g in given if isinstance(g, ast.Constant) and isinstance(g.value, str))
