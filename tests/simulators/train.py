"""Distil the recurrent checkpoints in ``data``: ``python -m tests.simulators.train`` in mjlab's environment (minutes).

An untrained recurrent policy lets the pole fall and swing, where physics makes much of every rounding. These balance
it: rsl_rl's own runner trains them to do what the trained perceptron does, and saves them with their configuration.
"""

from __future__ import annotations

import contextlib
import copy
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tests.simulators.cases import CASES, CHECKPOINT, Case
from tests.simulators.venvs import ROOT

ENVIRONMENTS = 64
ITERATIONS = 120
_ALGORITHM = {"class_name": "Distillation", "num_learning_epochs": 2, "gradient_length": 8, "learning_rate": 3e-3}
_STUDENT = {"class_name": "RNNModel", "rnn_type": "gru", "rnn_hidden_dim": 32, "rnn_num_layers": 1}
_NOISE = {"class_name": "GaussianDistribution", "init_std": 0.1, "std_type": "scalar"}


def train(case: Case, iterations: int, environments: int) -> None:
    """Train a case's actor and keep it, as a run's folder, where the case looks for it."""
    import mjlab.tasks  # noqa: F401 - importing registers the tasks
    from mjlab.envs import ManagerBasedRlEnv
    from mjlab.rl import RslRlVecEnvWrapper
    from mjlab.tasks.registry import load_env_cfg, load_rl_cfg
    from rsl_rl.runners import DistillationRunner
    from ruamel.yaml import YAML

    from leapp_rsl_rl.environments.mjlab.overrides import apply_overrides

    cfg, registered = load_env_cfg(case.task), load_rl_cfg(case.task)
    cfg.observations = copy.deepcopy(cfg.observations)
    cfg.observations["teacher"] = copy.deepcopy(cfg.observations.pop("critic"))  # sees what is neither old nor noisy
    apply_overrides(case.overrides, cfg, registered)
    cfg.scene.num_envs, cfg.seed, cfg.episode_length_s = environments, 1, 10.0
    agent = agent_config(asdict(registered))
    path = ROOT / str(case.checkpoint)
    (path.parent / "params").mkdir(parents=True, exist_ok=True)
    YAML(typ="safe").dump(agent, path.parent / "params" / "agent.yaml")
    with contextlib.redirect_stdout(sys.stderr):
        environment = RslRlVecEnvWrapper(ManagerBasedRlEnv(cfg=cfg, device="cpu"))
        runner = DistillationRunner(environment, agent, None, "cpu")
        runner.load(str(ROOT / CHECKPOINT))
        began = time.perf_counter()
        runner.learn(iterations)
        runner.save(str(path))
    slim(path)
    sys.stdout.write(f"{case.checkpoint}: {iterations} iterations in {time.perf_counter() - began:.0f} s\n")
    environment.close()


def agent_config(registered: dict[str, Any]) -> dict[str, Any]:
    """Return the configuration of the distillation, from the task's own of the teacher."""
    teacher = {key: value for key, value in registered["actor"].items() if value is not None and key[:3] != "rnn"}
    student = {**_STUDENT, **{key: teacher[key] for key in ("activation", "obs_normalization")}, "hidden_dims": [32]}
    student["distribution_cfg"] = dict(_NOISE)
    return {
        **{"num_steps_per_env": 24, "save_interval": 1000, "logger": "tensorboard", "seed": 1, "run_name": ""},
        **{"obs_groups": {"student": ["actor"], "teacher": ["teacher"]}, "algorithm": dict(_ALGORITHM)},
        **{"student": student, "teacher": {**teacher, "hidden_dims": list(teacher["hidden_dims"])}},
    }


def slim(path: Path) -> None:
    """Drop what only further training needs."""
    import torch

    content = torch.load(path, map_location="cpu", weights_only=True)
    for part in ("optimizer_state_dict", "teacher_state_dict"):
        content.pop(part)
    torch.save(content, path)


if __name__ == "__main__":
    for wanted in CASES:
        if wanted.checkpoint and wanted.checkpoint.endswith("model.pt"):
            train(wanted, ITERATIONS, ENVIRONMENTS)
