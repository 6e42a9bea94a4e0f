"""Runs of rsl_rl with ``torch_compile_mode``: what they save loads, and acts as the model that was compiled."""

from __future__ import annotations

import contextlib
import io
import warnings
from pathlib import Path
from typing import Any

import pytest
import torch
from rsl_rl.runners import OnPolicyRunner
from ruamel.yaml import YAML

from leapp_core.plugins.policies import PolicyRequest
from leapp_rsl_rl.adapter import RslRlAdapter
from leapp_rsl_rl.environments.builtin.catalog import find_task
from leapp_rsl_rl.environments.builtin.training_env import TrainingEnv

MODE = "default"


def run(agent: dict[str, Any], folder: Path, iterations: int) -> tuple[OnPolicyRunner, TrainingEnv]:
    """Begin a run, train for some iterations, and leave its files in a folder as runs do."""
    env = TrainingEnv(find_task("Builtin-Reach-Arm").env_config().for_deployment(), num_envs=4, seed=1)
    torch.manual_seed(0)
    with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # rsl_rl's and the compiler's own
        runner = OnPolicyRunner(env, agent)
        if iterations:
            runner.learn(iterations)
    torch.save({**runner.alg.save(), "iter": iterations, "infos": None}, folder / f"model_{iterations}.pt")
    (folder / "params").mkdir()
    with (folder / "params" / "agent.yaml").open("w", encoding="utf-8") as stream:
        YAML().dump(agent, stream)
    return runner, env


@pytest.mark.parametrize("iterations", [0, pytest.param(1, marks=pytest.mark.slow)])
@pytest.mark.parametrize("network", ["MLP", "GRU"])
def test_a_compiled_run(network: str, iterations: int, tmp_path: Path) -> None:
    agent = find_task("Builtin-Reach-Arm").agent_config()
    agent["torch_compile_mode"] = MODE
    if network == "GRU":
        agent["actor"] |= {"class_name": "RNNModel", "rnn_type": "gru", "rnn_hidden_dim": 16, "rnn_num_layers": 1}
    runner, env = run(agent, tmp_path, iterations)
    assert isinstance(runner.alg.actor, torch._dynamo.OptimizedModule)
    shown = {name: value.clone() for name, value in env.get_observations().items()}
    policy = RslRlAdapter().load(PolicyRequest(tmp_path / f"model_{iterations}.pt", None, shown, env.num_actions))
    model = runner.alg._raw_actor.eval()
    model.reset()
    for _ in range(3):
        with torch.inference_mode():
            expected = model(env.get_observations())
        assert torch.equal(policy.act(shown), expected)
