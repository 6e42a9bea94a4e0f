"""Runs in mjlab's environment: what a deployment reports as reward forgets the actions of an episode that ended."""

from __future__ import annotations

import pytest
import torch

pytest.importorskip("mjlab")

from mjlab.envs import ManagerBasedRlEnv

from leapp_core.plugins.environments import EnvRequest
from leapp_rsl_rl.environments.mjlab.config import load_config
from leapp_rsl_rl.environments.mjlab.rewards import reward_meter


def test_an_episode_begins_without_the_last_actions_of_the_one_before():
    config = load_config(EnvRequest("Mjlab-Cartpole-Balance", seed=3)).env
    actions, rewards = config.actions, config.rewards
    config.observations, config.actions, config.rewards = {}, {}, {}
    with torch.inference_mode():
        env = ManagerBasedRlEnv(config, device="cpu")
        meter = reward_meter(env, actions, rewards)
        assert meter is not None
        measuring = meter._actions
        measuring.process_action(torch.ones(1, 1))
        assert measuring.action.item() == 1.0
        env.reset(seed=1)
        assert measuring.action.item() == measuring.prev_action.item() == 0.0
        env.close()
