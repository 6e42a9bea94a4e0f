"""Train the policies of the built-in tasks with rsl_rl's own runner, and keep what is shipped.

``python -m leapp_rsl_rl.environments.builtin.train --task Builtin-Reach-Arm --output DIR`` takes a few minutes on
one core. ``DIR`` then holds ``model_N.pt`` (without the optimizer's state), ``params/agent.yaml``, the learning
curve ``progress.csv`` and ``progress.png``, and ``score.json``: the policy against an untrained one.
"""

from __future__ import annotations

import argparse
import contextlib
import copy
import io
import json
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from rsl_rl.runners import OnPolicyRunner
from ruamel.yaml import YAML

from leapp_core.plugins.requirements import require
from leapp_rsl_rl.environments.builtin.catalog import BUILTIN_TASKS, BuiltinTask
from leapp_rsl_rl.environments.builtin.curves import draw_curve
from leapp_rsl_rl.environments.builtin.rollout import RolloutScore, first_episodes
from leapp_rsl_rl.environments.builtin.training_env import TrainingEnv

_LOG_WRITER = "leapp_rsl_rl.environments.builtin.curves:CsvLogWriter"
_EVALUATION_ENVS = 128
_EVALUATION_SEED = 1234
_DROPPED_STATE = ("optimizer_state_dict",)


def train(task: BuiltinTask, output: Path, num_envs: int, iterations: int | None) -> dict[str, Any]:
    """Train one task and write its files.

    Args:
        task: What to train.
        output: Folder to write to; created if missing.
        num_envs: Environments to step together.
        iterations: Iterations, or None for as many as the task's configuration says.

    Returns:
        The content of ``score.json``.
    """
    agent = task.agent_config()
    agent["max_iterations"] = agent["save_interval"] = iterations or agent["max_iterations"]
    torch.manual_seed(agent["seed"])
    env = TrainingEnv(task.env_config(), num_envs, seed=agent["seed"])
    with tempfile.TemporaryDirectory() as log_dir:
        runner_config = {**copy.deepcopy(agent), "logger": {"class_name": _LOG_WRITER}}
        with contextlib.redirect_stdout(io.StringIO()):
            runner = OnPolicyRunner(env, runner_config, log_dir=log_dir)
        untrained = score(task, runner)
        with contextlib.redirect_stdout(io.StringIO()):
            runner.learn(agent["max_iterations"], init_at_random_ep_len=True)
        trained = score(task, runner)
        figures = _figures(untrained, trained)
        _keep(Path(log_dir), runner, task, agent, output, figures)
    return figures


def score(task: BuiltinTask, runner: OnPolicyRunner) -> RolloutScore:
    """Run the deterministic policy of ``runner`` in fresh environments without noise and disturbances."""
    env = TrainingEnv(task.env_config().for_deployment(), _EVALUATION_ENVS, seed=_EVALUATION_SEED)
    policy = runner.get_inference_policy()
    hidden = policy.get_hidden_state()
    policy.reset()
    result = first_episodes(env, policy, on_done=policy.reset)
    policy.reset(hidden_state=hidden)
    return result


def _figures(untrained: RolloutScore, trained: RolloutScore) -> dict[str, Any]:
    return {
        "trained_return": round(trained.episode_return, 3),
        "untrained_return": round(untrained.episode_return, 3),
        "trained_episode_length": round(trained.episode_length, 1),
        "untrained_episode_length": round(untrained.episode_length, 1),
    }


def _keep(
    log_dir: Path,
    runner: OnPolicyRunner,
    task: BuiltinTask,
    agent: dict[str, Any],
    output: Path,
    figures: dict[str, Any],
) -> None:
    """Copy from the runner's log what is worth shipping."""
    (output / "params").mkdir(parents=True, exist_ok=True)
    name = f"model_{runner.current_learning_iteration}.pt"
    checkpoint = torch.load(log_dir / name, weights_only=True)
    torch.save({key: value for key, value in checkpoint.items() if key not in _DROPPED_STATE}, output / name)
    yaml = YAML()
    with (output / "params" / "agent.yaml").open("w", encoding="utf-8") as stream:
        yaml.dump(agent, stream)
    shutil.copyfile(log_dir / "progress.csv", output / "progress.csv")
    draw_curve(output / "progress.csv", output / "progress.png", task.name)
    (output / "score.json").write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")


def main(report: Callable[[str], None] = print) -> None:
    """Read the command line and train what it asks for."""
    parser = argparse.ArgumentParser(description="train the built-in tasks")
    parser.add_argument("--task", choices=[task.name for task in BUILTIN_TASKS], help="default: all of them")
    parser.add_argument("--output", type=Path, required=True, help="folder to write to, one subfolder for each task")
    parser.add_argument("--num-envs", type=int, default=512)
    parser.add_argument("--iterations", type=int, default=None)
    parser.add_argument("--threads", type=int, default=1)
    arguments = parser.parse_args()
    require("training the built-in tasks", ("matplotlib",), "train")
    torch.set_num_threads(arguments.threads)
    for task in BUILTIN_TASKS:
        if arguments.task in (None, task.name):
            figures = train(task, arguments.output / task.name, arguments.num_envs, arguments.iterations)
            report(f"{task.name}: {json.dumps(figures)}")


if __name__ == "__main__":
    main()
