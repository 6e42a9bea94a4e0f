"""A one-legged hopper on a boom that keeps its body level."""

from __future__ import annotations

import math

import torch

from leapp_rsl_rl.environments.builtin.robots.base import Joint, Robot
from leapp_rsl_rl.environments.builtin.robots.shapes import BLUE, STEEL, Bar, Box, Disc, Sketch

_JOINTS = (
    Joint("hip", 0.0, -0.9, 0.9, stiffness=60.0, damping=3.0, effort_limit=60.0),
    Joint("leg", 0.0, -0.2, 0.15, stiffness=2000.0, damping=40.0, effort_limit=400.0),
)
_BODY_KG = 6.0
_LEG_LENGTH_M = 0.5
_ROTOR_INERTIA = (0.12, 1.0)
"""Reflected inertia of the hip drive in kg·m² and of the leg drive in kg."""
_CONTACT_STIFFNESS = 1.0e4
_CONTACT_DAMPING = 150.0
_CONTACT_GRIP = 100.0
_FRICTION = 0.9
_GRAVITY = 9.81


class BoomHopper(Robot):
    """A body on a boom (it moves forward and up, but does not pitch) with a swinging, telescoping leg.

    The leg has no mass of its own; its drives have reflected inertia. The foot meets the ground through a spring
    and a damper, and grips it up to the friction limit.
    """

    def __init__(self, num_envs: int, device: torch.device) -> None:
        """Allocate ``num_envs`` hoppers standing at the origin."""
        super().__init__(_JOINTS, num_envs, device)
        self.base_pos = torch.zeros(num_envs, 2, device=device)
        self.base_vel = torch.zeros(num_envs, 2, device=device)
        self.base_pos[:, 1] = _LEG_LENGTH_M
        self.contact_force = torch.zeros(num_envs, 2, device=device)
        self._rotor_inertia = torch.tensor(_ROTOR_INERTIA, device=device)

    def place_base(self, env_ids: torch.Tensor, height: torch.Tensor, velocity: torch.Tensor) -> None:
        """Put the bodies ``env_ids`` at ``height`` (count,) in m with ``velocity`` (count, 2) in m/s."""
        self.base_pos[env_ids, 0] = 0.0
        self.base_pos[env_ids, 1] = height
        self.base_vel[env_ids] = velocity
        self.contact_force[env_ids] = 0.0

    def step(self, dt: float) -> None:
        """Advance the physics by ``dt`` seconds."""
        effort = self.servo_effort()
        length = _LEG_LENGTH_M + self.joint_pos[:, 1]
        sin, cos = torch.sin(self.joint_pos[:, 0]), torch.cos(self.joint_pos[:, 0])
        swing, stretch = self.joint_vel[:, 0], self.joint_vel[:, 1]
        depth = length * cos - self.base_pos[:, 1]
        slip = self.base_vel[:, 0] + length * cos * swing + sin * stretch
        sink = -self.base_vel[:, 1] - length * sin * swing + cos * stretch
        normal = torch.relu(_CONTACT_STIFFNESS * depth + _CONTACT_DAMPING * sink) * (depth > 0.0)
        grip = torch.clamp(-_CONTACT_GRIP * slip, -_FRICTION * normal, _FRICTION * normal)
        self.contact_force[:, 0] = grip
        self.contact_force[:, 1] = normal
        load = torch.stack((length * (cos * grip + sin * normal), sin * grip - cos * normal), dim=-1)
        self.integrate((effort + load) / self._rotor_inertia, dt)
        self.base_vel += self.contact_force * (dt / _BODY_KG)
        self.base_vel[:, 1] -= _GRAVITY * dt
        self.base_pos += self.base_vel * dt

    def sketch(self) -> Sketch:
        """Return what the first hopper looks like now; the picture moves along."""
        x, z = self.base_pos[0].tolist()
        angle, stretch = self.joint_pos[0].tolist()
        length = _LEG_LENGTH_M + stretch
        foot = (x + length * math.sin(angle), z - length * math.cos(angle))
        knee = (x + 0.3 * math.sin(angle), z - 0.3 * math.cos(angle))
        shapes = (
            Bar((x, z), foot, 0.025, STEEL),
            Bar((x, z), knee, 0.05, BLUE),
            Disc((foot[0], foot[1] + 0.02), 0.022, STEEL),
            Box((x, z + 0.03), (0.34, 0.16), BLUE),
            Disc((x, z), 0.03, STEEL),
        )
        return Sketch(shapes, centre=(x, 0.45), width=2.0, ground=0.0)
