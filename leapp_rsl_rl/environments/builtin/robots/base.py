"""What every simulated robot has: joints with state, targets and gains."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

import torch

from leapp_rsl_rl.environments.builtin.robots.shapes import Sketch


@dataclass(frozen=True)
class Joint:
    """A driven joint.

    Units are rad, N·m, N·m/rad, N·m·s/rad for a revolute joint and m, N, N/m, N·s/m for a prismatic one.
    """

    name: str
    default: float
    lower: float
    upper: float
    stiffness: float
    damping: float
    effort_limit: float


class Robot(ABC):
    """A batch of equal robots.

    The physics rewrites ``joint_pos`` and ``joint_vel`` in place: these are what a real robot's encoders deliver.
    ``joint_pos_target`` and ``joint_effort_target`` are what a real robot's joint controller is sent. An abstract
    method computes how the state changes; nothing here belongs to a policy.
    """

    def __init__(self, joints: tuple[Joint, ...], num_envs: int, device: torch.device) -> None:
        """Allocate the state of ``num_envs`` robots at their default positions."""
        self.num_envs = num_envs
        self.device = device
        self.joints = joints
        self.joint_names = tuple(joint.name for joint in joints)
        self.default_joint_pos = self._per_joint("default")
        self.lower_limit = self._per_joint("lower")
        self.upper_limit = self._per_joint("upper")
        self.effort_limit = self._per_joint("effort_limit")
        self.stiffness = self._per_joint("stiffness")
        self.damping = self._per_joint("damping")
        self.joint_pos = self.default_joint_pos.repeat(num_envs, 1)
        self.joint_vel = torch.zeros_like(self.joint_pos)
        self.joint_pos_target = self.joint_pos.clone()
        self.joint_effort_target = torch.zeros_like(self.joint_pos)
        self.last_joint_pos_target = self.joint_pos.clone()
        self.last_joint_effort_target = torch.zeros_like(self.joint_pos)
        self.applied_effort = torch.zeros_like(self.joint_pos)

    def joint_ids(self, names: tuple[str, ...]) -> slice | torch.Tensor:
        """Return an index of the joints ``names``; a slice where they are neighbours in order.

        Raises:
            ValueError: If a name is not a joint of this robot.
        """
        unknown = [name for name in names if name not in self.joint_names]
        if unknown:
            raise ValueError(f"unknown joints {unknown}; the joints are {list(self.joint_names)}")
        first = self.joint_names.index(names[0])
        if self.joint_names[first : first + len(names)] == names:
            return slice(first, first + len(names))
        return torch.tensor([self.joint_names.index(name) for name in names], device=self.device)

    def remember_targets(self) -> None:
        """Keep the present targets, so that rewards can judge how much they change in a policy step."""
        self.last_joint_pos_target[:] = self.joint_pos_target
        self.last_joint_effort_target[:] = self.joint_effort_target

    def place(self, env_ids: torch.Tensor, joint_pos: torch.Tensor, joint_vel: torch.Tensor) -> None:
        """Put the robots ``env_ids`` into a joint state with targets that hold it.

        Args:
            env_ids: Which robots. Shape: (count,).
            joint_pos: Positions, limited to the joints' range. Shape: (count, num_joints).
            joint_vel: Velocities. Shape: (count, num_joints).
        """
        position = torch.clamp(joint_pos, self.lower_limit, self.upper_limit)
        self.joint_pos[env_ids] = position
        self.joint_vel[env_ids] = joint_vel
        self.joint_pos_target[env_ids] = position
        self.joint_effort_target[env_ids] = 0.0
        self.last_joint_pos_target[env_ids] = position
        self.last_joint_effort_target[env_ids] = 0.0
        self.applied_effort[env_ids] = 0.0

    @abstractmethod
    def step(self, dt: float) -> None:
        """Advance the physics by ``dt`` seconds, in place."""

    @abstractmethod
    def sketch(self) -> Sketch:
        """Return what the first robot looks like now."""

    def servo_effort(self) -> torch.Tensor:
        """Return the effort of the joint controllers for the present targets. Shape: (num_envs, num_joints)."""
        effort = self.stiffness * (self.joint_pos_target - self.joint_pos)
        effort -= self.damping * self.joint_vel
        effort += self.joint_effort_target
        self.applied_effort[:] = torch.clamp(effort, -self.effort_limit, self.effort_limit)
        return self.applied_effort

    def integrate(self, joint_acc: torch.Tensor, dt: float) -> None:
        """Advance joint state by semi-implicit Euler; a joint stops dead at the end of its range."""
        self.joint_vel += joint_acc * dt
        self.joint_pos += self.joint_vel * dt
        outside = (self.joint_pos < self.lower_limit) | (self.joint_pos > self.upper_limit)
        self.joint_vel.masked_fill_(outside, 0.0)
        self.joint_pos[:] = torch.clamp(self.joint_pos, self.lower_limit, self.upper_limit)

    def _per_joint(self, field: str) -> torch.Tensor:
        return torch.tensor([float(getattr(joint, field)) for joint in self.joints], device=self.device)
