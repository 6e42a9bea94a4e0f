"""What users hear about checkpoints that cannot be used, and that none of them ever runs code."""

from __future__ import annotations

import copy
import json
import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from leapp_core.errors import CheckpointError
from leapp_core.plugins.policies import PolicyRequest
from leapp_rsl_rl.adapter import RslRlAdapter
from leapp_rsl_rl.environments.builtin.catalog import find_task

TASK = find_task("Builtin-Balance-Partial")
OBSERVATIONS = {"policy": torch.zeros(1, 4), "critic": torch.zeros(1, 6)}
Edit = Callable[[dict[str, Any]], None]


def load(checkpoint: Path, agent: dict[str, Any] | None = None, **changes: Any) -> None:
    arguments = {"observations": OBSERVATIONS, "num_actions": 1, **changes}
    RslRlAdapter().load(PolicyRequest(checkpoint, TASK.agent_config() if agent is None else agent, **arguments))


@pytest.fixture
def edited(tmp_path: Path) -> Callable[[Edit], Path]:
    """Save the shipped GRU checkpoint with something changed."""

    def edit(change: Edit) -> Path:
        content = torch.load(TASK.checkpoint, weights_only=True)
        change(content)
        path = tmp_path / "model_1.pt"
        torch.save(content, path)
        return path

    return edit


class RunsCode:
    """Unpickling this creates a file, which shows that code ran."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> tuple[Any, ...]:
        return (os.mkdir, (str(self.marker),))


def test_missing_file_lists_what_is_there(tmp_path: Path) -> None:
    shutil.copy(TASK.checkpoint, tmp_path / "model_7.pt")
    with pytest.raises(CheckpointError, match=r"there is no such checkpoint\n(.*\n)+.*has model_7\.pt"):
        load(tmp_path / "model_8.pt")


def test_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"folder .*nowhere does not exist"):
        load(tmp_path / "nowhere" / "model_8.pt")


def test_folder_instead_of_a_file(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"the checkpoint is a folder, not a file(.*\n)+.*has no \.pt file"):
        load(tmp_path)


@pytest.mark.parametrize("kept", [0, 10, 1000, 0.5, 0.99])
def test_truncated_file(tmp_path: Path, kept: float) -> None:
    whole = TASK.checkpoint.read_bytes()
    path = tmp_path / "model_1.pt"
    path.write_bytes(whole[: kept if isinstance(kept, int) else int(len(whole) * kept)])
    with pytest.raises(CheckpointError, match=r"truncated, damaged or not a PyTorch file \(\d+ bytes\)"):
        load(path)


def test_other_file(tmp_path: Path) -> None:
    path = tmp_path / "model_1.pt"
    path.write_text("epoch,reward\n1,2\n")
    with pytest.raises(CheckpointError, match="not a PyTorch file"):
        load(path)


@pytest.mark.parametrize("legacy_format", [False, True])
def test_pickle_that_would_run_code(tmp_path: Path, legacy_format: bool) -> None:
    path, marker = tmp_path / "model_1.pt", tmp_path / "it_ran"
    content = {"actor_state_dict": {}, "infos": RunsCode(marker)}
    torch.save(content, path, _use_new_zipfile_serialization=not legacy_format)
    with pytest.raises(CheckpointError, match=r"uses (posix|nt)\.mkdir, which .* could run code when loaded"):
        load(path)
    assert not marker.exists()


def test_numpy_numbers_in_a_checkpoint_are_numbers(edited: Callable[[Edit], Path]) -> None:
    load(edited(lambda content: content.update({"infos": {"best": np.float64(1.5), "seen": np.zeros((2, 3))}})))


def test_something_else_than_a_checkpoint(tmp_path: Path) -> None:
    path = tmp_path / "model_1.pt"
    torch.save([torch.zeros(2)], path)
    with pytest.raises(CheckpointError, match="the file holds a list, not a checkpoint"):
        load(path)
    torch.save({"weights": torch.zeros(2), "epoch": 3}, path)
    with pytest.raises(CheckpointError, match="not an rsl_rl checkpoint; it holds 'weights', 'epoch'"):
        load(path)
    torch.save({"actor_state_dict": {"mlp.0.weight": 3}}, path)
    with pytest.raises(CheckpointError, match=r"has a int under 'mlp\.0\.weight'"):
        load(path)


def test_missing_weight_is_named(edited: Callable[[Edit], Path]) -> None:
    path = edited(lambda content: content["actor_state_dict"].pop("mlp.2.bias"))
    with pytest.raises(CheckpointError, match=r"mlp\.2\.bias \(1,\) is missing"):
        load(path)


def test_wrong_shape_says_expected_and_found(edited: Callable[[Edit], Path]) -> None:
    path = edited(lambda content: content["actor_state_dict"].update({"mlp.0.bias": torch.zeros(31)}))
    with pytest.raises(CheckpointError, match=r"mlp\.0\.bias has shape \(31,\) where \(32,\) is expected"):
        load(path)


def test_surplus_weight_is_named(edited: Callable[[Edit], Path]) -> None:
    path = edited(lambda content: content["actor_state_dict"].update({"mlp.9.bias": torch.zeros(3)}))
    with pytest.raises(CheckpointError, match=r"mlp\.9\.bias \(3,\) has no place"):
        load(path)


def agent_with(**actor: Any) -> dict[str, Any]:
    agent = copy.deepcopy(TASK.agent_config())
    agent["actor"].update(actor)
    return agent


def test_size_of_the_action_is_found_in_the_weights() -> None:
    policy = RslRlAdapter().load(PolicyRequest(TASK.checkpoint, None, OBSERVATIONS, num_actions=None))
    assert policy.act(OBSERVATIONS).shape == (1, 1)


@pytest.fixture
def alone(tmp_path: Path) -> Path:
    """The shipped checkpoint without its agent configuration beside it."""
    return Path(shutil.copy(TASK.checkpoint, tmp_path / "model_1.pt"))


def test_gru_taken_for_lstm(alone: Path) -> None:
    with pytest.raises(CheckpointError, match=r"holds GRU with 32 units, the configuration says LSTM with 32"):
        load(alone, agent_with(rnn_type="lstm"))


def test_recurrent_policy_taken_for_a_perceptron(alone: Path) -> None:
    agent = agent_with(class_name="MLPModel")
    for key in ("rnn_type", "rnn_hidden_dim", "rnn_num_layers"):
        del agent["actor"][key]
    with pytest.raises(CheckpointError, match=r"holds GRU with 32 units, the configuration says none"):
        load(alone, agent)


def test_normalizer_configured_but_not_trained(alone: Path) -> None:
    # Advice to leave the normalizer out would give a bundle that validates and acts wrongly.
    with pytest.raises(CheckpointError, match=r"lacks the normalizer .* obs_normalizer\._mean \(1, 4\)") as raised:
        load(alone, agent_with(obs_normalization=True))
    assert "false" not in str(raised.value)


def test_normalizer_trained_but_not_configured(tmp_path: Path) -> None:
    task = find_task("Builtin-Reach-Arm")
    path = Path(shutil.copy(task.checkpoint, tmp_path / "model_1.pt"))
    agent = task.agent_config()
    agent["actor"]["obs_normalization"] = False
    with pytest.raises(CheckpointError, match="trained with normalized observations"):
        load(path, agent, observations={"policy": torch.zeros(1, 11)}, num_actions=3)


def test_other_task_is_suspected_from_the_width(alone: Path) -> None:
    with pytest.raises(CheckpointError, match="trained on 4 observations and the task gives 11"):
        load(alone, observations={"policy": torch.zeros(1, 11)})


def test_unknown_observation_group(alone: Path) -> None:
    agent = agent_with()
    agent["obs_groups"]["actor"] = ["polcy"]
    with pytest.raises(CheckpointError, match=r"group 'polcy', which(.*\n)+.*did you mean 'policy'"):
        load(alone, agent)


def test_unknown_model_class(alone: Path) -> None:
    with pytest.raises(CheckpointError, match=r"model class 'RNModel', which cannot be found"):
        load(alone, agent_with(class_name="RNModel"))


def test_unknown_setting(alone: Path) -> None:
    with pytest.raises(CheckpointError, match=r"no setting 'hidden_dim'\n(.*\n)*.*did you mean 'hidden_dims'"):
        load(alone, agent_with(hidden_dim=[32]))


def test_unknown_activation(alone: Path) -> None:
    with pytest.raises(CheckpointError, match=r"RNNModel cannot be built .* Invalid activation function 'swosh'"):
        load(alone, agent_with(activation="swosh"))


def test_no_configuration_at_all(alone: Path) -> None:
    request = PolicyRequest(alone, None, OBSERVATIONS, 1)
    with pytest.raises(CheckpointError, match=r"nothing says how the policy was built"):
        RslRlAdapter().load(request)


def test_settings_of_a_recurrent_network_that_are_not_set(tmp_path: Path) -> None:
    """mjlab's training script saves them for every model."""
    task = find_task("Builtin-Reach-Arm")
    path = Path(shutil.copy(task.checkpoint, tmp_path / "model_1.pt"))
    agent = task.agent_config()
    agent["actor"].update(cnn_cfg=None, rnn_type=None, rnn_hidden_dim=256, rnn_num_layers=1)
    load(path, agent, observations={"policy": torch.zeros(1, 11)}, num_actions=3)


def test_the_limit_of_actions_is_that_of_the_run(alone: Path) -> None:
    agent = {**TASK.agent_config(), "clip_actions": 1.5}
    request = PolicyRequest(alone, agent, OBSERVATIONS, 1)
    assert RslRlAdapter().load(request).clip_actions == 1.5
    shutil.copytree(TASK.assets / "params", alone.parent / "params")
    assert RslRlAdapter().load(request).clip_actions is None


def test_configuration_beside_the_checkpoint_wins(alone: Path) -> None:
    shutil.copytree(TASK.assets / "params", alone.parent / "params")
    load(alone, agent_with(rnn_type="lstm"))


def test_what_the_user_sets_wins_over_the_configuration_beside_the_checkpoint(alone: Path) -> None:
    (alone.parent / "params").mkdir()
    saved = {**TASK.agent_config(), "clip_actions": 1.5}
    (alone.parent / "params" / "agent.yaml").write_text(json.dumps(saved), encoding="utf-8")
    changes = {"clip_actions": 0.5, "actor.activation": "relu", "obs_groups.actor": ["critic"]}
    request = PolicyRequest(alone, None, {**OBSERVATIONS, "critic": torch.zeros(1, 4)}, 1, agent_changes=changes)
    policy = RslRlAdapter().load(request)
    assert (policy.clip_actions, policy.obs_groups) == (0.5, ("critic",))
    assert "ReLU" in repr(policy.model)
    with pytest.raises(CheckpointError, match=r"the checkpoint holds GRU .*, the configuration says LSTM"):
        RslRlAdapter().load(replace(request, agent_changes={"actor.rnn_type": "lstm"}))


def test_what_the_user_sets_wins_over_a_configuration_of_former_versions(alone: Path) -> None:
    """Whose only section for models is ``policy``."""
    (alone.parent / "params").mkdir()
    actor = TASK.agent_config()["actor"]
    policy = {f"actor_{key}": actor[key] for key in ("hidden_dims", "obs_normalization")}
    policy |= {key: actor[key] for key in ("rnn_type", "rnn_hidden_dim", "rnn_num_layers")}
    policy |= {"class_name": "ActorCriticRecurrent", "activation": "elu"}
    (alone.parent / "params" / "agent.yaml").write_text(json.dumps({"policy": policy}), encoding="utf-8")
    request = PolicyRequest(alone, None, OBSERVATIONS, 1)
    assert "ELU" in repr(RslRlAdapter().load(request).model)
    changed = RslRlAdapter().load(replace(request, agent_changes={"actor.activation": "tanh"}))
    assert "Tanh" in repr(changed.model)


@pytest.mark.parametrize("limit", ["wide", 0, -1.0, True])
def test_a_limit_of_actions_that_is_none(alone: Path, limit: object) -> None:
    request = PolicyRequest(alone, {**TASK.agent_config(), "clip_actions": limit}, OBSERVATIONS, 1)
    with pytest.raises(CheckpointError, match=r"has clip_actions: .*(.*\n)+.*a positive number"):
        RslRlAdapter().load(request)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: [1", r"agent configuration cannot be read: .*expected.*\(line 1\)"),
        ("a: 1\nb: 2\na: 3\n", r'agent configuration cannot be read: found duplicate key "a".*\(line 3\)'),
        ("- 1\n", "agent configuration is a list"),
    ],
)
def test_damaged_configuration(alone: Path, text: str, message: str) -> None:
    (alone.parent / "params").mkdir()
    (alone.parent / "params" / "agent.yaml").write_text(text)
    with pytest.raises(CheckpointError, match=message):
        load(alone)


def test_configuration_with_python_tags_is_read_as_plain_values(alone: Path) -> None:
    """Isaac Lab writes tuples with Python tags; objects are never made from them."""
    shutil.copytree(TASK.assets / "params", alone.parent / "params")
    path = alone.parent / "params" / "agent.yaml"
    text = path.read_text().replace("hidden_dims:\n  - 32\n", "hidden_dims: !!python/tuple\n  - 32\n", 1)
    path.write_text(text + "extra: !!python/object/apply:os.getcwd []\n")
    assert "python/tuple" in path.read_text()
    load(alone)
