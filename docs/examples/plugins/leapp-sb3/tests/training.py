"""Policies trained for seconds: enough that weights and statistics are nobody's initial ones.

Each way of training has a task, an algorithm, and what lies between them.

Usage: python training.py NAME FOLDER    # train one, such as PPO-Pendulum-v1, and print where its checkpoint is
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import gymnasium
import stable_baselines3
import torch
from stable_baselines3.common.vec_env import DummyVecEnv, VecNormalize

SMALL = {"net_arch": [16, 16]}
ON_POLICY = {"n_steps": 64, "batch_size": 64, "n_epochs": 2}
OFF_POLICY = {"learning_starts": 50, "batch_size": 32, "buffer_size": 500}


@dataclass(frozen=True)
class Way:
    """A way of training.

    Attributes:
        algorithm: Name of the class, of SB3 or sb3-contrib.
        task: Task of gymnasium.
        policy: What SB3 calls the kind of network.
        covers: What it is there for.
        options: Options of the algorithm.
        arguments: ``policy_kwargs``.
        normalized: ``VecNormalize`` is around the task; the keys of a dictionary, or ``True``.
    """

    algorithm: str
    task: str
    policy: str = "MlpPolicy"
    covers: str = ""
    options: dict[str, Any] = field(default_factory=dict)
    arguments: dict[str, Any] = field(default_factory=lambda: dict(SMALL))
    normalized: bool | tuple[str, ...] = False

    @property
    def name(self) -> str:
        return f"{self.algorithm}-{self.task}"


WAYS = (
    Way("PPO", "CartPole-v1", covers="discrete action", options=ON_POLICY),
    Way("PPO", "Pendulum-v1", covers="clipped action, VecNormalize", options=ON_POLICY, normalized=True),
    Way(
        "PPO",
        "Rover-v0",
        "MultiInputPolicy",
        covers="dictionary with image and discrete parts, multi-discrete action, VecNormalize of one part",
        options=ON_POLICY,
        arguments={"net_arch": [16], "features_extractor_kwargs": {"cnn_output_dim": 8}},
        normalized=("wheels",),
    ),
    Way("SAC", "Pendulum-v1", covers="squashed and rescaled action", options=OFF_POLICY),
    Way(
        "TD3",
        "InvertedPendulum-v5",
        covers="MuJoCo, float64 observation, VecNormalize",
        options=OFF_POLICY,
        normalized=True,
    ),
    Way("DQN", "Acrobot-v1", covers="discrete action by values", options=OFF_POLICY),
    Way(
        "RecurrentPPO",
        "Reacher-v5",
        "MlpLstmPolicy",
        covers="LSTM, MuJoCo, VecNormalize",
        options=ON_POLICY,
        arguments={**SMALL, "lstm_hidden_size": 16},
        normalized=True,
    ),
    Way(
        "RecurrentPPO",
        "CartPole-v1",
        "MlpLstmPolicy",
        covers="LSTM of two layers, discrete action",
        options=ON_POLICY,
        arguments={**SMALL, "lstm_hidden_size": 16, "n_lstm_layers": 2},
    ),
)


def algorithm(name: str) -> Any:
    """Return an algorithm's class."""
    if hasattr(stable_baselines3, name):
        return getattr(stable_baselines3, name)
    import sb3_contrib

    return getattr(sb3_contrib, name)


def train(way: Way, folder: Path, steps: int = 128) -> Path:
    """Train, and save as SB3's callbacks do; returns the checkpoint."""
    torch.manual_seed(0)
    task: Any = DummyVecEnv([lambda: gymnasium.make(way.task)])
    task.seed(0)
    if way.normalized:
        keys = list(way.normalized) if isinstance(way.normalized, tuple) else None
        task = VecNormalize(task, norm_obs_keys=keys, clip_obs=3.0)
    options = {**way.options, "policy_kwargs": way.arguments, "seed": 0, "device": "cpu"}
    model = algorithm(way.algorithm)(way.policy, task, **options)
    model.learn(steps)
    checkpoint = folder / f"rl_model_{steps}_steps.zip"
    model.save(checkpoint)
    if way.normalized:
        task.save(folder / f"rl_model_vecnormalize_{steps}_steps.pkl")
    task.close()
    return checkpoint


if __name__ == "__main__":
    (chosen,) = [way for way in WAYS if way.name == sys.argv[1]]
    sys.stdout.write(f"{train(chosen, Path(sys.argv[2]))}\n")
