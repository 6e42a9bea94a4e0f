"""Runs in Isaac Lab's environment, without a simulator: an adapter's policy acts as the trainer's own does."""

from __future__ import annotations

import importlib.util
import os
import pickle
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

pytest.importorskip("isaaclab_rl")

from leapp_core.errors import CheckpointError, LeappError
from leapp_core.plugins.manager import PluginManager
from leapp_core.plugins.policies import PolicyRequest
from leapp_core.policy_export.adapters import find_adapter
from leapp_rsl_rl.agent_config import read_agent_file
from tests.simulators.trainers.make import make_checkpoint
from tests.simulators.trainers.rows import ROWS, Row

SIZES = (6, 2)
STEPS = 5
FILES = {"sb3": "sb3_ppo_cfg", "rl-games": "rl_games_manager_ppo_cfg", "skrl": "skrl_manager_ppo_cfg"}


def registered(adapter: str) -> dict[str, Any]:
    """Return Isaac Lab's agent of the cartpole task."""
    root = Path(str(importlib.util.find_spec("isaaclab_tasks").origin)).parent
    return read_agent_file(root / "core" / "cartpole" / "agents" / f"{FILES[adapter]}.yaml")


def request(row: Row, checkpoint: Path, **changes: Any) -> PolicyRequest:
    overrides = {}
    if row.algorithm == "PPO_RNN":
        overrides = {"models.policy.class": f"tests.simulators.trainers.skrl_models:{row.network.capitalize()}"}
    arguments = {
        "agent": registered(row.adapter),
        "observations": {"policy": torch.zeros(1, SIZES[0])},
        "num_actions": SIZES[1],
        "agent_changes": overrides,
        **changes,
    }
    return PolicyRequest(checkpoint, **arguments)


def load(row: Row, checkpoint: Path, **changes: Any) -> Any:
    return PluginManager().adapters.get(row.adapter).load(request(row, checkpoint, **changes))


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Return a function that makes a row's checkpoint once."""
    known: dict[str, Path] = {}

    def of(row: Row) -> Path:
        if row.name not in known:
            folder = tmp_path_factory.mktemp("runs") / row.name.replace(" ", "_")
            known[row.name] = make_checkpoint(row, folder, SIZES, registered(row.adapter))
        return known[row.name]

    return of


@pytest.fixture
def copied(made, tmp_path):
    """Return a function that gives a run of a row's own that may be damaged."""

    def of(row: Row) -> Path:
        checkpoint = made(row)
        run = checkpoint.parent if row.adapter == "sb3" else checkpoint.parent.parent
        shutil.copytree(run, tmp_path / "run")
        return tmp_path / "run" / checkpoint.relative_to(run)

    return of


def row_of(name: str) -> Row:
    return next(row for row in ROWS if row.name == name)


def theirs(row: Row, checkpoint: Path) -> Any:
    """Return the trainer's own way to act: a function of an observation."""
    return {"sb3": of_sb3, "rl-games": of_rl_games, "skrl": of_skrl}[row.adapter](row, checkpoint)


def of_sb3(row: Row, checkpoint: Path) -> Any:
    import sb3_contrib
    import stable_baselines3
    from stable_baselines3.common.vec_env import DummyVecEnv, VecNormalize

    from tests.simulators.trainers.make import Toy

    algorithm = getattr(stable_baselines3, row.algorithm, None) or getattr(sb3_contrib, row.algorithm)
    model = algorithm.load(checkpoint, device="cpu")
    normalize = None
    if row.normalized:
        normalize = VecNormalize.load(
            str(checkpoint.with_name("model_vecnormalize.pkl")), DummyVecEnv([lambda: Toy(*SIZES)])
        )
    state = None

    def act(seen: torch.Tensor) -> torch.Tensor:
        nonlocal state
        given = seen.numpy() if normalize is None else normalize.normalize_obs(seen.numpy())
        action, state = model.predict(given, state, np.array([state is None]), deterministic=True)
        return torch.from_numpy(action)

    return act


def of_rl_games(row: Row, checkpoint: Path) -> Any:
    from rl_games.algos_torch import players

    from tests.simulators.trainers.make import Toy

    params = read_agent_file(checkpoint.parent.parent / "params" / "agent.yaml")["params"]
    limit = params["env"]["clip_actions"]
    toy = Toy(*SIZES, limit)
    params["config"]["env_info"] = {"observation_space": toy.observation_space, "action_space": toy.action_space}
    player = getattr(players, "SACPlayer" if row.algorithm == "SAC" else "PpoPlayerContinuous")(params)
    if row.algorithm == "SAC":
        content = torch.load(checkpoint, weights_only=False)
        player.model.sac_network.actor.load_state_dict(content["actor"])
    else:
        player.restore(str(checkpoint))
    player.has_batch_dimension = True
    player.reset()
    clip = params["env"]["clip_observations"]
    return lambda seen: player.get_action(seen.clamp(-clip, clip), True).clamp(-limit, limit).clone()


def of_skrl(row: Row, checkpoint: Path) -> Any:
    from types import SimpleNamespace

    from skrl.agents.torch.ppo import PPO_RNN
    from skrl.resources.preprocessors.torch import RunningStandardScaler
    from skrl.utils.runner.torch import Runner

    from tests.simulators.trainers import skrl_models
    from tests.simulators.trainers.make import Toy

    toy = Toy(*SIZES, float("inf"))
    spaces = {"observation_space": toy.observation_space, "action_space": toy.action_space}
    agent = read_agent_file(checkpoint.parent.parent / "params" / "agent.yaml")
    if row.network == "MLP":
        env = SimpleNamespace(device=torch.device("cpu"), num_envs=1, state_space=None, num_agents=1, **spaces)
        runner = Runner.__new__(Runner)
        runner._verbose = False
        agent = runner._check_cfg_compatibility(agent)
        made = runner._generate_agent(env, agent, runner._generate_models(env, agent))
    else:
        models = {"policy": getattr(skrl_models, row.network.capitalize())(state_space=None, device="cpu", **spaces)}
        models["value"] = skrl_models.Value(device="cpu", **spaces)
        cfg: dict[str, Any] = {"experiment": {"write_interval": 0, "checkpoint_interval": 0}}
        if row.normalized:
            cfg["observation_preprocessor"] = RunningStandardScaler
            cfg["observation_preprocessor_kwargs"] = {"size": toy.observation_space, "device": "cpu"}
        made = PPO_RNN(models=models, device="cpu", cfg=cfg, **spaces)
    made.memory = None
    made.init()
    made.load(str(checkpoint))
    made.enable_training_mode(False, apply_to_models=True)

    def act(seen: torch.Tensor) -> torch.Tensor:
        with torch.no_grad():
            action, outputs = made.act(seen, None, timestep=1, timesteps=10)
        if "rnn" in outputs:
            made._rnn_initial_states["policy"] = outputs["rnn"]
        return outputs.get("mean_actions", action)

    return act


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_a_policy_acts_as_its_trainer_s_own_does(made, row):
    checkpoint = made(row)
    policy, own = load(row, checkpoint), theirs(row, checkpoint)
    generator = torch.Generator().manual_seed(3)
    policy.reset()
    actions = []
    for _ in range(STEPS):
        seen = torch.randn(1, SIZES[0], generator=generator)
        actions.append(policy.act({"policy": seen}))
        torch.testing.assert_close(actions[-1], own(seen), rtol=1e-5, atol=1e-6)
    assert torch.stack(actions).std(0).max() > 1e-3
    assert ("normalized observations" in policy.summary) == row.normalized
    if row.network != "MLP":
        policy.reset()
        assert not torch.equal(policy.act({"policy": seen}), actions[-1])  # memory is what made the difference


class RunsCode:
    """Unpickling this creates a folder, which shows that code ran."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> Any:
        return os.mkdir, (str(self.marker),)


def replaced(checkpoint: Path, key: str, value: bytes) -> None:
    """Put other bytes for an entry of an archive's data."""
    import base64
    import json
    import zipfile

    with zipfile.ZipFile(checkpoint) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    data = json.loads(files["data"])
    data[key] = {":type:": "x", ":serialized:": base64.b64encode(value).decode()}
    files["data"] = json.dumps(data).encode()
    with zipfile.ZipFile(checkpoint, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)


@pytest.mark.parametrize("key", ["policy_class", "observation_space", "action_space", "policy_kwargs"])
def test_code_in_an_sb3_checkpoint_is_refused_by_name(copied, tmp_path, key):
    row, marker = row_of("sb3 PPO MLP"), tmp_path / "it_ran"
    checkpoint = copied(row)
    replaced(checkpoint, key, pickle.dumps(RunsCode(marker)))
    with pytest.raises(CheckpointError, match=rf"checkpoint's {key} uses posix\.mkdir, .*nothing of it was run"):
        load(row, checkpoint)
    assert not marker.exists()


def test_entries_that_the_policy_does_not_need_are_not_read(copied, tmp_path):
    """Schedules and callbacks are functions, which pickles hold as code."""
    row, marker = row_of("sb3 PPO MLP"), tmp_path / "it_ran"
    checkpoint = copied(row)
    replaced(checkpoint, "lr_schedule", pickle.dumps(RunsCode(marker)))
    load(row, checkpoint)
    assert not marker.exists()


def test_code_in_a_normalizer_file_is_refused_by_name(copied, tmp_path):
    row, marker = row_of("sb3 PPO MLP normalized"), tmp_path / "it_ran"
    checkpoint = copied(row)
    checkpoint.with_name("model_vecnormalize.pkl").write_bytes(pickle.dumps({"obs_rms": RunsCode(marker)}))
    with pytest.raises(CheckpointError, match=r"normalizer file uses posix\.mkdir, .*nothing of it was run"):
        load(row, checkpoint)
    assert not marker.exists()


@pytest.mark.parametrize("prefix", ["module.", "_orig_mod.", "module._orig_mod.", "_orig_mod.module."])
@pytest.mark.parametrize("name", ["rl-games PPO MLP normalized", "rl-games SAC MLP", "skrl PPO MLP normalized"])
def test_prefixes_of_wrappers_change_nothing(copied, name, prefix):
    """Neither which adapter knows the file, nor what the policy does."""
    row = row_of(name)
    checkpoint = copied(row)
    seen = {"policy": torch.randn(1, SIZES[0], generator=torch.Generator().manual_seed(3))}
    expected = load(row, checkpoint).act(seen)
    content = torch.load(checkpoint, weights_only=False)
    for part in ("model", "actor", "policy", "running_mean_std", "observation_preprocessor"):
        if isinstance(content.get(part), dict):
            content[part] = {f"{prefix}{key}": value for key, value in content[part].items()}
    torch.save(content, checkpoint)
    assert find_adapter(checkpoint, None, PluginManager()).name == row.adapter
    assert torch.equal(load(row, checkpoint).act(seen), expected)


@pytest.mark.parametrize("name", ["rl-games PPO MLP", "skrl PPO MLP"])
def test_code_in_a_file_of_weights_is_refused_by_name(copied, tmp_path, name):
    row, marker = row_of(name), tmp_path / "it_ran"
    checkpoint = copied(row)
    content = torch.load(checkpoint, weights_only=False)
    torch.save({**content, "note": RunsCode(marker)}, checkpoint)
    with pytest.raises(CheckpointError, match=r"checkpoint uses posix\.mkdir, .*nothing of it was run"):
        load(row, checkpoint)
    assert not marker.exists()


def edit_agent(checkpoint: Path, old: str, new: str) -> None:
    path = checkpoint.parent.parent / "params" / "agent.yaml"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ("input: OBSERVATIONS", "input: __import__('os').mkdir('it_ran')", r"network\.input"),
        ("input: OBSERVATIONS", "input: OBSERVATIONS.numpy()", r"network\.input"),
        ("output: ACTIONS", "output: exec('1')", "output"),
        ("name: net", "name: 'net = 1; import os'", r"network\.name"),
        ("activations: elu", "activations: 'elu()'", r"network\.activations"),
        ("initial_log_std: 0.0", "initial_log_std: 'exec(1)'", "initial_log_std"),
    ],
)
def test_a_skrl_configuration_that_would_run_as_python_is_refused(copied, old, new, key):
    """skrl writes expressions of its configuration into a program and runs it."""
    row = row_of("skrl PPO MLP")
    checkpoint = copied(row)
    edit_agent(checkpoint, old, new)
    with pytest.raises(CheckpointError, match=rf"configuration's {key} is .*which skrl would run as Python"):
        load(row, checkpoint)


def test_a_class_that_only_the_file_beside_the_checkpoint_names_is_not_imported(made):
    row = row_of("skrl PPO_RNN GRU")
    with pytest.raises(
        CheckpointError, match=r"names the class .*:Gru, which would run its code(.*\n)+.*agent\.models"
    ):
        load(row, made(row), agent_changes={})


def test_a_normalizer_that_is_not_there_is_missed(copied):
    row = row_of("sb3 PPO MLP normalized")
    checkpoint = copied(row)
    checkpoint.with_name("model_vecnormalize.pkl").unlink()
    with pytest.raises(CheckpointError, match=r"normalizer is not there(.*\n)+.*model_vecnormalize\.pkl beside"):
        load(row, checkpoint)


def test_weights_of_a_normalizer_that_are_not_there_are_missed(copied):
    row = row_of("rl-games PPO MLP normalized")
    checkpoint = copied(row)
    content = torch.load(checkpoint, weights_only=False)
    content["model"] = {key: value for key, value in content["model"].items() if "running_mean_std" not in key}
    torch.save(content, checkpoint)
    with pytest.raises(CheckpointError, match=r"running_mean_std\.running_mean \(6,\) is missing"):
        load(row, checkpoint)


def test_a_skrl_normalizer_and_its_configuration_belong_together(copied):
    row = row_of("skrl PPO MLP normalized")
    checkpoint = copied(row)
    content = torch.load(checkpoint, weights_only=False)
    torch.save({key: value for key, value in content.items() if key != "observation_preprocessor"}, checkpoint)
    with pytest.raises(CheckpointError, match="normalizes observations and the checkpoint has no normalizer"):
        load(row, checkpoint)
    torch.save(content, checkpoint)
    edit_agent(checkpoint, "observation_preprocessor: RunningStandardScaler", "observation_preprocessor: null")
    with pytest.raises(CheckpointError, match="trained with normalized observations, the agent configuration has no"):
        load(row, checkpoint)


@pytest.mark.parametrize("row", [row_of(f"{name} PPO MLP") for name in FILES], ids=lambda row: row.adapter)
@pytest.mark.parametrize("change", [{"observations": {"policy": torch.zeros(1, 9)}}, {"num_actions": 5}])
def test_a_checkpoint_of_another_task_is_refused(made, row, change):
    with pytest.raises(CheckpointError, match=r"9|5|\(2,\)") as caught:
        load(row, made(row), **change)
    assert caught.value.expected


@pytest.mark.parametrize("row", [row_of(f"{name} PPO MLP") for name in FILES], ids=lambda row: row.adapter)
@pytest.mark.parametrize("kept", [0, 100, 0.5])
def test_truncated_checkpoints_are_said_to_be(copied, row, kept):
    checkpoint = copied(row)
    whole = checkpoint.read_bytes()
    checkpoint.write_bytes(whole[: kept if isinstance(kept, int) else int(len(whole) * kept)])
    with pytest.raises(CheckpointError, match=r"damaged"):
        load(row, checkpoint)


@pytest.mark.parametrize("other", list(FILES))
@pytest.mark.parametrize("row", [row_of(f"{name} PPO MLP") for name in FILES], ids=lambda row: row.adapter)
def test_a_checkpoint_of_another_trainer_is_refused(made, row, other):
    if other == row.adapter:
        return
    with pytest.raises(LeappError, match=r"no checkpoint of|damaged"):
        PluginManager().adapters.get(other).load(request(row, made(row), agent=registered(other)))


@pytest.mark.parametrize("alias", ["rl_games", "stable-baselines3", "rsl_rl"])
def test_isaac_lab_s_names_of_libraries_are_known(alias):
    assert alias in PluginManager().adapters
