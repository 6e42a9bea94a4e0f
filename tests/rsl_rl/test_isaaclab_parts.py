"""Parts of the Isaac Lab environment that work without Isaac Lab."""

from __future__ import annotations

import pytest
import torch

from leapp_rsl_rl.environments.isaaclab.commands import keep_first_commands
from leapp_rsl_rl.environments.isaaclab.overrides import agent_changes
from leapp_rsl_rl.environments.isaaclab.relay import AnnotationRelay

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


class Commands:
    """Counts, as a manager does with its terms."""

    def __init__(self) -> None:
        self.computed = 0.0

    def compute(self, dt: float) -> None:
        self.computed += dt


def test_commands_stand_for_the_first_reading_of_each_episode():
    manager = Commands()
    for episode in range(2):
        keep_first_commands(manager)
        for step in range(3):
            manager.compute(0.5)
            assert manager.computed == 0.5 * (step + 2 * episode)
    keep_first_commands(manager)  # an episode that was begun twice
    keep_first_commands(manager)
    manager.compute(0.5)
    manager.compute(0.5)
    assert manager.computed == 2.5


def test_a_step_was_shown_what_was_read_before_its_targets():
    """Isaac Lab observes at the end of a step, for the next one, and its action terms read in between."""
    memory = torch.zeros(1, 2)
    begun = AnnotationRelay(None, {})
    begun.input_tensors("n", {"q": memory})
    step = AnnotationRelay(None, begun.readings)
    step.input_tensors("n", {"offset": torch.ones(1)})
    memory += 5.0  # what physics does to it
    step.output_tensors("n", {"target": torch.ones(1)})
    step.input_tensors("n", {"q": memory})
    assert {name: value.tolist() for name, value in step.shown.items()} == {"q": [[0.0, 0.0]], "offset": [1.0]}
    assert {name: value.tolist() for name, value in step.readings.items()} == {"q": [[5.0, 5.0]]}
