"""leapp-sb3, built as a wheel and installed where nobody knows of it."""

from __future__ import annotations

import json

import pytest

from tests.plugins.conftest import PLUGINS, Sandbox

pytestmark = pytest.mark.venv
SB3 = PLUGINS / "leapp-sb3"


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Sandbox:
    made = Sandbox(tmp_path_factory.mktemp("sb3") / "venv")
    made.pip("install", "--quiet", "sb3-contrib>=2.3,<3", "gymnasium[mujoco]")
    made.install_wheel(SB3)
    return made


def test_both_plugins_are_there_beside_the_reader_for_isaac_lab(sandbox: Sandbox) -> None:
    listed = json.loads(sandbox.leapp("plugins", "list", "--json").stdout)["plugins"]
    ours = {plugin["name"]: plugin for plugin in listed if plugin["distribution"] == "leapp-sb3"}
    assert set(ours) == {"leapp_sb3", "gymnasium"}
    assert [plugin["error"] for plugin in ours.values()] == [None, None]


def test_the_kit_for_environments_is_passed_from_the_command_line(sandbox: Sandbox) -> None:
    done = sandbox.leapp("envs", "test", "gymnasium", "--task", "Pendulum-v1", "--json")
    assert done.returncode == 0, done.stdout
    assert [check for check in json.loads(done.stdout)["checks"] if not check["ok"]] == []


def test_its_own_tests_pass(sandbox: Sandbox) -> None:
    """The kits, whole episodes beside ``predict`` for each way of training, and refusals."""
    sandbox.own_tests(SB3)
