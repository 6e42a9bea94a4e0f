"""What makes a task out of a robot."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import torch

from leapp_rsl_rl.environments.builtin.managers.action import JointAction
from leapp_rsl_rl.environments.builtin.managers.command import CommandTerm
from leapp_rsl_rl.environments.builtin.managers.event import EventTerm
from leapp_rsl_rl.environments.builtin.managers.observation import ObservationGroup
from leapp_rsl_rl.environments.builtin.managers.scoring import RewardTerm, TerminationTerm
from leapp_rsl_rl.environments.builtin.ports import SensorPort, TargetPort
from leapp_rsl_rl.environments.builtin.robots.base import Robot


@dataclass(frozen=True)
class EnvConfig:
    """A task: robot, physics, managers' terms, and the interface of a deployed policy."""

    robot: Callable[[int, torch.device], Robot]
    observations: tuple[ObservationGroup, ...]
    actions: tuple[JointAction, ...]
    rewards: tuple[RewardTerm, ...]
    terminations: tuple[TerminationTerm, ...]
    events: tuple[EventTerm, ...]
    sensors: tuple[SensorPort, ...]
    targets: tuple[TargetPort, ...]
    commands: tuple[CommandTerm, ...] = ()
    physics_dt: float = 0.005
    decimation: int = 4
    """Physics steps for each policy step."""
    episode_length_s: float = 10.0

    @property
    def step_dt(self) -> float:
        """Seconds between two policy calls."""
        return self.physics_dt * self.decimation

    def for_deployment(self) -> EnvConfig:
        """Return this task without what only training wants: sensor noise and disturbances."""
        return replace(
            self,
            observations=tuple(replace(group, enable_corruption=False) for group in self.observations),
            events=tuple(event for event in self.events if event.interval_range_s is None),
        )
