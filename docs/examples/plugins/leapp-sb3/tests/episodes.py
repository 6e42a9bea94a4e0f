"""Closed-loop episodes: SB3's own ``predict``, and the exported bundle, on the same task from the same seeds."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
import rover  # noqa: F401 - registers its task
from gymnasium import spaces
from stable_baselines3.common.vec_env import DummyVecEnv, VecNormalize
from training import Way, algorithm

from leapp_core.runtime.loading import load

STEPS = 200
SEEDS = (0, 1)


@dataclass(frozen=True)
class Compared:
    """How far a bundle and SB3 come apart.

    Attributes:
        way: How the policy was trained.
        steps: Control steps of all episodes.
        action: Largest difference of an action.
        observation: Largest difference of an observation.
        reward: Difference of the sum of rewards.
    """

    way: Way
    steps: int
    action: float
    observation: float
    reward: float


class Predict:
    """SB3 as its documentation says: load the model and the normalizer, and call ``predict``."""

    def __init__(self, way: Way, checkpoint: Path) -> None:
        self._model = algorithm(way.algorithm).load(checkpoint, device="cpu")
        self._normalizer = None
        if way.normalized:
            path = checkpoint.with_name(checkpoint.name.replace("model_", "model_vecnormalize_")).with_suffix(".pkl")
            self._normalizer = VecNormalize.load(str(path), DummyVecEnv([lambda: gymnasium.make(way.task)]))
            self._normalizer.training = False
        self.reset()

    def reset(self) -> None:
        self._state, self._start = None, np.ones(1, bool)

    def __call__(self, seen: Any) -> Any:
        batch = {k: np.array(v)[None] for k, v in seen.items()} if isinstance(seen, dict) else np.array(seen)[None]
        if self._normalizer is not None:
            batch = self._normalizer.normalize_obs(batch)
        action, self._state = self._model.predict(batch, self._state, self._start, deterministic=True)
        self._start = np.zeros(1, bool)
        return action[0]


class Bundle:
    """The exported bundle as a robot runs it."""

    def __init__(self, way: Way, bundle: Path) -> None:
        self._runtime = load(bundle)
        self._space = gymnasium.make(way.task).action_space

    def reset(self) -> None:
        self._runtime.reset()

    def __call__(self, seen: Any) -> Any:
        values = seen if isinstance(seen, dict) else {"observation": seen}
        ports = self._runtime.inputs
        given = {name: np.array(values[name], port.dtype).reshape(port.shape) for name, port in ports.items()}
        action = self._runtime.step(given)["action"].reshape(self._space.shape)
        return int(action) if isinstance(self._space, spaces.Discrete) else action


def episode(way: Way, policy: Any, seed: int) -> tuple[np.ndarray, np.ndarray, float]:
    """Return actions and observations of an episode, and its sum of rewards."""
    task = gymnasium.make(way.task)
    seen, _ = task.reset(seed=seed)
    policy.reset()
    actions, observations, total = [], [], 0.0
    for _ in range(STEPS):
        action = policy(seen)
        seen, reward, terminated, truncated, _ = task.step(action)
        actions.append(np.ravel(action).astype(float))
        observations.append(spaces.flatten(task.observation_space, seen).astype(float))
        total += float(reward)
        if terminated or truncated:
            break
    task.close()
    return np.array(actions), np.array(observations), total


def compare(way: Way, checkpoint: Path, bundle: Path) -> Compared:
    """Run both for some episodes; one that ends earlier than the other differs without bound."""
    ours, theirs = Bundle(way, bundle), Predict(way, checkpoint)
    steps, worst = 0, np.zeros(3)
    for seed in SEEDS:
        one, other = episode(way, ours, seed), episode(way, theirs, seed)
        if len(one[0]) != len(other[0]):
            return Compared(way, len(one[0]), np.inf, np.inf, np.inf)
        steps += len(one[0])
        worst = np.maximum(
            worst, [*(np.abs(a - b).max() for a, b in zip(one[:2], other[:2], strict=True)), abs(one[2] - other[2])]
        )
    return Compared(way, steps, *map(float, worst))


def exported(way: Way, checkpoint: Path, folder: Path) -> tuple[Path, dict[str, Any]]:
    """Export as a user does; returns the bundle and the report."""
    line = ["-m", "leapp_core.cli", "export", "--env", "gymnasium", "--task", way.task, "--checkpoint", str(checkpoint)]
    own = ["--import", "rover"] if way.task == "Rover-v0" else []
    # Neither the picture nor what is compared below by hand.
    quick = ["--disable_graph_visualization", "--closed_loop_steps", "0", "--prove-seconds", "0"]
    quick += ["--save_path", str(folder), "--json"]
    here = Path(__file__).parent
    done = subprocess.run([sys.executable, *line, *own, *quick], capture_output=True, text=True, check=False, cwd=here)
    assert done.returncode == 0, done.stderr
    return folder / way.task, json.loads(done.stdout)
