"""What is public changes only with an entry in the changelog."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.architecture import public_api

PLANTED = {
    "an argument more": (
        "leapp_core/plugins/policies.py",
        "def load(self, request: PolicyRequest) -> LoadedPolicy:",
        "def load(self, request: PolicyRequest, strict: bool) -> LoadedPolicy:",
        "leapp_core.plugins.policies.PolicyAdapter.load",
    ),
    "a method that is gone": (
        "leapp_core/plugins/exporters.py",
        "def portable(self)",
        "def _portable(self)",
        "leapp_core.plugins.exporters.NodeProgram.portable",
    ),
    "a method that plugins have to write": (
        "leapp_core/plugins/policies.py",
        "    def recognizes(self",
        "    @abstractmethod\n    def sizes(self) -> int: ...\n\n    def recognizes(self",
        "leapp_core.plugins.policies.PolicyAdapter.sizes",
    ),
    "another default": (
        "leapp_core/plugins/runners.py",
        'provider: str = "cpu"',
        'provider: str = "cuda"',
        "leapp_core.plugins.runners.RunnerSettings.provider",
    ),
    "another exit code": (
        "leapp_core/errors.py",
        "exit_code = 5",
        "exit_code = 50",
        "leapp_core.errors.CheckpointError.exit_code",
    ),
    "a hook that takes something else": (
        "leapp_core/plugins/hookspecs.py",
        "def leapp_export_finished(graph: str, bundle: Path)",
        "def leapp_export_finished(graph: str, folder: Path)",
        "leapp_core.plugins.hookspecs.leapp_export_finished",
    ),
}


def test_every_change_since_the_release_is_in_the_changelog() -> None:
    found = public_api.changes(public_api.released(), public_api.signatures())
    text = public_api.unreleased(public_api.CHANGELOG.read_text(encoding="utf-8"))
    assert public_api.unmentioned(found, text) == {}, "name these in CHANGELOG.md under Unreleased"


@pytest.mark.parametrize("kind", PLANTED)
def test_a_planted_change_is_found(kind: str, tmp_path: Path) -> None:
    place, old, new, name = PLANTED[kind]
    for module in public_api.PUBLIC:
        (tmp_path / module).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(public_api.ROOT / module, tmp_path / module)
    source = (tmp_path / place).read_text(encoding="utf-8")
    assert source.count(old) == 1
    (tmp_path / place).write_text(source.replace(old, new), encoding="utf-8")
    found = public_api.changes(public_api.signatures(), public_api.signatures(tmp_path))
    assert name in found
    assert name in public_api.unmentioned(found, "### Added\n\n- Something else.\n")
    owner, member = name.split(".")[-2:]
    assert name not in public_api.unmentioned(found, f"### Changed\n\n- `{owner}.{member}` does something else.\n")


def test_only_what_is_not_released_counts() -> None:
    text = "# Changelog\n\n## Unreleased\n\n- `one`\n\n## 0.1.0\n\n- `two`\n"
    assert public_api.unreleased(text).split() == ["-", "`one`"]


def test_the_page_names_every_public_module() -> None:
    page = (public_api.ROOT / "docs" / "reference" / "stability.md").read_text(encoding="utf-8")
    missing = [m for m in public_api.PUBLIC if m.removesuffix(".py").replace("/", ".") not in page]
    assert missing == []
