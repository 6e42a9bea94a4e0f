"""Distributions of third parties, installed from their own pyproject into a fresh environment."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest

from tests.plugins.conftest import PLUGINS, Sandbox

pytestmark = pytest.mark.venv
HERE = Path(__file__).parent
ACME = PLUGINS / "leapp-acme"
PENDULUM = ACME.with_name("leapp-pendulum")
OURS = {"onnx-dynamo", "onnx-torchscript", "jit-script", "jit-trace", "pt2"}


def names(facts: dict) -> set[str]:
    return {backend["name"] for backend in facts["backends"]}


def test_a_backend_appears_exports_and_vanishes(sandbox: Sandbox, tmp_path: Path) -> None:
    assert names(sandbox.backends()) == OURS
    sandbox.pip("install", "--no-deps", str(ACME))
    try:
        (acme,) = [b for b in sandbox.backends()["backends"] if b["name"] == "acme-packed"]
        assert (acme["distribution"], acme["version"], acme["plugin"]) == ("leapp-acme", "1.2.0", "acme")
        assert acme["available"]
        shown = json.loads(sandbox.leapp("backends", "show", "acme-packed", "--json").stdout)
        assert shown["options"][0]["name"] == "level"
        kit = json.loads(sandbox.leapp("backends", "test", "acme-packed", "--json").stdout)
        assert [check for check in kit["checks"] if not check["ok"]] == []
        assert kit["runner"] == "acme"
        _export(sandbox, tmp_path)
    finally:
        sandbox.pip("uninstall", "--yes", "leapp-acme")
    assert names(sandbox.backends()) == OURS


def _export(sandbox: Sandbox, folder: Path) -> None:
    task = "Builtin-Balance-Partial"
    arguments = ("export", "--task", task, "--use_pretrained_checkpoint", "--save_path", str(folder))
    wrong = sandbox.leapp(*arguments, "--backend", "acme-packed", "--option", "level=12")
    assert wrong.returncode == 2
    assert "level is 12, expected 0 to 9" in wrong.stderr
    done = sandbox.leapp(*arguments, "--backend", "acme-packed", "--option", "level=9", "--json")
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert report["nodes"][0]["provider"] == "leapp-acme 1.2.0 (plugin 'acme')"
    assert report["validation"]["ok"]
    assert report["closed_loop"]["ok"]
    assert (folder / task / f"{task}.acme").read_bytes().startswith(b"ACME1\n")
    assert sandbox.leapp("run", str(folder / task)).returncode == 0


OBJECT = """
from leapp_core import hookimpl
from leapp_core.plugins.targets import Target

LEAPP_PLUGIN_API = "{module}"


class Plugin:
    {own}

    @hookimpl
    def leapp_register_targets(self, registry):
        registry.add(Target("my-engine", "an engine", 18))


mine = Plugin()
"""


@pytest.mark.parametrize(
    ("module", "own", "api"),
    [
        ("1.0", "", "1.0"),
        ("2.0", "", "2.0"),
        ("1.0", 'LEAPP_PLUGIN_API = "2.3"', "2.3"),
        ("2.0", 'LEAPP_PLUGIN_API = "1.0"', "1.0"),
    ],
    ids=["fits", "the module does not fit", "the object does not fit", "the object fits"],
)
def test_an_object_of_a_module_is_a_plugin(sandbox: Sandbox, tmp_path: Path, module: str, own: str, api: str) -> None:
    """What it was built for is said by the object or, if it does not say, by its module."""
    project = tmp_path / "leapp-object"
    (project / "leapp_object").mkdir(parents=True)
    stated = (HERE / "leapp-clash" / "pyproject.toml").read_text().replace("clash", "object")
    (project / "pyproject.toml").write_text(stated.replace('"leapp_object"', '"leapp_object.plugin:mine"'))
    (project / "leapp_object" / "__init__.py").touch()
    (project / "leapp_object" / "plugin.py").write_text(OBJECT.format(module=module, own=own))
    sandbox.pip("install", "--no-deps", str(project))
    try:
        listed = json.loads(sandbox.leapp("plugins", "list", "--json").stdout)["plugins"]
        (found,) = [plugin for plugin in listed if plugin["name"] == "object"]
        fits = api.startswith("1.")
        assert (found["api"], found["incompatible"]) == (api, not fits)
        assert found["provides"] == ({"target": ["my-engine"]} if fits else {})
        assert found["module"] == "leapp_object.plugin:mine"
    finally:
        sandbox.pip("uninstall", "--yes", "leapp-object")


def test_an_environment_and_an_adapter_of_their_own(sandbox: Sandbox, tmp_path: Path) -> None:
    sandbox.pip("install", "--no-deps", str(PENDULUM))
    try:
        checkpoint = str(tmp_path / "model.pt")
        train = [sandbox.python, "-m", "leapp_pendulum.train", checkpoint]
        assert subprocess.run(train, capture_output=True, check=False, cwd=tmp_path).returncode == 0
        for command in commands(PENDULUM / "README.md"):
            done = sandbox.leapp(*[checkpoint if word == "model.pt" else word for word in command], cwd=tmp_path)
            assert done.returncode == 0, done.stderr
            if command[0] == "deploy":
                assert float(re.search(r"reward per step +(\S+)", done.stdout)[1]) > -0.02, "it holds the pendulum"
        assert (tmp_path / "Pendulum-Hold" / "Pendulum-Hold.onnx").is_file()
        assert "MLP 4-32-1" in done.stdout
        wrong = sandbox.leapp("export", "--task", "Pendulum-Hold", "--checkpoint", str(PENDULUM / "README.md"))
        assert wrong.returncode == 5
        assert "no policy adapter knows the checkpoint" in wrong.stderr
        assert "pendulum" in wrong.stderr
    finally:
        sandbox.pip("uninstall", "--yes", "leapp-pendulum")


def commands(page: Path) -> list[list[str]]:
    """Return what a page tells to type after ``leapp``."""
    return [line.split()[1:] for line in page.read_text(encoding="utf-8").splitlines() if line.startswith("leapp ")]


def test_a_plugin_that_raises_at_import_is_listed_and_breaks_nothing(sandbox: Sandbox) -> None:
    sandbox.pip("install", "--no-deps", str(HERE / "leapp-broken"))
    try:
        facts = sandbox.backends()
        assert names(facts) == OURS
        (broken,) = facts["broken_plugins"]
        assert (broken["name"], broken["distribution"], broken["version"]) == ("broken", "leapp-broken", "0.3.0")
        assert broken["error"] == "RuntimeError: the acme licence server is down"
        table = sandbox.leapp("backends", "list")
        assert "the acme licence server is down" in table.stdout
        assert sandbox.leapp("export", "--help").returncode == 0
    finally:
        sandbox.pip("uninstall", "--yes", "leapp-broken")


def test_a_name_claimed_twice_names_both_distributions(sandbox: Sandbox) -> None:
    sandbox.pip("install", "--no-deps", str(HERE / "leapp-clash"))
    try:
        facts = sandbox.backends()
        assert names(facts) == OURS
        (clash,) = facts["broken_plugins"]
        assert clash["name"] == "clash"
        assert "'onnx-dynamo' is claimed twice" in clash["error"]
        assert "leapp-framework" in clash["error"]
        assert "leapp-clash 0.3.0" in clash["error"]
    finally:
        sandbox.pip("uninstall", "--yes", "leapp-clash")
