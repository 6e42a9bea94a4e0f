"""The task as training knows it. Nothing in here was written for LEAPP."""

from __future__ import annotations

import torch

FREQUENCY = 50.0
MAX_STEPS = 200
TORQUE_LIMIT = 20.0


class Physics:
    """Pendulums driven by a torque (Nm) at the pivot; upright is an angle of 0 rad."""

    def __init__(self, count: int = 1) -> None:
        self.count = count
        self.reset(0)

    def reset(self, seed: int) -> None:
        random = torch.Generator().manual_seed(seed)
        self.angle = torch.rand(self.count, 1, generator=random) - 0.5
        self.velocity = torch.zeros(self.count, 1)

    def drive(self, torque: torch.Tensor) -> None:
        self.velocity = 0.99 * self.velocity + (torque + 9.81 * torch.sin(self.angle)) / FREQUENCY
        self.angle = self.angle + self.velocity / FREQUENCY


class Processing:
    """What lies between robot and network: scaled readings and the last action in, a clipped torque out."""

    def __init__(self, count: int = 1) -> None:
        self.last_action = torch.zeros(count, 1)

    def reset(self) -> None:
        self.last_action = torch.zeros_like(self.last_action)

    def observe(self, angle: torch.Tensor, velocity: torch.Tensor) -> torch.Tensor:
        return torch.cat([torch.sin(angle), torch.cos(angle), 0.2 * velocity, self.last_action], dim=-1)

    def torque(self, action: torch.Tensor) -> torch.Tensor:
        self.last_action = action
        return (10.0 * action).clamp(-TORQUE_LIMIT, TORQUE_LIMIT)


def make_network() -> torch.nn.Module:
    """Four observations to one action."""
    return torch.nn.Sequential(torch.nn.Linear(4, 32), torch.nn.Tanh(), torch.nn.Linear(32, 1))
