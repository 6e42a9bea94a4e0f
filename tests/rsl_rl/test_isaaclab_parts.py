"""Parts of the Isaac Lab environment that work without Isaac Lab."""

from __future__ import annotations

import pytest

from leapp_rsl_rl.environments.isaaclab.overrides import agent_changes

AGENT = {
    "clip_actions": None,
    "obs_groups": {"actor": ["policy"]},
    "actor": {"hidden_dims": [32], "activation": "relu", "obs_normalization": True},
}


@pytest.mark.parametrize(
    ("override", "found"),
    [
        ("agent.clip_actions=null", {"clip_actions": None}),  # as the task has it, and still the user's word
        ("+agent.clip_actions=null", {"clip_actions": None}),
        ("agent.actor.activation=relu", {"actor.activation": "relu"}),
        ("agent.obs_groups.actor=[policy]", {"obs_groups.actor": ["policy"]}),
        ("agent.policy.activation=relu", {"actor.activation": "relu"}),
        ("agent.policy.actor_hidden_dims=[32]", {"actor.hidden_dims": [32]}),
        ("agent.empirical_normalization=true", {"actor.obs_normalization": True}),
        ("agent.policy.init_noise_std=0.5", {}),  # has no part in an exported action
        ("env.sim.dt=0.01", {}),
        ("presets=newton_mjwarp", {}),
    ],
)
def test_what_an_override_sets_in_the_agent(override, found):
    assert agent_changes([override], AGENT) == found
