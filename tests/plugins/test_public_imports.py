"""What others are shown to import is public: example distributions, packages that are written for them, guides."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from leapp_core.scaffold import KINDS, plan_package, write_package
from tests.architecture.public_api import FIRST_LEVEL, PUBLIC, ROOT, signatures
from tests.plugins.conftest import PLUGINS

GUIDES = ROOT / "docs" / "howto"
PLACES = {place.removesuffix(".py").removesuffix("/__init__").replace("/", ".") for place in (*PUBLIC, *FIRST_LEVEL)}
NAMES = signatures()
CODE = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)


def not_public(code: str) -> Iterator[str]:
    """Yield what code imports of ours that is not promised."""
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if ours(alias.name) and alias.name not in PLACES)
        elif isinstance(node, ast.ImportFrom) and ours(str(node.module)):
            names = [f"{node.module}.{alias.name}" for alias in node.names]
            yield from (name for name in names if name not in NAMES)


def ours(module: str) -> bool:
    return module.partition(".")[0] in ("leapp_core", "leapp_backends", "leapp_rsl_rl")


@pytest.mark.parametrize("project", sorted(path.name for path in PLUGINS.iterdir() if path.is_dir()))
def test_example_distributions_use_public_names_only(project: str) -> None:
    sources = [path for path in (PLUGINS / project).rglob("*.py") if "build" not in path.parts]
    assert sources
    found = {path.name: [*not_public(path.read_text(encoding="utf-8"))] for path in sources}
    assert {name: names for name, names in found.items() if names} == {}


@pytest.mark.parametrize("kind", KINDS)
def test_generated_packages_use_public_names_only(kind: str, tmp_path: Path) -> None:
    planned = plan_package("promised", kind, tmp_path)
    write_package(planned)
    found = {path.name: [*not_public(path.read_text(encoding="utf-8"))] for path in planned.folder.rglob("*.py")}
    assert {name: names for name, names in found.items() if names} == {}


@pytest.mark.parametrize("guide", ["write-a-backend.md", "write-a-consumer.md", "write-an-environment.md"])
def test_guides_show_public_names_and_the_version_of_hooks(guide: str) -> None:
    blocks = CODE.findall((GUIDES / guide).read_text(encoding="utf-8"))
    assert blocks
    for block in blocks:
        assert [*not_public(block)] == []
        if "@hookimpl" in block:
            assert 'LEAPP_PLUGIN_API = "1.0"' in block


def test_what_is_not_promised_is_found() -> None:
    code = """
import leapp_core.export.run
from leapp_core import capture, no_such_name
from leapp_core.plugins.contract import check_contract
from leapp_core.plugins.policies import PolicyAdapter
from leapp_rsl_rl.adapter import RslRlAdapter
"""
    assert [*not_public(code)] == [
        "leapp_core.export.run",
        "leapp_core.no_such_name",
        "leapp_core.plugins.contract.check_contract",
        "leapp_rsl_rl.adapter.RslRlAdapter",
    ]
