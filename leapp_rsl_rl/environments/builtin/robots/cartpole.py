"""A pole hinged to a cart on a rail."""

from __future__ import annotations

import math

import torch

from leapp_rsl_rl.environments.builtin.robots.base import Joint, Robot
from leapp_rsl_rl.environments.builtin.robots.shapes import BLUE, GREY, STEEL, Bar, Box, Disc, Sketch

_JOINTS = (
    Joint("slider", 0.0, -3.0, 3.0, stiffness=0.0, damping=0.5, effort_limit=20.0),
    Joint("pole", 0.0, -3.2, 3.2, stiffness=0.0, damping=0.002, effort_limit=0.0),
)
_CART_KG = 1.0
_POLE_KG = 0.2
_POLE_HALF_LENGTH_M = 0.4
_GRAVITY = 9.81


class CartPole(Robot):
    """A cart driven by a force, with a uniform pole whose angle is zero when upright."""

    def __init__(self, num_envs: int, device: torch.device) -> None:
        """Allocate ``num_envs`` cart-poles."""
        super().__init__(_JOINTS, num_envs, device)

    def step(self, dt: float) -> None:
        """Advance the physics by ``dt`` seconds."""
        force = self.servo_effort()[:, 0]
        sin, cos = torch.sin(self.joint_pos[:, 1]), torch.cos(self.joint_pos[:, 1])
        spin = self.joint_vel[:, 1]
        moment = _POLE_KG * _POLE_HALF_LENGTH_M
        inertia = moment * _POLE_HALF_LENGTH_M * 4.0 / 3.0
        total = _CART_KG + _POLE_KG
        push = force + moment * spin.square() * sin
        torque = moment * _GRAVITY * sin - self.damping[1] * spin
        pole_acc = (torque * total - moment * cos * push) / (inertia * total - (moment * cos).square())
        cart_acc = (push - moment * cos * pole_acc) / total
        self.integrate(torch.stack((cart_acc, pole_acc), dim=-1), dt)

    def sketch(self) -> Sketch:
        """Return what the first cart-pole looks like now."""
        cart, angle = self.joint_pos[0].tolist()
        tip = (cart + 2 * _POLE_HALF_LENGTH_M * math.sin(angle), 2 * _POLE_HALF_LENGTH_M * math.cos(angle))
        shapes = (
            Bar((-3.0, 0.0), (3.0, 0.0), 0.02, GREY),
            Box((cart, 0.0), (0.36, 0.18), STEEL),
            Bar((cart, 0.0), tip, 0.05, BLUE),
            Disc((cart, 0.0), 0.03, GREY),
        )
        return Sketch(shapes, centre=(0.0, 0.35), width=3.6)
