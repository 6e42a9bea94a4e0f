"""The shipped policies: good at their tasks, and computed exactly as rsl_rl computes them."""

from __future__ import annotations

import contextlib
import io
import json
import warnings
from pathlib import Path

import pytest
import torch
from rsl_rl.models import MLPModel
from rsl_rl.runners import OnPolicyRunner

from leapp_core.plugins.policies import LoadedPolicy, PolicyRequest
from leapp_rsl_rl.adapter import RslRlAdapter
from leapp_rsl_rl.agent_config import read_agent_file
from leapp_rsl_rl.environments.builtin.catalog import BUILTIN_TASKS, BuiltinTask
from leapp_rsl_rl.environments.builtin.rollout import first_episodes
from leapp_rsl_rl.environments.builtin.training_env import TrainingEnv

ALL_TASKS = pytest.mark.parametrize("task", BUILTIN_TASKS, ids=[task.name for task in BUILTIN_TASKS])


def make_env(task: BuiltinTask, num_envs: int = 32, seed: int = 11) -> TrainingEnv:
    return TrainingEnv(task.env_config().for_deployment(), num_envs, seed)


def load(task: BuiltinTask, env: TrainingEnv) -> LoadedPolicy:
    return RslRlAdapter().load(PolicyRequest(task.checkpoint, None, dict(env.get_observations()), env.num_actions))


def make_runner(task: BuiltinTask, env: TrainingEnv) -> OnPolicyRunner:
    with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # rsl_rl's own
        return OnPolicyRunner(env, task.agent_config())


@ALL_TASKS
def test_trained_policy_beats_an_untrained_one(task: BuiltinTask) -> None:
    env = make_env(task)
    torch.manual_seed(0)
    untrained: MLPModel = make_runner(task, env).get_inference_policy()
    before = first_episodes(env, untrained, on_done=untrained.reset)
    after = first_episodes(make_env(task), load(task, env).act)
    assert after.episode_return > 1.8 * max(before.episode_return, 1.0)
    assert after.episode_length == env.max_episode_length
    recorded = json.loads((task.assets / "score.json").read_text())
    assert after.episode_return == pytest.approx(recorded["trained_return"], rel=0.15)


@ALL_TASKS
def test_actions_are_bit_for_bit_those_of_rsl_rl(task: BuiltinTask) -> None:
    env = make_env(task, num_envs=3)
    policy = load(task, env)
    runner = make_runner(task, env)
    runner.load(str(task.checkpoint), load_cfg={"actor": True, "critic": True})
    reference: MLPModel = runner.get_inference_policy()
    reference.reset()
    with torch.inference_mode():
        observations = env.reset()
        for _ in range(40):
            action = policy.act(observations)
            assert torch.equal(action, reference(observations))
            observations = env.step(action)[0]


@ALL_TASKS
def test_reset_forgets_everything(task: BuiltinTask) -> None:
    env = make_env(task, num_envs=1)
    policy = load(task, env)
    observations = env.reset()
    first = policy.act(observations)
    for _ in range(3):
        policy.act(env.step(first)[0])
    policy.reset()
    assert torch.equal(policy.act(observations), first)


@ALL_TASKS
def test_shipped_files_are_small_and_complete(task: BuiltinTask) -> None:
    assert task.checkpoint.stat().st_size < 200_000
    content = torch.load(task.checkpoint, weights_only=True)
    assert set(content) == {"actor_state_dict", "critic_state_dict", "iter", "infos"}
    for name in ("params/agent.yaml", "progress.csv", "progress.png", "score.json"):
        assert (task.assets / name).is_file(), name


def test_summaries_say_what_the_policies_are() -> None:
    summaries = [load(task, make_env(task, num_envs=1)).summary for task in BUILTIN_TASKS]
    for summary, word in zip(summaries, ("MLP 11-64-64-3", "GRU 1x32", "MLPModel", "LSTM 1x48"), strict=True):
        assert word in summary


@ALL_TASKS
def test_shipped_configuration_is_the_one_in_the_code(task: BuiltinTask) -> None:
    assert read_agent_file(task.assets / "params" / "agent.yaml") == task.agent_config()


def test_documented_figures_are_the_recorded_ones() -> None:
    page = (Path(__file__).parents[2] / "docs" / "reference" / "built-in-tasks.md").read_text(encoding="utf-8")
    for task in BUILTIN_TASKS:
        score = json.loads((task.assets / "score.json").read_text())
        assert f"| `{task.name}` | {score['trained_return']:.1f} | {score['untrained_return']:.1f} |" in page
