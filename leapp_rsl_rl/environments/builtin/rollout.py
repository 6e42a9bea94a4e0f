"""Run a policy in a built-in environment and see how well it does."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch

from leapp_rsl_rl.environments.builtin.env import ManagerBasedEnv

Policy = Callable[[Mapping[str, torch.Tensor]], torch.Tensor]
"""Takes observations and returns actions of shape (num_envs, num_actions)."""


@dataclass(frozen=True)
class RolloutScore:
    """How well a policy did, averaged over the first episode of every environment."""

    episode_return: float
    """Sum of the rewards of an episode."""
    episode_length: float
    """Policy steps survived."""


def first_episodes(
    env: ManagerBasedEnv, policy: Policy, on_done: Callable[[torch.Tensor], None] | None = None
) -> RolloutScore:
    """Run every environment of ``env`` from a reset to the end of its first episode.

    Args:
        env: The environments; they are reset first.
        policy: What acts.
        on_done: Called with the flags of finished environments after each step, to reset a recurrent policy.
    """
    total = torch.zeros(env.num_envs, device=env.device)
    length = torch.zeros_like(total)
    running = torch.ones(env.num_envs, dtype=torch.bool, device=env.device)
    with torch.inference_mode():
        observations = env.reset()
        while bool(running.any()):
            observations, rewards, dones, _ = env.step(policy(observations))
            total += rewards * running
            length += running
            running &= dones == 0
            if on_done is not None:
                on_done(dones)
    return RolloutScore(float(total.mean()), float(length.mean()))
