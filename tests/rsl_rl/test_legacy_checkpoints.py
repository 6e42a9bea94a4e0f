"""Checkpoints and configurations of older rsl-rl-lib versions act exactly like the same policy of today."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from leapp_core.errors import CheckpointError
from leapp_core.plugins.policies import LoadedPolicy, PolicyRequest
from leapp_rsl_rl.adapter import RslRlAdapter
from leapp_rsl_rl.environments.builtin.catalog import BuiltinTask, find_task

MLP, GRU = find_task("Builtin-Reach-Arm"), find_task("Builtin-Balance-Partial")
WIDTH = {MLP.name: (11, 3), GRU.name: (4, 1)}


def load(task: BuiltinTask, path: Path, agent: dict[str, Any] | None) -> LoadedPolicy:
    width, actions = WIDTH[task.name]
    return RslRlAdapter().load(PolicyRequest(path, agent, {"policy": torch.zeros(1, width)}, actions))


def assert_same_actions(task: BuiltinTask, path: Path, agent: dict[str, Any]) -> LoadedPolicy:
    old, new = load(task, path, agent), load(task, task.checkpoint, None)
    generator = torch.Generator().manual_seed(0)
    for _ in range(5):
        observations = {"policy": torch.randn(2, WIDTH[task.name][0], generator=generator)}
        assert torch.equal(old.act(observations), new.act(observations))
    return old


def joint(task: BuiltinTask, path: Path, renames: dict[str, str], **more: Any) -> Path:
    """Write the weights of a shipped policy in the layout of 2.x and 3.x."""
    actor = torch.load(task.checkpoint, weights_only=True)["actor_state_dict"]
    state = {"critic.0.weight": torch.zeros(2, 2), "memory_c.rnn.bias_hh_l0": torch.zeros(2)}
    for key, value in actor.items():
        prefix = next((old for old in renames if key.startswith(old)), None)
        if prefix is not None:
            state[renames[prefix] + key[len(prefix) :]] = value
    torch.save({"model_state_dict": state, "optimizer_state_dict": {}, "iter": 1, "infos": None, **more}, path)
    return path


BASE = {"mlp.": "actor.", "distribution.std_param": "std"}


def test_version_2_keeps_its_normalizer_apart(tmp_path: Path) -> None:
    normalizer = torch.load(MLP.checkpoint, weights_only=True)["actor_state_dict"]
    separate = {k.removeprefix("obs_normalizer."): v for k, v in normalizer.items() if k.startswith("obs_normalizer.")}
    path = joint(MLP, tmp_path / "model_1.pt", BASE, obs_norm_state_dict=separate, privileged_obs_norm_state_dict={})
    agent = {
        "empirical_normalization": True,
        "policy": {
            "class_name": "ActorCritic",
            "init_noise_std": 1.0,
            "actor_hidden_dims": [64, 64],
            "critic_hidden_dims": [64, 64],
            "activation": "elu",
        },
        "algorithm": {"class_name": "PPO"},
    }
    policy = assert_same_actions(MLP, path, agent)
    assert "normalized observations" in policy.summary
    agent["empirical_normalization"] = False
    with pytest.raises(CheckpointError, match="trained with normalized observations"):
        load(MLP, path, agent)


def test_version_3_with_normalizer_inside(tmp_path: Path) -> None:
    renames = {**BASE, "obs_normalizer.": "actor_obs_normalizer."}
    path = joint(MLP, tmp_path / "model_1.pt", renames)
    agent = {
        "obs_groups": {"policy": ["policy"], "critic": ["policy"]},
        "policy": {
            "class_name": "ActorCritic",
            "actor_obs_normalization": True,
            "critic_obs_normalization": True,
            "actor_hidden_dims": [64, 64],
            "activation": "elu",
            "noise_std_type": "scalar",
        },
    }
    assert_same_actions(MLP, path, agent)


def test_version_3_gru(tmp_path: Path) -> None:
    path = joint(GRU, tmp_path / "model_1.pt", {**BASE, "rnn.rnn.": "memory_a.rnn."})
    agent = {
        "policy": {
            "class_name": "ActorCriticRecurrent",
            "actor_hidden_dims": [32],
            "activation": "elu",
            "rnn_type": "gru",
            "rnn_hidden_dim": 32,
            "rnn_num_layers": 1,
        }
    }
    policy = assert_same_actions(GRU, path, agent)
    assert "2.x or 3.x" in policy.summary


def test_version_3_distilled_student(tmp_path: Path) -> None:
    renames = {"mlp.": "student.", "distribution.std_param": "std", "obs_normalizer.": "student_obs_normalizer."}
    path = joint(MLP, tmp_path / "model_1.pt", renames)
    content = torch.load(path, weights_only=True)
    teacher = {"teacher.0.weight": torch.zeros(3), "teacher_obs_normalizer._mean": torch.ones(1)}
    content["model_state_dict"].update(teacher)
    torch.save(content, path)
    agent = {
        "obs_groups": {"policy": ["policy"], "teacher": ["privileged"]},
        "policy": {
            "class_name": "StudentTeacher",
            "student_obs_normalization": True,
            "student_hidden_dims": [64, 64],
            "teacher_hidden_dims": [8],
            "activation": "elu",
        },
    }
    assert_same_actions(MLP, path, agent)


def test_version_4_names_the_noise_differently(tmp_path: Path) -> None:
    content = torch.load(MLP.checkpoint, weights_only=True)
    actor = content["actor_state_dict"]
    actor["std"] = actor.pop("distribution.std_param")
    torch.save(content, tmp_path / "model_1.pt")
    agent = MLP.agent_config()
    del agent["actor"]["distribution_cfg"]
    agent["actor"].update(stochastic=True, init_noise_std=1.0, noise_std_type="scalar", state_dependent_std=False)
    assert_same_actions(MLP, tmp_path / "model_1.pt", agent)


def test_version_5_student(tmp_path: Path) -> None:
    content = torch.load(MLP.checkpoint, weights_only=True)
    content["student_state_dict"] = content.pop("actor_state_dict")
    content["teacher_state_dict"] = content.pop("critic_state_dict")
    torch.save(content, tmp_path / "model_1.pt")
    agent = MLP.agent_config()
    agent["student"], agent["teacher"] = agent.pop("actor"), agent.pop("critic")
    agent["obs_groups"] = {"student": ["policy"], "teacher": ["privileged"]}
    assert_same_actions(MLP, tmp_path / "model_1.pt", agent)
