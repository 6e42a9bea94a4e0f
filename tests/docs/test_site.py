"""The site builds without a warning, and a link that leads nowhere fails the build."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.public_api import signatures
from tests.docs.test_docs import DOCS, ROOT

pytestmark = pytest.mark.venv


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site") / "venv"
    subprocess.run([sys.executable, "-m", "venv", folder], check=True, capture_output=True)
    python = folder / "bin" / "python"
    extra = re.search(r"^docs = (\[.*?\])", (ROOT / "pyproject.toml").read_text(encoding="utf-8"), re.MULTILINE)
    assert extra is not None
    packages = json.loads(extra[1])
    install = (python, "-m", "pip", "install", "--quiet", *packages, "-c", ROOT / "constraints.txt")
    subprocess.run(install, check=True, capture_output=True)
    return python


@pytest.fixture
def site(tmp_path: Path) -> Path:
    shutil.copytree(DOCS, tmp_path / "docs", ignore=shutil.ignore_patterns("examples"))
    shutil.copy(ROOT / "mkdocs.yml", tmp_path)
    (tmp_path / "leapp_core").symlink_to(ROOT / "leapp_core")  # its docstrings become pages
    return tmp_path


def build(python: Path, folder: Path) -> tuple[int, str]:
    """Do what ``make docs`` does but for writing the pages; return exit code and what was said."""
    said = ""
    for command in ([python, "docs/links.py"], [python.with_name("zensical"), "build", "--strict"]):
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
        said += done.stdout + done.stderr
        if done.returncode:
            return done.returncode, said
    return 0, said


def test_it_builds_without_a_warning(python: Path, site: Path) -> None:
    code, said = build(python, site)
    assert code == 0, said
    assert "No issues found" in said
    assert "griffe:" not in said  # what a docstring says does not fit the signature
    assert "Everyday idioms" in (site / "site" / "index.html").read_text(encoding="utf-8")
    assert entries(site / "site" / "reference" / "api") >= public()


def entries(folder: Path) -> set[str]:
    """Return what pages describe under a heading of its own."""
    pages = [page.read_text(encoding="utf-8") for page in folder.rglob("index.html")]
    assert not any(":class:" in page or ":func:" in page or ":meth:" in page for page in pages)
    return {name for page in pages for name in re.findall(r'id="(leapp_core[^"]*)"', page)}


def public() -> set[str]:
    """Return public classes, functions and methods."""
    return {name for name, text in signatures().items() if re.match(r"(abstract|class)?\(", text)} - {
        name for name in signatures() if name.endswith(".__init__")
    }


@pytest.mark.parametrize("link", ["nowhere.md", "../LICENSE", "howto/mujoco.md#nowhere"])
def test_a_link_that_leads_nowhere_fails_the_build(python: Path, site: Path, link: str) -> None:
    page = site / "docs" / "index.md"
    page.write_text(page.read_text(encoding="utf-8") + f"\n[a link]({link})\n", encoding="utf-8")
    code, said = build(python, site)
    assert code != 0, said
    assert "does not exist" in said or "broken link" in said


@pytest.mark.parametrize(
    ("line", "message"),
    [("::: leapp_core.nowhere", "Could not collect"), ("[a][leapp_core.nowhere]", "unresolved autoref")],
)
def test_a_name_that_there_is_not_fails_the_build(python: Path, site: Path, line: str, message: str) -> None:
    page = site / "docs" / "reference" / "api" / "plugins.md"
    page.write_text(page.read_text(encoding="utf-8") + f"\n{line}\n", encoding="utf-8")
    code, said = build(python, site)
    assert code != 0, said
    assert message in said
