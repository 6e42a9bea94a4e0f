"""Every public name is described where the site shows it, and docstrings name the arguments that there are."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

import pytest

from tests.architecture.public_api import PUBLIC, ROOT

PAGES = ROOT / "docs" / "reference" / "api"
MODULES = [place.removesuffix(".py").replace("/", ".") for place in PUBLIC]
SHOWN_ALONE = {"leapp_core.spec.semantics.InputKind", "leapp_core.spec.semantics.OutputKind"}
"""Enumerations, whose members are shown with their values though no docstring describes them."""
ITEM = re.compile(r"^ {4}(\*{0,2}\w+)(?: \([^)]*\))?: ", re.MULTILINE)
SECTION = re.compile(r"^(Args|Attributes):\n((?: {4}.*\n|\n)+)", re.MULTILINE)

Described = ast.ClassDef | ast.FunctionDef


def body(module: str) -> list[ast.stmt]:
    return ast.parse((ROOT / f"{module.replace('.', '/')}.py").read_text(encoding="utf-8")).body


def listed(node: Described, section: str) -> set[str]:
    """Return the names that a section of a docstring describes."""
    found = {title: ITEM.findall(text) for title, text in SECTION.findall(f"{ast.get_docstring(node) or ''}\n")}
    return {name.lstrip("*") for name in found.get(section, [])}


def assigned(statements: list[ast.stmt]) -> Iterator[tuple[str, bool]]:
    """Yield public names that are assigned, and whether a text stands under them; variables of types are no API."""
    for node, after in zip(statements, [*statements[1:], None], strict=True):
        if not isinstance(node, (ast.Assign, ast.AnnAssign)) or "TypeVar(" in ast.unparse(node):
            continue
        name = ast.unparse(node.targets[0] if isinstance(node, ast.Assign) else node.target)
        if not name.startswith("_"):
            yield name, isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant)


def definitions(statements: list[ast.stmt], inside: str) -> Iterator[tuple[str, Described]]:
    """Yield public classes and functions with their full names, methods included."""
    for node in statements:
        if isinstance(node, (ast.ClassDef, ast.FunctionDef)) and not node.name.startswith("_"):
            yield f"{inside}.{node.name}", node
            yield from definitions(node.body, f"{inside}.{node.name}") if isinstance(node, ast.ClassDef) else ()


def undescribed(statements: list[ast.stmt], module: str) -> Iterator[str]:
    """Yield the public names that no docstring describes."""
    yield from (f"{module}.{name}" for name, text in assigned(statements) if not text and name != "__all__")
    for name, node in definitions(statements, module):
        if not ast.get_docstring(node):
            yield name
        if isinstance(node, ast.ClassDef) and name not in SHOWN_ALONE:
            known = listed(node, "Attributes") | {"exit_code"}  # described once, for the base of all errors
            yield from (f"{name}.{member}" for member, text in assigned(node.body) if not text and member not in known)


def gone(statements: list[ast.stmt], module: str) -> Iterator[str]:
    """Yield the arguments that a docstring describes and that its function does not take."""
    for name, node in definitions(statements, module):
        makers = [f for f in getattr(node, "body", []) if isinstance(f, ast.FunctionDef) and f.name == "__init__"]
        functions = [node] if isinstance(node, ast.FunctionDef) else makers
        taken = {arg.arg for f in functions for arg in ast.walk(f.args) if isinstance(arg, ast.arg)}
        yield from (f"{name}: {arg}" for arg in sorted(listed(node, "Args") - taken))


def test_every_public_module_is_on_one_page() -> None:
    pages = [page.read_text(encoding="utf-8") for page in sorted(PAGES.glob("*.md"))]
    shown = [name for page in pages for name in re.findall(r"^::: (\S+)$", page, re.MULTILINE)]
    assert sorted(shown) == sorted({*MODULES, *SHOWN_ALONE})


@pytest.mark.parametrize("module", MODULES)
def test_every_public_name_is_described(module: str) -> None:
    assert [*undescribed(body(module), module)] == []


@pytest.mark.parametrize("module", MODULES)
def test_docstrings_name_arguments_that_there_are(module: str) -> None:
    assert [*gone(body(module), module)] == []


def test_what_is_not_described_and_what_is_gone_is_found() -> None:
    code = '''
LIMIT = 3
class Loader:
    """Loads.

    Attributes:
        path: Where.
    """
    path: str
    size: int
    def load(self, path: str, **options: str) -> None:
        """Load.

        Args:
            path: Where.
            strict: What was an argument once.
            **options: The rest.
        """
    def close(self): ...
'''
    statements = ast.parse(code).body
    assert [*undescribed(statements, "m")] == ["m.LIMIT", "m.Loader.size", "m.Loader.close"]
    assert [*gone(statements, "m")] == ["m.Loader.load: strict"]
