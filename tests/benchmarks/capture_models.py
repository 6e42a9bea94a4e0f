"""Control steps whose capture is measured: one of many small operations, one dominated by its network."""

from __future__ import annotations

import itertools
from collections.abc import Mapping

import torch
from torch import nn

Tensors = Mapping[str, torch.Tensor]


def mlp(*sizes: int) -> nn.Sequential:
    """Return a policy network of ELU layers."""
    layers: list[nn.Module] = []
    for i, (a, b) in enumerate(itertools.pairwise(sizes)):
        layers += [nn.Linear(a, b), *([nn.ELU()] if i < len(sizes) - 2 else [])]
    return nn.Sequential(*layers).eval()


def rotate_inverse(q: torch.Tensor, v: torch.Tensor) -> torch.Tensor:
    """Rotate a vector into a body's frame."""
    w, xyz = q[:, :1], q[:, 1:]
    t = torch.cross(xyz, v, dim=-1) * 2
    return v - w * t + torch.cross(xyz, t, dim=-1)


class SmallOperations:
    """Observation terms written into a buffer, rotations, normalizer, history, last action: some 170 ATen calls."""

    def __init__(self) -> None:
        self.names = [f"sensor_{i}" for i in range(6)]
        self.buffer = torch.zeros(1, 60)
        self.history = torch.zeros(1, 3, 60)
        self.last_action = torch.zeros(1, 12)
        self.mean, self.scale = torch.zeros(60), torch.ones(60)
        self.average = torch.zeros(1, 6)
        self.phase = torch.zeros(1)
        self.network = mlp(180, 64, 12)

    def inputs(self, generator: torch.Generator) -> dict[str, torch.Tensor]:
        """Draw one step's inputs."""
        drawn = {name: torch.randn(1, 6, generator=generator) for name in self.names}
        drawn["orientation"] = nn.functional.normalize(torch.randn(1, 4, generator=generator), dim=-1)
        return drawn

    def step(self, x: Tensors) -> torch.Tensor:
        """Compute one action."""
        q = x["orientation"]
        column = 0
        for name in self.names:
            value = x[name]
            lin, ang = rotate_inverse(q, value[:, :3]), rotate_inverse(q, value[:, 3:])
            self.buffer[:, column : column + 3] = (lin * 0.25).clamp(-5.0, 5.0)
            self.buffer[:, column + 3 : column + 6] = (ang * 2.0).clamp(-5.0, 5.0)
            self.average = self.average * 0.9 + value * 0.1
            column += 6
        self.buffer[:, 36:42] = self.average
        self.buffer[:, 42:54] = self.last_action
        self.phase = (self.phase + 0.02) % 1.0
        self.buffer[:, 54] = torch.sin(self.phase * 6.2831855)
        self.buffer[:, 55] = torch.cos(self.phase * 6.2831855)
        self.history = torch.roll(self.history, -1, dims=1)
        self.history[:, -1] = (self.buffer - self.mean) / self.scale
        action = self.network(self.history.reshape(1, -1))
        self.last_action = action
        return torch.tanh(action) * 0.5


class Network:
    """Concatenation, scaling, a normalizer and the usual policy network."""

    def __init__(self) -> None:
        self.network = mlp(48, 512, 256, 128, 12)
        self.mean, self.deviation = torch.zeros(48), torch.ones(48)

    def inputs(self, generator: torch.Generator) -> dict[str, torch.Tensor]:
        """Draw one step's inputs."""
        return {"joints": torch.randn(1, 24, generator=generator), "base": torch.randn(1, 24, generator=generator)}

    def step(self, x: Tensors) -> torch.Tensor:
        """Compute one action."""
        seen = torch.cat([x["joints"] * 0.05, x["base"]], dim=-1)
        return self.network((seen - self.mean) / self.deviation) * 0.25  # type: ignore[no-any-return]


class Perceptive:
    """A depth image through convolutions, a GRU and the usual policy network: dominated by its network."""

    def __init__(self) -> None:
        self.encoder = nn.Sequential(
            nn.Conv2d(1, 16, 5, stride=2), nn.ELU(), nn.Conv2d(16, 32, 3, stride=2), nn.ELU(), nn.Flatten(),
            nn.Linear(32 * 10 * 10, 64),
        ).eval()  # fmt: skip
        self.memory = nn.GRU(64 + 48, 256).eval()
        self.hidden = torch.zeros(1, 1, 256)
        self.network = mlp(256, 512, 256, 128, 12)

    def inputs(self, generator: torch.Generator) -> dict[str, torch.Tensor]:
        """Draw one step's inputs."""
        image = torch.rand(1, 1, 48, 48, generator=generator)
        return {"depth": image, "proprioception": torch.randn(1, 48, generator=generator)}

    def step(self, x: Tensors) -> torch.Tensor:
        """Compute one action."""
        seen = torch.cat([self.encoder(x["depth"]), x["proprioception"]], dim=-1)
        out, self.hidden = self.memory(seen.unsqueeze(0), self.hidden)
        return self.network(out[0]) * 0.25  # type: ignore[no-any-return]
