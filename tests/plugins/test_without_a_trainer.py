"""Environments and trainers are independent: each plugin can be blocked alone, no task needs a trainer's library."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

WITHOUT = """
import sys
sys.modules.update(dict.fromkeys(("rsl_rl", "tensordict")))  # as if they were not installed
sys.path.insert(0, {path!r})
from leapp_core.cli.main import main
main({arguments!r})
"""
PLUGIN = """
import torch
from leapp_core import hookimpl
from leapp_core.plugins.policies import LoadedPolicy, PolicyAdapter

LEAPP_PLUGIN_API = "1.0"


class Still(LoadedPolicy):
    summary = "a policy that does nothing"

    def __init__(self, request):
        self._actions = request.num_actions

    def act(self, observations, session=None, node=None):
        return 0.0 * observations["policy"][:, : self._actions]

    def reset(self):
        pass


class StillAdapter(PolicyAdapter):
    name = "still"

    def load(self, request):
        return Still(request)


@hookimpl
def leapp_register_adapters(registry):
    registry.add(StillAdapter())
"""


def leapp(*arguments: str, path: Path = Path(), **variables: str) -> subprocess.CompletedProcess[str]:
    code = WITHOUT.format(path=str(path), arguments=list(arguments))
    return subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "OMP_NUM_THREADS": "1", **variables},
    )


@pytest.fixture
def still(tmp_path: Path) -> Path:
    """Return a folder in which a distribution with an adapter of its own is installed."""
    (tmp_path / "still.py").write_text(PLUGIN)
    facts = tmp_path / "still-0.1.dist-info"
    facts.mkdir()
    (facts / "METADATA").write_text("Metadata-Version: 2.1\nName: still\nVersion: 0.1\n")
    (facts / "entry_points.txt").write_text("[leapp]\nstill = still\n")
    (tmp_path / "model.pt").write_text("nothing")
    return tmp_path


def test_a_policy_of_another_trainer_is_exported_from_a_built_in_task(still: Path) -> None:
    done = leapp(
        "export", "--task", "Builtin-Reach-Arm", "--checkpoint", str(still / "model.pt"), "--adapter", "still",
        "--save_path", str(still / "out"), "--prove-seconds", "0", "--closed_loop_steps", "5",
        path=still, LEAPP_DISABLE_PLUGINS="rsl_rl",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert (still / "out" / "Builtin-Reach-Arm" / "Builtin-Reach-Arm.onnx").is_file()


def test_the_policy_that_comes_with_a_task_names_what_it_needs() -> None:
    done = leapp("export", "--task", "Builtin-Reach-Arm", "--use_pretrained_checkpoint")
    assert done.returncode == 4
    assert "policy adapter 'rsl-rl' needs rsl_rl, tensordict" in done.stderr
    assert 'pip install "leapp-framework[rsl-rl]"' in done.stderr


@pytest.mark.parametrize("blocked", ["rsl_rl", "skrl", "rl_games", "sb3", "builtin", "mjlab", "mujoco", "isaaclab"])
def test_each_plugin_is_blocked_alone(blocked: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from leapp_core.plugins.manager import PluginManager

    def provided(manager: PluginManager) -> set[tuple[str, str]]:
        return {(entry.owner, entry.item.name) for entry in (*manager.adapters, *manager.environments)}

    monkeypatch.delenv("LEAPP_DISABLE_PLUGINS", raising=False)
    everything = provided(PluginManager())
    monkeypatch.setenv("LEAPP_DISABLE_PLUGINS", blocked)
    left = provided(PluginManager())
    assert {owner for owner, _ in everything - left} == {blocked}
    assert left < everything
