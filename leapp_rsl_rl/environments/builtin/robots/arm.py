"""A planar arm of three links that moves in a vertical plane."""

from __future__ import annotations

import math
from itertools import pairwise

import torch

from leapp_rsl_rl.environments.builtin.robots.base import Joint, Robot
from leapp_rsl_rl.environments.builtin.robots.shapes import BLUE, GREY, STEEL, Bar, Disc, Shape, Sketch

_JOINTS = (
    Joint("shoulder", 0.8, -1.0, 2.6, stiffness=80.0, damping=6.0, effort_limit=60.0),
    Joint("elbow", -1.2, -2.4, 2.4, stiffness=40.0, damping=2.5, effort_limit=30.0),
    Joint("wrist", -0.4, -2.0, 2.0, stiffness=10.0, damping=0.5, effort_limit=10.0),
)
_LENGTHS_M = (0.4, 0.3, 0.2)
_MASSES_KG = (1.0, 0.6, 0.3)
_ARMATURE_KGM2 = (0.05, 0.04, 0.02)
_GRAVITY = 9.81


class PlanarArm(Robot):
    """Three links with a point mass at the end of each, and position-controlled joints.

    The equations of motion are written in absolute link angles θ (the sum of the joint angles up to a link), in
    which the mass matrix of such a chain is ``m_ij * l_i * l_j * cos(θ_i - θ_j)``, ``m_ij`` being all mass from
    the further of the two links on.
    """

    def __init__(self, num_envs: int, device: torch.device) -> None:
        """Allocate ``num_envs`` arms."""
        super().__init__(_JOINTS, num_envs, device)
        self._lengths = torch.tensor(_LENGTHS_M, device=device)
        masses = torch.tensor(_MASSES_KG, device=device)
        carried = torch.flip(torch.cumsum(torch.flip(masses, [0]), 0), [0])
        index = torch.arange(len(_JOINTS), device=device)
        further = torch.maximum(index[:, None], index[None, :])
        self._inertia = self._lengths[:, None] * self._lengths[None, :] * carried[further]
        self._weight = _GRAVITY * self._lengths * carried
        # joint angles are differences of link angles; armature belongs to the joints
        difference = torch.eye(len(_JOINTS), device=device) - torch.diag(
            torch.ones(len(_JOINTS) - 1, device=device), -1
        )
        armature = torch.diag(torch.tensor(_ARMATURE_KGM2, device=device))
        self._armature = difference.T @ armature @ difference
        self._to_link = difference
        self.reach = float(sum(_LENGTHS_M))

    def tip_position(self) -> torch.Tensor:
        """Return the position of the tip in the plane, x forward and z up, in m. Shape: (num_envs, 2)."""
        angle = torch.cumsum(self.joint_pos, dim=-1)
        x = (self._lengths * torch.cos(angle)).sum(dim=-1)
        z = (self._lengths * torch.sin(angle)).sum(dim=-1)
        return torch.stack((x, z), dim=-1)

    def step(self, dt: float) -> None:
        """Advance the physics by ``dt`` seconds."""
        effort = self.servo_effort()
        angle = torch.cumsum(self.joint_pos, dim=-1)
        velocity = torch.cumsum(self.joint_vel, dim=-1)
        between = angle[:, :, None] - angle[:, None, :]
        mass = self._inertia * torch.cos(between) + self._armature
        coriolis = ((self._inertia * torch.sin(between)) * velocity.square()[:, None, :]).sum(dim=-1)
        force = effort @ self._to_link - coriolis - self._weight * torch.cos(angle)
        link_acc = torch.linalg.solve(mass, force)
        self.integrate(link_acc @ self._to_link.T, dt)

    def sketch(self) -> Sketch:
        """Return what the first arm looks like now."""
        angles = torch.cumsum(self.joint_pos[0], dim=-1).tolist()
        points = [(0.0, 0.0)]
        for length, angle in zip(_LENGTHS_M, angles, strict=True):
            x, z = points[-1]
            points.append((x + length * math.cos(angle), z + length * math.sin(angle)))
        shapes: list[Shape] = [Bar((-0.12, -0.03), (0.12, -0.03), 0.06, GREY)]
        shapes += [Bar(a, b, 0.055 - 0.012 * n, BLUE) for n, (a, b) in enumerate(pairwise(points))]
        shapes += [Disc(point, 0.022, STEEL) for point in points]
        return Sketch(tuple(shapes), centre=(0.1, 0.15), width=2.4)
