"""The file tells which adapter reads a checkpoint; environments and adapters can be left out one by one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, ClassVar

import pytest
import torch

from leapp_core import hookimpl
from leapp_core.checkpoints.peek import peek
from leapp_core.errors import CheckpointError, UsageError
from leapp_core.plugins.manager import PluginManager
from leapp_core.plugins.policies import LoadedPolicy, PolicyAdapter, PolicyRequest, Recognition
from leapp_core.policy_export.adapters import candidates, find_adapter
from leapp_rsl_rl.environments.builtin.catalog import BUILTIN_TASKS, find_task
from tests.checkpoints.variants import archive, torchscript
from tests.cli.invoke import leapp

CHECKPOINT = find_task("Builtin-Reach-Arm").checkpoint


class Sure(PolicyAdapter):
    name: ClassVar[str] = "sure"

    def __init__(self, certainty: float | None) -> None:
        self.certainty = certainty

    def recognizes(self, checkpoint: Path) -> Recognition | None:
        if self.certainty is None:
            raise RuntimeError("a file it does not understand")
        return Recognition(self.certainty, "it looks like it")

    def load(self, request: PolicyRequest) -> LoadedPolicy:
        raise AssertionError("not asked to")


def plugins(certainty: float | None) -> PluginManager:
    class Plugin:
        @hookimpl
        def leapp_register_adapters(self, registry: Any) -> None:
            registry.add(Sure(certainty))

    made = PluginManager()
    made.register(Plugin(), "sure")
    return made


@pytest.mark.parametrize("task", BUILTIN_TASKS, ids=lambda task: task.name)
def test_checkpoints_of_rsl_rl_are_known(task: Any) -> None:
    assert find_adapter(task.checkpoint, None, PluginManager()).name == "rsl-rl"


@pytest.mark.parametrize("prefix", ["", "module.", "_orig_mod.", "module._orig_mod.", "_orig_mod.module."])
@pytest.mark.parametrize("network", ["a2c_network", "sac_network"])
def test_checkpoints_of_rl_games_are_known_with_any_prefix(network: str, prefix: str, tmp_path: Path) -> None:
    path = tmp_path / "last_cartpole.pth"
    torch.save({"model": {f"{prefix}{network}.actor_mlp.0.weight": torch.zeros(2, 2)}, "epoch": 3}, path)
    (found,) = candidates(path, PluginManager())
    assert found.adapter.name == "rl-games"


@pytest.mark.parametrize("folder", sorted((Path(__file__).parents[1] / "rsl_rl" / "legacy").glob("*/model_2.pt")))
def test_checkpoints_of_older_versions_are_known(folder: Path) -> None:
    assert find_adapter(folder, None, PluginManager()).name == "rsl-rl"


def test_the_file_format_before_pytorch_1_6_is_known(tmp_path: Path) -> None:
    torch.save(torch.load(CHECKPOINT, weights_only=True), tmp_path / "x", _use_new_zipfile_serialization=False)
    assert peek(tmp_path / "x").kind == "torch"
    assert find_adapter(tmp_path / "x", None, PluginManager()).name == "rsl-rl"


@pytest.mark.parametrize(("certainty", "chosen"), [(1.0, "sure"), (0.2, "rsl-rl"), (0.0, "rsl-rl"), (None, "rsl-rl")])
def test_the_surest_reads_the_file(certainty: float | None, chosen: str) -> None:
    assert find_adapter(CHECKPOINT, None, plugins(certainty)).name == chosen


def test_two_that_are_equally_sure_are_named() -> None:
    with pytest.raises(
        UsageError, match=r"several policy adapters know .*rsl-rl \(90% sure: .*sure \(90% sure.*"
    ) as told:
        find_adapter(CHECKPOINT, None, plugins(0.9))
    assert told.value.fix == "say which trainer wrote it with --adapter NAME"
    assert find_adapter(CHECKPOINT, "sure", plugins(0.9)).name == "sure"
    assert find_adapter(CHECKPOINT, "rsl_rl", plugins(0.9)).name == "rsl-rl"


@pytest.mark.parametrize(
    ("write", "said"),
    [
        (torchscript, "it is a TorchScript program"),
        (lambda path: torch.save({"weights": torch.zeros(1)}, path), r"it is a file of torch\.save"),
        (lambda path: path.write_bytes(b"nothing"), r"neither an archive nor a pickle, or damaged \(7 bytes\)"),
    ],
)
def test_what_nobody_knows_is_described(write: Any, said: str, tmp_path: Path) -> None:
    write(tmp_path / "policy.pt")
    with pytest.raises(CheckpointError, match=rf"no policy adapter knows the checkpoint; .*{said}"):
        find_adapter(tmp_path / "policy.pt", None, PluginManager())


def test_half_a_checkpoint_is_called_damaged(tmp_path: Path) -> None:
    (tmp_path / "policy.pt").write_bytes(CHECKPOINT.read_bytes()[:999])
    with pytest.raises(CheckpointError, match=r"damaged: it begins as an archive and has no end \(999 bytes\)"):
        find_adapter(tmp_path / "policy.pt", None, PluginManager())


def test_an_archive_is_described_by_what_it_holds(tmp_path: Path) -> None:
    archive(tmp_path / "policy.zip")
    assert peek(tmp_path / "policy.zip").members == ("data", "policy.pth")


@pytest.mark.parametrize("name", ["builtin", "mjlab", "isaaclab", "rsl_rl"])
def test_each_is_blocked_alone(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEAPP_DISABLE_PLUGINS", name)
    environments = {e["name"] for e in json.loads(leapp("envs", "list", "--json").out)["environments"]}
    adapters = {e["name"] for e in json.loads(leapp("adapters", "list", "--json").out)["adapters"]}
    assert environments == {"builtin", "mjlab", "isaaclab", "mujoco"} - {name}
    assert ("rsl-rl" in adapters) == (name != "rsl_rl")
