"""What a robot's real interface would be: which reads enter a policy and which writes leave it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import torch

from leapp_rsl_rl.environments.builtin.managers.view import SceneView


@dataclass(frozen=True)
class SensorPort:
    """A sensor reading or a command: something that a deployed policy is fed from outside.

    ``read`` returns the simulation's own memory, shape (num_envs, width), not a copy: observation terms read the
    same memory, which is how a capture knows what they depend on.
    """

    name: str
    kind: str
    element_names: tuple[str, ...]
    read: Callable[[SceneView], torch.Tensor]
    facts: Mapping[str, Any] = field(default_factory=dict)
    """Further keys of the port: the frame a reading is in, the range of a command."""


@dataclass(frozen=True)
class TargetPort:
    """Targets that a deployed policy sends to the joint controllers."""

    name: str
    kind: str
    joint_names: tuple[str, ...]
    target: Literal["position", "effort"] = "position"

    def buffer(self, scene: SceneView) -> torch.Tensor:
        """Return the robot's memory for these targets, all joints. Shape: (num_envs, num_joints)."""
        robot = scene.robot
        return robot.joint_pos_target if self.target == "position" else robot.joint_effort_target

    def read(self, scene: SceneView) -> torch.Tensor:
        """Return the targets as written. Shape: (num_envs, width)."""
        return self.buffer(scene)[:, scene.robot.joint_ids(self.joint_names)]

    def write(self, scene: SceneView, targets: torch.Tensor) -> None:
        """Send ``targets``, shape (num_envs, width), to the joint controllers."""
        self.buffer(scene)[:, scene.robot.joint_ids(self.joint_names)] = targets


def joint_position_sensor(joint_names: tuple[str, ...]) -> SensorPort:
    """Return the port for the encoders of all joints."""
    return SensorPort("joint_pos", "state/joint/position", joint_names, lambda scene: scene.robot.joint_pos)


def joint_velocity_sensor(joint_names: tuple[str, ...]) -> SensorPort:
    """Return the port for the velocities of all joints."""
    return SensorPort("joint_vel", "state/joint/velocity", joint_names, lambda scene: scene.robot.joint_vel)
