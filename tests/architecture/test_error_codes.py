"""Every error of ours has a code, and every code a page; tests/explain runs the pages' examples."""

from __future__ import annotations

import ast
import re
from functools import cache

from leapp_core import errors
from leapp_core.explain import AREAS, all_pages, areas
from tests.architecture.imports import modules

CODE = re.compile(r"[A-Z]\d{3}")


def deliberate() -> set[str]:
    """Return the names of our error classes, those derived elsewhere too."""
    known = {name for name, kind in vars(errors).items() if isinstance(kind, type)}
    trees = [ast.parse(path.read_text(encoding="utf-8")) for path in modules().values()]
    classes = [node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]
    while more := {c.name for c in classes if c.name not in known and {ast.unparse(b) for b in c.bases} & known}:
        known |= more
    return known


@cache
def made() -> tuple[tuple[str, ast.Call], ...]:
    """Return each place in our packages where an error is made."""
    known = deliberate()
    return tuple(
        (f"{name}:{node.lineno}", node)
        for name, path in modules().items()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and _name(node.func) in known
    )


def _name(function: ast.expr) -> str:
    """Return the last name of what is called."""
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def codes_of(call: ast.Call) -> set[str]:
    value = next((keyword.value for keyword in call.keywords if keyword.arg == "code"), None)
    texts = [node.value for node in ast.walk(value) if isinstance(node, ast.Constant)] if value else []
    return {text for text in texts if isinstance(text, str) and CODE.fullmatch(text)}


def test_every_error_of_ours_has_a_code() -> None:
    calls = dict(made())
    assert len(calls) > 350
    forwarded = {place for place, call in calls.items() if "code=error.code" in map(ast.unparse, call.keywords)}
    assert [place for place, call in calls.items() if not codes_of(call) and place not in forwarded] == []
    assert len(forwarded) < 5


def test_every_code_has_a_page_and_every_page_a_code() -> None:
    used = {code for _, call in made() for code in codes_of(call)}
    assert used == set(all_pages())


def test_pages_are_in_order_and_no_code_is_used_twice() -> None:
    codes = [page.code for area in areas() for page in area.pages]
    assert len(codes) == len(set(codes))
    for area in areas():
        own = [page.code for page in area.pages]
        assert own == [f"{own[0][0]}{number:03d}" for number in range(1, len(own) + 1)]
    assert len({area.pages[0].code[0] for area in areas()}) == len(AREAS)
