"""What a third party can get wrong in a plugin: it is named with the reason, and everything else works."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from leapp_core.plugins.manager import PluginManager
from leapp_core.policy_export.tasks import find_provider
from tests.cli.invoke import leapp
from tests.export.pipelines import PIPELINES, capture_pipeline

HOOK = "from leapp_core import hookimpl\n"
EXPORTER = HOOK + "from leapp_core.plugins.exporters import Exporter\n"
REGISTER = "\n@hookimpl\ndef leapp_register_exporters(registry):\n    registry.add({})\n"
BROKEN = {
    "syntax": ("def (", "SyntaxError: invalid syntax"),
    "absent": ("import not_there_at_all", "No module named 'not_there_at_all'"),
    "leaves": ("import sys; sys.exit('licence expired')", "SystemExit: licence expired"),
    "newer_argument": (
        HOOK + "@hookimpl\ndef leapp_register_exporters(registry, version): pass",
        r"hook 'leapp_register_exporters' Argument\(s\) {'version'} are declared",
    ),
    "abstract": (EXPORTER + "class E(Exporter):\n    name = 'e'" + REGISTER.format("E()"), "abstract"),
    "a_class": (
        EXPORTER + "class E(Exporter):\n    def export(self, request): pass" + REGISTER.format("E"),
        "backend E was registered as a class",
    ),
    "no_suffix": (
        EXPORTER + "class E(Exporter):\n    name = format = 'e'\n    def export(self, request): pass"
        "" + REGISTER.format("E()"),
        "backend E has no 'suffix'",
    ),
    "duck": (
        HOOK + "class Duck:\n    name = 'duck'" + REGISTER.format("Duck()"),
        "backend Duck is not a subclass of leapp_core.plugins.exporters.Exporter",
    ),
    "taken_command": (
        HOOK + "@hookimpl\ndef leapp_register_commands(app):\n    app.command('export')(lambda: None)",
        "command 'export' is provided already",
    ),
}
"""Source of a plugin's module, and what is said about it."""


@pytest.mark.parametrize("kind", BROKEN)
def test_a_broken_plugin_is_named_and_the_rest_works(kind: str, install) -> None:
    source, said = BROKEN[kind]
    install(f"broken_{kind}", source)
    for command in ("backends", "envs", "adapters"):
        assert leapp(command, "list").code == 0
    result = leapp("backends", "list", "--json")
    facts = json.loads(result.out)
    assert len(facts["backends"]) == 5
    (broken,) = facts["broken_plugins"]
    assert (broken["name"], broken["distribution"]) == (f"broken_{kind}", f"broken_{kind}")
    assert re.search(said, broken["error"]), broken["error"]
    (listed,) = [line for line in leapp("plugins", "list").out.splitlines() if f"broken_{kind}" in line]
    assert "broken: " in listed


ADAPTER = (
    HOOK + "from leapp_core.plugins.policies import PolicyAdapter\n"
    "class Mine(PolicyAdapter):\n    name = 'mine'\n"
    "    def recognizes(self, checkpoint): return {}['names']\n"
    "    def load(self, request): raise KeyError('actor')\n"
    "    def load_alone(self, request): {fails}\n"
    "@hookimpl\ndef leapp_register_adapters(registry):\n    registry.add(Mine())\n"
)


def test_a_name_that_a_broken_plugin_would_bring_is_told_with_the_reason(install) -> None:
    source = EXPORTER + "class E(Exporter):\n    name = format = 'mine'\n    suffix = '.m'\n    check = None\n"
    install("broken_check", source + "    def export(self, request): pass" + REGISTER.format("E()"))
    result = leapp("backends", "show", "mine")
    assert result.code == 2
    said = " ".join(result.err.split())
    assert "unknown backend 'mine'" in said
    assert (
        "broken_check 0.1 (plugin 'broken_check') is left out: leapp_register_exporters: PluginError: backend E" in said
    )
    assert "'check' is None, expected a method check(program, options); see leapp plugins list" in said


AT_WORK = {
    "reads": ("return {}['actor']", "KeyError: 'actor'"),
    "opens": ("return open('/no/such/file')", "FileNotFoundError: [Errno 2]"),
    "computes": ("import torch; torch.zeros(2) @ torch.zeros(3)", "RuntimeError: inconsistent tensor size"),
}


@pytest.mark.parametrize("name", AT_WORK)
def test_a_plugin_that_fails_at_work_is_named_with_its_line(name: str, install, tmp_path: Path) -> None:
    fails, said = AT_WORK[name]
    install(name, ADAPTER.replace("{fails}", fails))
    (tmp_path / "model.pt").write_text("anything")
    export = ("export", "--policy-only", "--checkpoint", str(tmp_path / "model.pt"))
    result = leapp(*export, "--adapter", "mine")
    assert result.code == 3
    assert f"error: plugin {name!r} of {name} 0.1 failed: {said}" in result.err
    assert re.search(rf"{name}\.py:\d+, in load_alone", result.err), result.err
    assert f"LEAPP_DISABLE_PLUGINS={name}" in result.err
    assert "LEAPP-P005" in result.err


def test_an_adapter_that_fails_to_look_at_a_file_is_named_if_nobody_knows_it(install, tmp_path: Path) -> None:
    install("failing", ADAPTER.replace("{fails}", "pass"))
    (tmp_path / "model.pt").write_text("anything")
    result = leapp("export", "--policy-only", "--checkpoint", str(tmp_path / "model.pt"))
    assert result.code == 5
    said = " ".join(result.err.split())
    assert "if mine wrote it: failing 0.1 (plugin 'failing') failed to look at it (KeyError: 'names')" in said


def test_two_distributions_with_one_plugin_name_are_told_apart(install, tmp_path: Path) -> None:
    install("twin", "")
    other = tmp_path / "other-0.1.dist-info"
    other.mkdir()
    (other / "METADATA").write_text("Metadata-Version: 2.1\nName: other\nVersion: 0.1\n")
    (other / "entry_points.txt").write_text("[leapp]\ntwin = not_there_at_all\n")
    names = {info.name: info.error for info in PluginManager().plugins if "twin" in info.name}
    assert len(names) == 2
    assert [error for error in names.values() if error] == ["ModuleNotFoundError: No module named 'not_there_at_all'"]


def test_a_plugin_that_forgot_the_decorator_is_told(install) -> None:
    install("idle", "def leapp_register_exporters(registry): pass")
    (line,) = [line for line in leapp("plugins", "list").out.splitlines() if line.startswith("idle")]
    assert line.endswith("no function in it has leapp_core.hookimpl")


def test_plugins_list_says_what_each_provides() -> None:
    facts = {
        plugin["name"]: plugin["provides"] for plugin in json.loads(leapp("plugins", "list", "--json").out)["plugins"]
    }
    assert facts["onnx"] == {"backend": ["onnx-dynamo", "onnx-torchscript"], "format": ["onnx"]}
    assert facts["rsl_rl"]["adapter"][0] == "rsl-rl"
    assert {name: facts[name] for name in ("builtin", "mjlab", "isaaclab")} == {
        name: {"environment": [name]} for name in ("builtin", "mjlab", "isaaclab")
    }
    assert "isaac-ros" in facts["consumers"]["consumer"]


def test_an_environment_that_cannot_list_its_tasks_hides_no_other(install) -> None:
    install(
        "bad_env",
        HOOK + "from leapp_core.plugins.environments import EnvironmentProvider\n"
        "class Bad(EnvironmentProvider):\n    name = 'a-bad'\n    light = True\n"
        "    def tasks(self): raise RuntimeError('no task file')\n"
        "    def make(self, request): pass\n    def deploy(self, request, document): pass\n"
        "@hookimpl\ndef leapp_register_environments(registry):\n    registry.add(Bad())\n",
    )
    result = leapp("envs", "list")
    assert result.code == 0
    assert "the tasks of a-bad cannot be listed: RuntimeError: no task file" in result.out
    assert "Builtin-Reach-Arm" in result.out
    assert find_provider("Builtin-Reach-Arm", None, PluginManager()).name == "builtin"


def test_observers_that_fail_are_noted_and_change_nothing(install, tmp_path: Path) -> None:
    install(
        "watcher",
        HOOK + "@hookimpl\ndef leapp_export_started(graph): raise RuntimeError('no connection')\n"
        "@hookimpl\ndef leapp_artifact_written(node): raise RuntimeError('no space')\n"
        "@hookimpl\ndef leapp_export_finished(graph, bundle): raise RuntimeError('upload failed')\n",
    )
    captured = capture_pipeline(PIPELINES["mlp"], "mlp")
    with_watcher = captured_bundle(captured, tmp_path / "a")
    assert [note.rpartition(": ")[2] for note in with_watcher.notes[-3:]] == [
        "no connection",
        "no space",
        "upload failed",
    ]
    assert "plugin 'watcher' failed and is left out" in with_watcher.notes[-1]
    without = captured_bundle(captured, tmp_path / "b", disabled=["watcher"])
    for file in sorted(without.bundle.iterdir()):
        assert file.read_bytes() == (with_watcher.bundle / file.name).read_bytes(), file.name


def captured_bundle(captured, folder: Path, disabled: list[str] | None = None):
    from leapp_core.export.run import export_pipeline

    return export_pipeline(captured, save_path=folder, plugins=PluginManager(disabled=disabled), visualize=False)


def test_a_package_inside_one_that_is_missing_counts_as_missing() -> None:
    from leapp_core.plugins.requirements import missing_packages

    assert missing_packages(("not_there.at_all", "json.decoder")) == ("not_there.at_all",)
