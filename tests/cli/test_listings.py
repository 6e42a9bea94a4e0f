from __future__ import annotations

import json

import pytest

from tests.cli.invoke import leapp

BACKENDS = {
    "onnx-dynamo": ("onnx", ["onnx"]),
    "onnx-torchscript": ("onnx", []),
    "jit-script": ("jit", ["jit"]),
    "jit-trace": ("jit", []),
    "pt2": ("pt2", ["exported-program"]),
}


def test_backends_list_names_format_provider_and_state() -> None:
    facts = json.loads(leapp("backends", "list", "--json").out)
    found = {backend["name"]: (backend["format"], backend["aliases"]) for backend in facts["backends"]}
    assert found == BACKENDS
    assert facts["broken_plugins"] == []
    for backend in facts["backends"]:
        assert backend["distribution"] == "leapp-framework"
        assert backend["version"]
        assert backend["available"] is True
        assert backend["install"] is None


def test_backends_list_as_a_table() -> None:
    lines = leapp("backends", "list").out.splitlines()
    assert lines[0].split("  ")[0] == "backend"
    row = next(line for line in lines if line.startswith("onnx-dynamo"))
    assert "leapp-framework" in row
    assert "available" in row


def test_backends_show_lists_the_options() -> None:
    facts = json.loads(leapp("backends", "show", "onnx", "--json").out)
    assert facts["name"] == "onnx-dynamo"
    options = {option["name"]: option for option in facts["options"]}
    assert options["opset"]["help"]
    text = leapp("backends", "show", "onnx").out
    assert "onnx-dynamo" in text
    assert "opset" in text


def test_backends_show_suggests_the_nearest() -> None:
    result = leapp("backends", "show", "onnx-dinamo")
    assert result.code == 2
    assert "did you mean 'onnx-dynamo'?" in result.err


def test_envs_list_shows_tasks_of_light_environments_without_importing_any() -> None:
    facts = {env["name"]: env for env in json.loads(leapp("envs", "list", "--json").out)["environments"]}
    assert {"builtin", "mjlab"} <= set(facts)
    assert "Builtin-Reach-Arm" in {task["name"] for task in facts["builtin"]["tasks"]}
    assert all(task["pretrained"] for task in facts["builtin"]["tasks"])
    text = leapp("envs", "list").out
    assert "Builtin-Velocity-Hopper-LSTM" in text


def test_envs_list_of_an_environment_that_is_not_installed_names_the_extra() -> None:
    pytest.importorskip("rsl_rl")
    facts = {env["name"]: env for env in json.loads(leapp("envs", "list", "--json").out)["environments"]}
    if facts["mjlab"]["available"]:
        pytest.skip("mjlab is installed here")
    assert facts["isaaclab"]["install"].startswith("make isaaclab-env in a checkout of LEAPP")
    assert facts["mjlab"]["install"] == 'pip install "leapp-framework[mjlab]"'
    result = leapp("envs", "list", "mjlab")
    assert result.code == 4
    assert "extra 'mjlab'" in result.err
    assert 'pip install "leapp-framework[mjlab]"' in result.err


def test_adapters_list() -> None:
    facts = json.loads(leapp("adapters", "list", "--json").out)
    assert [adapter["name"] for adapter in facts["adapters"]] == ["rl-games", "rsl-rl", "sb3", "skrl"]
    assert "rsl-rl" in leapp("adapters", "list").out


def test_plugins_list_says_what_is_disabled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEAPP_DISABLE_PLUGINS", "torchscript")
    facts = {plugin["name"]: plugin for plugin in json.loads(leapp("plugins", "list", "--json").out)["plugins"]}
    assert facts["torchscript"]["disabled"] is True
    assert "disabled by LEAPP_DISABLE_PLUGINS" in leapp("plugins", "list").out
    names = {backend["name"] for backend in json.loads(leapp("backends", "list", "--json").out)["backends"]}
    assert names == set(BACKENDS) - {"jit-script", "jit-trace"}
