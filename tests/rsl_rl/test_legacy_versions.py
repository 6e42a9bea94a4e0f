"""Checkpoints written by older rsl-rl-lib versions act as those very versions computed (see ``legacy/make.py``)."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from leapp_core.errors import CheckpointError
from leapp_core.plugins.policies import LoadedPolicy, PolicyRequest
from leapp_rsl_rl.adapter import RslRlAdapter

LEGACY = Path(__file__).parent / "legacy"
FOLDERS = sorted(path.parent for path in LEGACY.glob("*/model_2.pt"))
GROUPS = ("policy", "privileged", "camera")
KINDS = {"mlp", "mlp-plain", "gru", "lstm", "student"}


def load(folder: Path, agent: dict[str, Any] | None = None) -> LoadedPolicy:
    expected = load_file(LEGACY / "5.0.1-mlp" / "expected.safetensors")
    observations = {group: expected[f"{group}.0"] for group in GROUPS}
    return RslRlAdapter().load(PolicyRequest(folder / "model_2.pt", agent, observations, num_actions=None))


@pytest.fixture
def copied(tmp_path: Path):
    """Return a function that copies a checkpoint and its configuration, with some text of the latter replaced."""

    def copy(name: str, *changes: tuple[str, str]) -> Path:
        folder = Path(shutil.copytree(LEGACY / name, tmp_path / name))
        path = folder / "params" / "agent.yaml"
        text = path.read_text()
        for old, new in changes:
            assert old in text
            text = text.replace(old, new)
        path.write_text(text)
        return folder

    return copy


@pytest.mark.parametrize("version", ["2.3.3", "3.3.0", "4.0.1", "5.0.1"])
def test_every_version_and_kind_is_there(version: str) -> None:
    kinds = {folder.name.removeprefix(f"{version}-") for folder in FOLDERS if folder.name.startswith(version)}
    assert kinds >= (KINDS if version < "3" else KINDS | {"cnn"})


def test_amp_rsl_rl_s_own_is_among_them() -> None:
    content = torch.load(LEGACY / "5.5.1-amp" / "model_2.pt", weights_only=True)
    assert content["discriminator_state_dict"], "as amp-rsl-rl's runner saves it (see legacy/make_amp.py)"


@pytest.mark.parametrize("folder", FOLDERS, ids=[folder.name for folder in FOLDERS])
def test_actions_of_an_older_version(folder: Path) -> None:
    content = torch.load(folder / "model_2.pt", weights_only=True)
    assert content["iter"] == 2, "as its own runner saves it after three iterations"
    assert content["optimizer_state_dict"]["state"]
    expected = load_file(folder / "expected.safetensors")
    steps = [{group: expected[f"{group}.{step}"] for group in GROUPS} for step in range(4)]
    policy = RslRlAdapter().load(PolicyRequest(folder / "model_2.pt", None, steps[0], num_actions=None))
    assert ("normalized" in policy.summary) == (not folder.name.endswith("-plain") and folder.name != "2.3.3-gru")
    for step, observations in enumerate(steps):
        torch.testing.assert_close(policy.act(observations), expected[f"action.{step}"], rtol=0, atol=1e-6)


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("2.3.3-mlp", "empirical_normalization: true", "empirical_normalization: false"),
        ("2.3.3-mlp", "empirical_normalization: true", "run_name2: x"),
        ("2.3.3-student", "empirical_normalization: true", "run_name2: x"),
        ("2.3.3-gru-normalized", "empirical_normalization: true", "empirical_normalization: false"),
        ("3.3.0-cnn", "actor_obs_normalization: true", "actor_obs_normalization: false"),
        ("5.0.1-cnn", "obs_normalization: true", "obs_normalization: false"),
    ],
)
def test_a_normalizer_is_never_left_out(copied, name: str, old: str, new: str) -> None:
    with pytest.raises(CheckpointError, match="was trained with normalized observations"):
        load(copied(name, (old, new)))


@pytest.mark.parametrize("name", ["2.3.3-mlp-plain", "3.3.0-mlp-plain", "4.0.1-mlp-plain", "5.0.1-mlp-plain"])
def test_a_normalizer_is_never_made_up(copied, name: str) -> None:
    old = "empirical_normalization: false" if name < "3" else "obs_normalization: false"
    with pytest.raises(CheckpointError, match="lacks the normalizer of observations"):
        load(copied(name, (old, old.replace("false", "true"))))


@pytest.mark.parametrize("name", ["2.3.3-gru", "3.3.0-gru", "4.0.1-gru", "5.0.1-gru"])
def test_a_gru_is_never_taken_for_an_lstm(copied, name: str) -> None:
    with pytest.raises(CheckpointError, match=r"holds GRU with 7 units, the configuration says LSTM with 7"):
        load(copied(name, ("rnn_type: gru", "rnn_type: lstm")))


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("2.3.3-gru", "rnn_hidden_size: 7", "rnn_hidden_size: 7\n  rnn_hidden_dim: 256"),
        ("2.3.3-gru", "rnn_hidden_size: 7", "rnn_hidden_size: 256\n  rnn_hidden_dim: 7"),
        ("3.3.0-gru", "rnn_hidden_dim: 7", "rnn_hidden_dim: 7\n  rnn_hidden_size: 9"),
    ],
)
def test_either_name_of_the_number_of_units(copied, name: str, old: str, new: str) -> None:
    assert "GRU 1x7" in load(copied(name, (old, new))).summary


def test_heads_that_look_alike_are_told_apart_by_the_configuration(copied) -> None:
    """A Beta and a heteroscedastic head have the same weights; without a configuration nothing is guessed."""
    folder = copied("5.5.1-mlp-beta")
    shutil.rmtree(folder / "params")
    with pytest.raises(CheckpointError, match=r"nothing says how the policy was built(.*\n)*.*params/agent\.yaml"):
        load(folder)


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("3.3.0-mlp-plain", "noise_std_type: log", "noise_std_type: log\n  state_dependent_std: true"),
        ("4.0.1-mlp-plain", "noise_std_type: scalar", "noise_std_type: scalar\n  state_dependent_std: true"),
        ("5.0.1-mlp-plain", "class_name: GaussianDistribution", "class_name: HeteroscedasticGaussianDistribution"),
    ],
)
def test_half_the_actions_are_never_taken_for_a_spread(copied, name: str, old: str, new: str) -> None:
    """rsl-rl-lib before 3.1 ignores ``state_dependent_std`` and says so in its output only."""
    with pytest.raises(CheckpointError, match=r"holds the spread of actions as a parameter of 2 values") as told:
        load(copied(name, (old, new)))
    assert "'state_dependent_std: false'" in str(told.value.fix)
    assert "'class_name: GaussianDistribution'" in str(told.value.fix)


@pytest.mark.parametrize("name", ["5.0.1-student", "2.3.3-student"])
def test_a_student_needs_the_configuration_of_its_distillation(copied, name: str) -> None:
    """Tasks register the configuration of their reinforcement learning only."""
    folder = copied(name)
    shutil.rmtree(folder / "params")
    with pytest.raises(CheckpointError, match=r"holds a distilled student(.*\n)+.*copy the params folder"):
        load(folder, {"actor": {"class_name": "MLPModel"}, "obs_groups": {"actor": ["policy"]}})


def test_the_wrong_task_is_suspected_before_its_normalizer(copied) -> None:
    folder = copied(
        "5.0.1-mlp", ("obs_normalization: true", "obs_normalization: false"), ("  - privileged\n  critic", "  critic")
    )
    with pytest.raises(
        CheckpointError, match=r"was trained on 8 observations and the task gives 5: is it the right task"
    ):
        load(folder)
