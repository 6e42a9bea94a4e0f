"""Make checkpoints as the trainers save them, with drawn weights and statistics, for a task's sizes."""

from __future__ import annotations

import contextlib
import copy
import json
import math
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import gymnasium
import numpy as np
import torch
from ruamel.yaml import YAML

from leapp_rsl_rl.agent_config import with_changes
from tests.simulators.trainers.rows import Row

SEED = 11


class Toy(gymnasium.Env):
    """An environment of a task's sizes; trainers want one before they make an agent."""

    def __init__(self, observations: int, actions: int, limit: float = 1.0) -> None:
        self.observation_space = gymnasium.spaces.Box(-math.inf, math.inf, (observations,), np.float32)
        self.action_space = gymnasium.spaces.Box(-limit, limit, (actions,), np.float32)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        return self.np_random.normal(0.3, 2.0, self.observation_space.shape).astype(np.float32), {}

    def step(self, action):
        return self.reset()[0], 0.0, False, False, {}


def make_checkpoint(row: Row, folder: Path, sizes: tuple[int, int], agent: Mapping[str, Any]) -> Path:
    """Write a row's checkpoint, in the folders of a run with ``params/agent.yaml``.

    Args:
        row: What to make.
        folder: The run's folder.
        sizes: Numbers of observations and of actions.
        agent: The task's agent configuration.
    """
    torch.manual_seed(SEED)
    np.random.seed(SEED)
    maker = {"sb3": _sb3, "rl-games": _rl_games, "skrl": _skrl}[row.adapter]
    folder.mkdir(parents=True)
    settings = copy.deepcopy(with_changes(dict(agent), row.settings))
    path, written = maker(row, folder, sizes, settings)
    (folder / "params").mkdir()
    YAML(typ="safe").dump(json.loads(json.dumps(written)), folder / "params" / "agent.yaml")
    return path


def _sb3(row: Row, folder: Path, sizes: tuple[int, int], agent: dict[str, Any]) -> tuple[Path, dict[str, Any]]:
    import sb3_contrib
    import stable_baselines3
    from stable_baselines3.common.vec_env import DummyVecEnv, VecNormalize

    env: Any = DummyVecEnv([lambda: Toy(*sizes)])
    if row.normalized:
        env = VecNormalize(env, clip_obs=3.0, norm_reward=False)
        env.reset()
        for _ in range(50):
            env.step(np.zeros((1, sizes[1]), np.float32))
    algorithm = getattr(stable_baselines3, row.algorithm, None) or getattr(sb3_contrib, row.algorithm)
    recurrent = row.network == "LSTM"
    kwargs: dict[str, Any] = {"activation_fn": torch.nn.ELU, "net_arch": [32, 32]}
    if recurrent:
        kwargs |= {"lstm_hidden_size": 16}
    model = algorithm("MlpLstmPolicy" if recurrent else "MlpPolicy", env, device="cpu", seed=SEED, policy_kwargs=kwargs)
    for parameter in model.policy.parameters():
        torch.nn.init.normal_(parameter, std=0.2)
    model.save(folder / "model")
    if row.normalized:
        env.save(str(folder / "model_vecnormalize.pkl"))
    return folder / "model.zip", {**agent, "normalize_input": row.normalized}


def _rl_games(row: Row, folder: Path, sizes: tuple[int, int], agent: dict[str, Any]) -> tuple[Path, dict[str, Any]]:
    from rl_games.common import env_configurations, vecenv
    from rl_games.torch_runner import Runner

    params = agent["params"]
    config = params["config"]
    config |= {"normalize_input": row.normalized, "device": "cpu", "device_name": "cpu", "train_dir": str(folder)}
    config |= {"full_experiment_name": "made", "num_actors": 1, "horizon_length": 16, "minibatch_size": 16}
    config |= {"env_name": "toy", "seq_length": 4}
    if row.algorithm == "SAC":
        _of_sac(params)
    limit = params["env"]["clip_actions"]
    toy = Toy(*sizes, limit)
    info = {"observation_space": toy.observation_space, "action_space": toy.action_space, "agents": 1}
    env = SimpleNamespace(get_env_info=lambda: info, get_number_of_agents=lambda: 1, get_env_state=lambda: None)
    vecenv.register("TOY", lambda *_, **__: env)
    env_configurations.register("toy", {"vecenv_type": "TOY", "env_creator": lambda **_: env})
    runner = Runner()
    runner.load(copy.deepcopy(agent))
    with contextlib.chdir(folder) if hasattr(contextlib, "chdir") else contextlib.nullcontext():
        made = runner.algo_factory.create(runner.algo_name, base_name="run", params=runner.params)
    for parameter in made.model.parameters():
        torch.nn.init.normal_(parameter, std=0.2)
    if row.normalized:
        statistics = made.model.running_mean_std
        statistics.running_mean.uniform_(-0.5, 0.5)
        statistics.running_var.uniform_(0.5, 2.0)
    made.last_mean_rewards = np.float32(1.5)  # training leaves NumPy's numbers there
    (folder / "nn").mkdir()
    made.save(str(folder / "nn" / config["name"]))
    return folder / "nn" / f"{config['name']}.pth", agent


def _of_sac(params: dict[str, Any]) -> None:
    """Turn a configuration of PPO into one of SAC."""
    params["algo"], params["model"] = {"name": "sac"}, {"name": "soft_actor_critic"}
    params["network"] = {
        "name": "soft_actor_critic",
        "separate": True,
        "space": {"continuous": None},
        "mlp": {"units": [32, 32], "activation": "relu", "initializer": {"name": "default"}},
        "log_std_bounds": [-5, 2],
    }
    params["config"] |= {
        **{"num_seed_steps": 5, "batch_size": 16, "actor_lr": 1e-3, "critic_lr": 1e-3, "alpha_lr": 1e-3, "gamma": 0.99},
        **{"init_alpha": 1, "learnable_temperature": True, "critic_tau": 0.005, "replay_buffer_size": 64},
        **{"num_steps_per_episode": 8, "max_env_steps": 100, "num_warmup_steps": 1},
    }


def _skrl(row: Row, folder: Path, sizes: tuple[int, int], agent: dict[str, Any]) -> tuple[Path, dict[str, Any]]:
    from skrl.agents.torch.ppo import PPO_RNN
    from skrl.utils.runner.torch import Runner

    from tests.simulators.trainers import skrl_models

    toy = Toy(*sizes, math.inf)
    spaces = {"observation_space": toy.observation_space, "action_space": toy.action_space}
    settings = agent["agent"]
    settings.pop("state_preprocessor", None)
    settings.pop("state_preprocessor_kwargs", None)
    settings["observation_preprocessor"] = "RunningStandardScaler" if row.normalized else None
    settings["observation_preprocessor_kwargs"] = None
    settings["experiment"] = {"directory": str(folder), "experiment_name": "made"}
    settings["experiment"] |= {"write_interval": 0, "checkpoint_interval": 0}
    if row.network != "MLP":
        kind = row.network.capitalize()
        models = {"policy": getattr(skrl_models, kind)(state_space=None, device="cpu", **spaces)}
        models["value"] = skrl_models.Value(device="cpu", **spaces)
        cfg: dict[str, Any] = {"experiment": settings["experiment"]}
        if row.normalized:
            from skrl.resources.preprocessors.torch import RunningStandardScaler

            cfg["observation_preprocessor"] = RunningStandardScaler
            cfg["observation_preprocessor_kwargs"] = {"size": toy.observation_space, "device": "cpu"}
        made: Any = PPO_RNN(models=models, device="cpu", cfg=cfg, **spaces)
        agent["models"] = {"separate": True, "policy": {"class": f"tests.simulators.trainers.skrl_models:{kind}"}}
    else:
        _of_algorithm(row, agent)
        env = SimpleNamespace(device=torch.device("cpu"), num_envs=1, state_space=None, num_agents=1, **spaces)
        runner = Runner.__new__(Runner)
        runner._verbose = False
        cfg = runner._check_cfg_compatibility(copy.deepcopy(agent))
        made = runner._generate_agent(env, copy.deepcopy(cfg), runner._generate_models(env, copy.deepcopy(cfg)))
    for parameter in made.models["policy"].parameters():
        torch.nn.init.normal_(parameter, std=0.2)
    if row.normalized:
        scaler = made._observation_preprocessor
        scaler.running_mean.uniform_(-0.5, 0.5)
        scaler.running_variance.uniform_(0.5, 2.0)
    (folder / "checkpoints").mkdir()
    made.save(str(folder / "checkpoints" / "agent_100.pt"))
    return folder / "checkpoints" / "agent_100.pt", agent


def _of_algorithm(row: Row, agent: dict[str, Any]) -> None:
    """Turn a configuration of PPO into one of another algorithm."""
    if row.algorithm == "PPO":
        return
    kept = ("rollouts", "observation_preprocessor", "observation_preprocessor_kwargs", "experiment")
    agent["agent"] = {"class": row.algorithm, **{key: agent["agent"][key] for key in kept}}
    if row.algorithm == "SAC":
        del agent["agent"]["rollouts"]
        agent["memory"]["memory_size"] = 16
        network = [
            {"name": "net", "input": "concatenate([OBSERVATIONS, ACTIONS])", "layers": [32], "activations": "elu"}
        ]
        critic = {"class": "DeterministicMixin", "network": network, "output": "ONE"}
        policy = agent["models"]["policy"]
        policy["output"] = "tanh(ACTIONS)"
        roles = ("critic_1", "critic_2", "target_critic_1", "target_critic_2")
        agent["models"] = {"separate": True, "policy": policy, **{role: copy.deepcopy(critic) for role in roles}}
