"""A robot in its world: physics, commands, events and scores, but no policy's observations or actions."""

from __future__ import annotations

import torch

from leapp_rsl_rl.environments.builtin.config import EnvConfig
from leapp_rsl_rl.environments.builtin.managers.command import CommandManager
from leapp_rsl_rl.environments.builtin.managers.event import EventManager
from leapp_rsl_rl.environments.builtin.managers.scoring import RewardManager, TerminationManager


class Scene:
    """A batch of equal scenes, stepped together.

    By itself this is what a deployed policy meets: sensors to read and joint controllers to write to.
    """

    def __init__(self, config: EnvConfig, num_envs: int, seed: int = 0, device: str = "cpu") -> None:
        """Create the scenes; :meth:`reset_state` has to be called before the first step.

        Args:
            config: The task.
            num_envs: How many scenes to step together.
            seed: Seed of all randomness; equal seeds give equal runs.
            device: Device of every tensor.
        """
        self.config = config
        self.num_envs = num_envs
        self.device = torch.device(device)
        self.step_dt = config.step_dt
        self.max_episode_length = round(config.episode_length_s / config.step_dt)
        self.episode_length_buf = torch.zeros(num_envs, dtype=torch.long, device=self.device)
        self.generator = torch.Generator(device=self.device).manual_seed(seed)
        self.robot = config.robot(num_envs, self.device)
        self.command_manager = CommandManager(config.commands, self)
        self.event_manager = EventManager(config.events, self)
        self.reward_manager = RewardManager(config.rewards, self)
        self.termination_manager = TerminationManager(config.terminations, self)

    def command(self, name: str) -> torch.Tensor:
        """Return the current command of the term ``name``. Shape: (num_envs, width)."""
        return self.command_manager.command(name)

    def seed(self, seed: int) -> None:
        """Start all randomness anew from ``seed``; takes effect with the next reset."""
        self.generator.manual_seed(seed)

    def reset_state(self) -> None:
        """Reset every scene."""
        self.reset_envs(torch.arange(self.num_envs, device=self.device))

    def reset_envs(self, env_ids: torch.Tensor) -> dict[str, torch.Tensor]:
        """Reset the scenes ``env_ids`` and return the mean sums of their rewards."""
        log = self.reward_manager.reset(env_ids)
        self.event_manager.reset(env_ids)
        self.command_manager.reset(env_ids)
        self.episode_length_buf[env_ids] = 0
        return log

    def advance(self) -> tuple[torch.Tensor, torch.Tensor]:
        """Let the physics run for one policy step with the targets the robot has, and judge the outcome.

        Returns:
            Rewards (num_envs,) and dones (num_envs,) of dtype bool. Nothing is reset.
        """
        for _ in range(self.config.decimation):
            self.robot.step(self.config.physics_dt)
        self.episode_length_buf += 1
        dones = self.termination_manager.compute()
        rewards = self.reward_manager.compute()
        self.event_manager.step()
        self.command_manager.step()
        return rewards, dones
