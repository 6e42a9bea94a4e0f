"""The manager-based training environment that all built-in tasks are instances of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch

from leapp_rsl_rl.environments.builtin.config import EnvConfig
from leapp_rsl_rl.environments.builtin.managers.action import ActionManager
from leapp_rsl_rl.environments.builtin.managers.observation import ObservationManager
from leapp_rsl_rl.environments.builtin.scene import Scene


class ManagerBasedEnv(Scene):
    """A batch of equal environments, stepped together; finished ones are reset at once.

    A step is: process the action, ``decimation`` times (advance the physics towards its targets), judge the
    outcome, disturb, update commands, reset what is over, observe.
    """

    def __init__(self, config: EnvConfig, num_envs: int, seed: int = 0, device: str = "cpu") -> None:
        """Create and reset the environments.

        Args:
            config: The task.
            num_envs: How many environments to step together.
            seed: Seed of all randomness; equal seeds give equal runs.
            device: Device of every tensor.
        """
        super().__init__(config, num_envs, seed, device)
        self.cfg = {"physics_dt": config.physics_dt, "decimation": config.decimation, "seed": seed}
        self.action_manager = ActionManager(config.actions, self)
        self.observation_manager = ObservationManager(config.observations, self)
        self.num_actions = self.action_manager.total_width
        self.reset()

    def last_action(self) -> torch.Tensor:
        """Return the most recent raw action of the policy. Shape: (num_envs, num_actions)."""
        return self.action_manager.action

    def reset(self) -> Mapping[str, torch.Tensor]:
        """Reset every environment and return the first observations."""
        self.reset_state()
        return self.observe()

    def reset_envs(self, env_ids: torch.Tensor) -> dict[str, torch.Tensor]:
        """Reset the environments ``env_ids`` without observing them yet."""
        log = super().reset_envs(env_ids)
        self.action_manager.reset(env_ids)
        self.observation_manager.reset(env_ids)
        return log

    def observe(self) -> Mapping[str, torch.Tensor]:
        """Compute the observations of this step by group, which advances delays and histories."""
        self._observations: Mapping[str, torch.Tensor] = self.observation_manager.compute()
        return self._observations

    def get_observations(self) -> Mapping[str, torch.Tensor]:
        """Return the observations of this step as they were computed, one tensor for each group."""
        return self._observations

    def act(self, actions: torch.Tensor) -> None:
        """Turn raw actions of the policy, shape (num_envs, num_actions), into targets of the robot."""
        self.robot.remember_targets()
        self.action_manager.process(actions)
        self.action_manager.apply()

    def step(
        self, actions: torch.Tensor
    ) -> tuple[Mapping[str, torch.Tensor], torch.Tensor, torch.Tensor, dict[str, Any]]:
        """Let one policy step pass.

        Args:
            actions: Raw actions of the policy. Shape: (num_envs, num_actions).

        Returns:
            Observations, rewards (num_envs,), dones (num_envs,) as integers, and extras with ``time_outs`` and
            ``log``.
        """
        self.act(actions)
        rewards, dones = self.advance()
        extras: dict[str, Any] = {"time_outs": self.termination_manager.time_outs.clone(), "log": {}}
        finished = dones.nonzero().flatten()
        if finished.numel() > 0:
            extras["log"] = self.reset_envs(finished)
        return self.observe(), rewards, dones.long(), extras
