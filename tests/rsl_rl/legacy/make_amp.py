"""Train the checkpoint of amp-rsl-rl in this folder with the versions of it and of rsl-rl-lib that are importable.

``pip install --target DIR --no-deps amp-rsl-rl scipy`` and ``PYTHONPATH=DIR python make_amp.py``. Its own runner trains
a small network with a discriminator on a made-up motion for a few iterations and saves it; see ``make.py``.
"""

from __future__ import annotations

import copy
import importlib.metadata
import os
import tempfile
from types import SimpleNamespace
from typing import Any

import numpy as np
import torch
from amp_rsl_rl.runners import AMPOnPolicyRunner
from make import ACTIONS, HERE, ITERATIONS, STEPS, World
from ruamel.yaml import YAML
from safetensors.torch import save_file
from tensordict import TensorDict

JOINTS = ["hip", "knee"]
MODEL = {"class_name": "MLPModel", "hidden_dims": [8, 6], "activation": "elu", "obs_normalization": True}
AGENT = {
    **{"num_steps_per_env": 8, "save_interval": 100, "logger": "tensorboard", "seed": 0},
    "obs_groups": {"actor": ["policy"], "critic": ["privileged"], "discriminator": ["amp"]},
    "actor": {**MODEL, "distribution_cfg": {"class_name": "GaussianDistribution", "init_std": 1.0}},
    "critic": MODEL,
    "algorithm": {"class_name": "AMP_PPO", "num_learning_epochs": 1, "num_mini_batches": 1},
    "discriminator": {
        **{"hidden_dims": [8], "reward_scale": 1.0, "loss_type": "BCEWithLogits", "empirical_normalization": True}
    },
    "dataset": {"amp_data_path": ".", "datasets": {"walk": 1.0}, "slow_down_factor": 1, "amp_joint_names": JOINTS},
}


class Moving(World):
    """The points of other checkpoints, with what a discriminator sees."""

    cfg = SimpleNamespace(sim=SimpleNamespace(dt=0.01), decimation=2)  # type: ignore[assignment]

    def __init__(self, num_envs: int = 4) -> None:
        super().__init__(joined=False, num_envs=num_envs)

    def seen(self) -> dict[str, torch.Tensor]:
        return {**super().seen(), "amp": torch.cat([self.state, self.state], -1)}


def motion(frames: int = 60) -> dict[str, Any]:
    """Return a motion in amp-rsl-rl's form."""
    return {
        "joints_list": JOINTS,
        "joint_positions": [np.sin(np.arange(len(JOINTS)) + 0.1 * frame) for frame in range(frames)],
        "root_position": [np.array([0.01 * frame, 0.0, 1.0]) for frame in range(frames)],
        "root_quaternion": [np.array([0.0, 0.0, 0.0, 1.0])] * frames,
        "fps": 50.0,
    }


def main() -> None:
    torch.manual_seed(0)
    folder = HERE / f"{importlib.metadata.version('rsl-rl-lib')}-amp"
    (folder / "params").mkdir(parents=True, exist_ok=True)
    with (folder / "params" / "agent.yaml").open("w") as stream:
        YAML().dump(copy.deepcopy(AGENT), stream)
    with tempfile.TemporaryDirectory() as logs:
        os.chdir(logs)
        np.save("walk.npy", motion(), allow_pickle=True)  # type: ignore[arg-type]
        runner = AMPOnPolicyRunner(Moving(), copy.deepcopy(AGENT), logs, "cpu")
        saved, runner.save = runner.save, lambda *_, **__: None  # its end exports to ONNX, too
        runner.writer, runner.logger_type = SimpleNamespace(add_scalar=lambda *_, **__: None), "tensorboard"
        runner.learn(ITERATIONS)
        saved(str(folder / "model_2.pt"))
    policy, world, said = runner.get_inference_policy("cpu"), Moving(num_envs=2), {}
    with torch.inference_mode():
        for step in range(STEPS):
            seen = world.seen()
            said.update({f"{group}.{step}": value.clone() for group, value in seen.items() if group != "amp"})
            said[f"action.{step}"] = policy(TensorDict(seen, batch_size=[2])).clone()
            assert said[f"action.{step}"].shape == (2, ACTIONS)
            world.step(said[f"action.{step}"])
    save_file(said, folder / "expected.safetensors")


if __name__ == "__main__":
    main()
