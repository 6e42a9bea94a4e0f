"""Runs in mjlab's environment: the configuration that its training script saves beside checkpoints is understood."""

from __future__ import annotations

import json
import shutil
from contextlib import closing
from dataclasses import asdict
from pathlib import Path

import pytest

pytest.importorskip("mjlab")

import mjlab.tasks  # noqa: F401 - importing registers the tasks
from mjlab.tasks.registry import list_tasks, load_rl_cfg
from mjlab.utils.os import dump_yaml

from leapp_core.errors import EnvError
from leapp_core.plugins.environments import EnvRequest
from leapp_core.plugins.policies import PolicyRequest
from leapp_rsl_rl.adapter import RslRlAdapter
from leapp_rsl_rl.agent_config import read_agent_file
from leapp_rsl_rl.compat import actor_config
from leapp_rsl_rl.environments.mjlab.config import plain_agent
from leapp_rsl_rl.environments.mjlab.provider import MjlabProvider
from tests.simulators.cases import CHECKPOINT
from tests.simulators.venvs import ROOT

CARTPOLE = "Mjlab-Cartpole-Balance"


@pytest.mark.parametrize("task", sorted(list_tasks()))
def test_what_training_saves_says_the_same_as_the_registry(task, tmp_path):
    """mjlab's file has the settings of recurrent networks for every model, and Python's tuples."""
    dump_yaml(tmp_path / "agent.yaml", asdict(load_rl_cfg(task)))
    saved, registered = read_agent_file(tmp_path / "agent.yaml"), plain_agent(load_rl_cfg(task))
    groups = dict.fromkeys(registered["obs_groups"]["actor"])
    ours, theirs = (actor_config(agent, "actor", groups, "here") for agent in (saved, registered))
    assert (ours.class_name, ours.obs_groups) == (theirs.class_name, theirs.obs_groups)
    assert not any(key.startswith("rnn_") for key in ours.arguments)
    given = {key: value for key, value in ours.arguments.items() if value is not None}
    assert json.dumps(given, sort_keys=True) == json.dumps(dict(theirs.arguments), sort_keys=True)


@pytest.fixture(scope="module")
def environment():
    made = MjlabProvider().make(EnvRequest(CARTPOLE))
    yield made
    made.close()


def trained(environment, folder, **changes):
    """Load the trained policy as from a run with a changed configuration."""
    dump_yaml(folder / "params" / "agent.yaml", {**asdict(load_rl_cfg(CARTPOLE)), **changes})
    shutil.copy(ROOT / CHECKPOINT, folder / "model_100.pt")
    return RslRlAdapter().load(PolicyRequest.within(environment, folder / "model_100.pt"))


def test_actions_are_limited_as_in_the_run_that_trained_the_policy(environment, tmp_path):
    environment.reset(3)
    free = environment.step(trained(environment, tmp_path / "free"))
    environment.reset(3)
    limited = environment.step(trained(environment, tmp_path / "limited", clip_actions=0.05))
    (before,), (after,) = (next(iter(outcome.targets.values())).ravel() for outcome in (free, limited))
    assert abs(before) > 0.05
    assert abs(after) == pytest.approx(0.05)


def test_an_override_wins_over_the_run_that_trained_the_policy(tmp_path):
    """``leapp export`` makes the environment with the overrides, and loads the policy for it."""
    dump_yaml(tmp_path / "params" / "agent.yaml", {**asdict(load_rl_cfg(CARTPOLE)), "clip_actions": 0.05})
    checkpoint = shutil.copy(ROOT / CHECKPOINT, tmp_path / "model_100.pt")
    overrides = ("agent.clip_actions=0.02", "agent.actor.activation=tanh")
    with closing(MjlabProvider().make(EnvRequest(CARTPOLE, overrides=overrides))) as environment:
        policy = RslRlAdapter().load(PolicyRequest.within(environment, Path(checkpoint)))
        assert "Tanh" in repr(policy.model)
        environment.reset(3)
        (target,) = environment.step(policy).targets.values()
    assert abs(target.ravel()) == pytest.approx(0.02)


def test_a_policy_of_other_observation_groups_is_refused(environment, tmp_path):
    policy = trained(environment, tmp_path, obs_groups={"actor": ["critic"], "critic": ["critic"]})
    environment.reset(0)
    with pytest.raises(
        EnvError, match=r"sees the observation groups critic(.*\n)*.*agent\.obs_groups\.actor=\['critic'\]"
    ):
        environment.step(policy, object())
