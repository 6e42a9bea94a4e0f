"""What is public changes only with a line in the changelog that names it and says what it is now."""

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
    "a method that is awaited": (
        "leapp_core/plugins/environments.py",
        "    def observations(self)",
        "    async def observations(self)",
        "leapp_core.plugins.environments.PolicyEnvironment.observations",
    ),
    "a property that is called": (
        "leapp_core/plugins/manager.py",
        "    @property\n    def ours(self)",
        "    def ours(self)",
        "leapp_core.plugins.manager.PluginInfo.ours",
    ),
    "another default": (
        "leapp_core/plugins/runners.py",
        'provider: str = "cpu"',
        'provider: str = "cuda"',
        "leapp_core.plugins.runners.RunnerSettings.provider",
    ),
    "a field before another": (
        "leapp_core/plugins/policies.py",
        "    certainty: float\n",
        "    reader: str = ''\n    certainty: float = 0.0\n",
        "leapp_core.plugins.policies.Recognition.reason",
    ),
    "a field that has to be given": (
        "leapp_core/plugins/policies.py",
        "    certainty: float\n    reason: str\n",
        "    certainty: float\n    reason: str\n    version: str\n",
        "leapp_core.plugins.policies.Recognition.version",
    ),
    "a dataclass that is no longer frozen": (
        "leapp_core/plugins/targets.py",
        "@dataclass(frozen=True)",
        "@dataclass",
        "leapp_core.plugins.targets.Target",
    ),
    "another version of the plugin API": (
        "leapp_core/plugins/versions.py",
        'API_VERSION = "1.0"',
        'API_VERSION = "2.0"',
        "leapp_core.plugins.versions.API_VERSION",
    ),
    "another value of a constant": (
        "leapp_core/plugins/manager.py",
        'DISABLE_VARIABLE = "LEAPP_DISABLE_PLUGINS"',
        'DISABLE_VARIABLE = "LEAPP_BLOCK"',
        "leapp_core.plugins.manager.DISABLE_VARIABLE",
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
    "a name that the package no longer gives": (
        "leapp_core/__init__.py",
        '    "capture_step",\n    "hookimpl",\n]',
        '    "hookimpl",\n]',
        "leapp_core.capture_step",
    ),
    "a subject that the kit no longer gives": (
        "leapp_core/testing/contracts.py",
        '    "EnvSubject",\n',
        "",
        "leapp_core.testing.contracts.EnvSubject",
    ),
    "an option that is gone": (
        "docs/reference/cli.md",
        "  --closed_loop_steps ",
        "  --loop_steps ",
        "leapp export --closed_loop_steps",
    ),
    "a key of JSON that is called otherwise": (
        "docs/reference/json.md",
        "| `latency.median_us` |",
        "| `latency.median` |",
        "leapp bench --json latency.median_us",
    ),
    "a key that holds something else": (
        "docs/reference/bundle.schema.json",
        '"frequency": {\n              "type": [\n                "number"',
        '"frequency": {\n              "type": [\n                "integer"',
        "yaml/pipeline/configs/frequency",
    ),
}
"""Place, text, what stands there instead, and the public name that is another by it."""


def real_changelog() -> str:
    return public_api.CHANGELOG.read_text(encoding="utf-8")


def test_every_change_since_the_release_is_in_the_changelog() -> None:
    found = public_api.changes(public_api.released(), public_api.signatures())
    assert found, "nothing changed since the release: the list is read wrongly, or the release is today's"
    how = f"under {public_api.SECTION!r} of what is unreleased; python -m tests.architecture.public_api shows the lines"
    assert public_api.unmentioned(found, real_changelog()) == [], f"add these {how}"
    assert public_api.outdated(found, real_changelog()) == [], f"remove these {how}"


def test_what_is_new_is_promised_from_then_on() -> None:
    new = public_api.unpromised(public_api.released(), public_api.signatures())
    assert new == {}, "python -m tests.architecture.public_api --add"


@pytest.mark.parametrize("kind", PLANTED)
def test_a_planted_change_is_not_excused_by_the_changelog_as_it_is(kind: str, tmp_path: Path) -> None:
    place, old, new, name = PLANTED[kind]
    for path in (*public_api.PUBLIC, *public_api.FIRST_LEVEL, public_api.COMMANDS, public_api.SCHEMA, public_api.JSON):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(public_api.ROOT / path, tmp_path / path)
    source = (tmp_path / place).read_text(encoding="utf-8")
    assert source.count(old) == 1
    (tmp_path / place).write_text(source.replace(old, new), encoding="utf-8")
    found = public_api.changes(public_api.released(), public_api.signatures(tmp_path))
    assert name in found
    line = public_api.entry(name, found[name])
    assert line in public_api.unmentioned(found, real_changelog())
    told = real_changelog().replace(public_api.SECTION, f"{public_api.SECTION}\n\n{line}", 1)
    assert line not in public_api.unmentioned(found, told)


@pytest.mark.parametrize(
    "text",
    [
        "- `Loader.load` takes a `path`, and so does `m.Loader.load`.",
        "- `m.Loader.load` is now `` (self) ``",
        "- `Loader.load` is now `` (self, path) ``",
        "- `m.Loader` is gone",
    ],
)
def test_words_another_signature_a_shorter_name_or_the_class_excuse_nothing(text: str) -> None:
    found = {"m.Loader.load": "(self, path)"}
    head = f"## Unreleased\n\n{public_api.SECTION}\n\n"
    assert public_api.unmentioned(found, f"{head}{text}\n") == ["- `m.Loader.load` is now `` (self, path) ``"]
    assert public_api.unmentioned(found, f"{head}- `m.Loader.load` is now `` (self, path) ``\n") == []


def test_only_what_is_not_released_counts() -> None:
    line = "- `m.load` is gone"
    text = f"# Changelog\n\n## Unreleased\n\n- `m.load`\n\n## 0.1.0\n\n{public_api.SECTION}\n\n{line}\n"
    assert public_api.unmentioned({"m.load": None}, text) == [line]


def test_a_line_on_what_did_not_change_is_found() -> None:
    text = f"## Unreleased\n\n{public_api.SECTION}\n\n- `m.load` is gone\n"
    assert public_api.outdated({}, text) == ["- `m.load` is gone"]


def test_the_page_names_every_public_module() -> None:
    page = (public_api.ROOT / "docs" / "reference" / "stability.md").read_text(encoding="utf-8")
    places = [place.removesuffix(".py") for place in public_api.PUBLIC]
    places += [place.removesuffix("/__init__.py") for place in public_api.FIRST_LEVEL]
    assert [name for place in places if f"`{(name := place.replace('/', '.'))}`" not in page] == []
