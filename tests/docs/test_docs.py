"""Documentation that is made from the source is up to date, its code runs and its links lead somewhere."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
PAGES = [ROOT / "README.md", *sorted(DOCS.rglob("*.md"))]
RUNNABLE = [DOCS / "tutorial" / "your-own-pipeline.md", DOCS / "howto" / "coming-from-a-deploy-script.md"]


def docs_script(name: str) -> ModuleType:
    """Return a script of the documentation as a module."""
    spec = importlib.util.spec_from_file_location(f"docs_{name}", DOCS / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("page", ["cli.md", "hooks.md", "exit-codes.md", "platforms.md", "errors.md"])
def test_reference_pages_are_up_to_date(page: str, monkeypatch: pytest.MonkeyPatch) -> None:
    pinned = {line.split(" ")[0] for line in (ROOT / "constraints.txt").read_text().splitlines()}
    if page == "cli.md" and f"typer=={version('typer')}" not in pinned:
        pytest.skip("help texts are laid out otherwise by this version of typer")
    monkeypatch.setenv("COLUMNS", "100")
    written = (DOCS / "reference" / page).read_text(encoding="utf-8")
    assert docs_script("generate").pages()[page] == written, "run: python docs/generate.py"


def test_signatures_in_guides_are_those_of_the_code() -> None:
    guides = docs_script("generate").guides()
    assert {"howto/write-a-backend.md", "howto/write-an-environment.md", "howto/write-a-consumer.md"} <= set(guides)
    stale = [page for page, text in guides.items() if (DOCS / page).read_text(encoding="utf-8") != text]
    assert stale == [], "run: python docs/generate.py"


@pytest.mark.parametrize("page", RUNNABLE, ids=lambda page: page.stem)
def test_code_of_a_page_runs_in_order(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    # In a file, because what capture says about code names its lines.
    script = tmp_path / "page.py"
    script.write_text("\n".join(re.findall(r"```python\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)))
    exec(compile(script.read_text(), str(script), "exec"), {"__name__": "page"})


def links() -> Iterator[tuple[Path, str]]:
    found = docs_script("links").links
    yield from ((page, target) for page in PAGES for target in found(page))


@pytest.mark.parametrize(("page", "target"), [*links()], ids=str)
def test_links_lead_somewhere(page: Path, target: str) -> None:
    assert (page.parent / target).exists()


def test_every_page_is_in_the_navigation() -> None:
    navigation = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    named = set(re.findall(r"[\w/-]+\.md", navigation))
    pages = {str(page.relative_to(DOCS)) for page in DOCS.rglob("*.md") if "examples" not in page.parts}
    assert sorted(pages - named) == []
    assert sorted(named - pages) == []
