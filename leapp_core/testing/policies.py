"""Small seeded policies of the kinds that robots run; what conformance cases are made of."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn


class Function(nn.Module):
    """A plain function as a module."""

    def __init__(self, function: Callable[..., Any]) -> None:
        super().__init__()
        self._function = function

    def forward(self, *inputs: Tensor) -> Any:
        """Call the function."""
        return self._function(*inputs)


def mlp(inputs: int = 10, outputs: int = 4) -> nn.Module:
    """Return a three-layer perceptron."""
    return nn.Sequential(nn.Linear(inputs, 32), nn.ELU(), nn.Linear(32, 16), nn.Tanh(), nn.Linear(16, outputs))


class Recurrent(nn.Module):
    """Normalizer, one GRU or LSTM layer, head; hidden state in and out."""

    def __init__(self, kind: type[nn.GRU] | type[nn.LSTM], layers: int = 1) -> None:
        super().__init__()
        self.mean = nn.Parameter(torch.linspace(-1, 1, 6), requires_grad=False)
        self.rnn = kind(6, 8, layers)
        self.head = nn.Linear(8, 3)

    def forward(self, observation: Tensor, *state: Tensor) -> tuple[Tensor, ...]:
        """Take ``[1, 6]`` and one (GRU) or two (LSTM) states ``[layers, 1, 8]``; return action and next states."""
        x = ((observation - self.mean) / 2).clamp(-5, 5).unsqueeze(0)
        result, following = self.rnn(x, state[0] if len(state) == 1 else state)
        states = (following,) if isinstance(following, Tensor) else tuple(following)
        return self.head(result.squeeze(0)), *states


class Camera(nn.Module):
    """Convolutions with batch normalisation on an image, joined with joint readings."""

    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(3, 4, 3, stride=2), nn.BatchNorm2d(4), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten()
        )
        self.head = nn.Linear(4 * 9 + 5, 3)

    def forward(self, image: Tensor, joints: Tensor) -> Tensor:
        """Take ``[1, 3, 14, 14]`` and ``[1, 5]``."""
        return self.head(torch.cat([self.features(image), joints], 1))  # type: ignore[no-any-return]


class Attention(nn.Module):
    """Self-attention over an observation history."""

    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Linear(6, 8)
        self.attend = nn.MultiheadAttention(8, 2, batch_first=True)
        self.norm = nn.LayerNorm(8)
        self.head = nn.Linear(8, 3)

    def forward(self, history: Tensor) -> Tensor:
        """Take ``[1, 4, 6]``."""
        x = self.embed(history)
        x = self.norm(x + self.attend(x, x, x, need_weights=False)[0])
        return self.head(x[:, -1])  # type: ignore[no-any-return]


def observation_buffer(position: Tensor, velocity: Tensor, command: Tensor) -> Tensor:
    """Fill a buffer part by part, in place."""
    buffer = torch.zeros(1, 11)
    buffer[:, 0:4] = position * 0.5
    buffer[:, 4:8].copy_(velocity)
    buffer[:, 8:11] = command
    buffer[:, 4:8].mul_(0.05)
    return buffer.clamp_(-5.0, 5.0)


def history(observation: Tensor, kept: Tensor) -> tuple[Tensor, Tensor]:
    """Shift a history ``[1, 3, 4]`` in place and write the newest observation behind."""
    kept = kept.clone()
    kept[:, :-1] = kept[:, 1:].clone()
    kept[:, -1] = observation
    return kept.reshape(1, -1), kept


def masked(observation: Tensor) -> tuple[Tensor, Tensor]:
    """Write through masks and index tensors."""
    limited = observation.clone()
    limited[limited > 0.5] = 0.5
    limited[:, torch.tensor([0, 2])] = observation[:, [2, 0]] * 2
    return limited, torch.where(observation.abs() < 0.1, torch.zeros(()), observation)


def rotate(quaternion: Tensor, vector: Tensor) -> Tensor:
    """Rotate ``[1, 3]`` by the inverse of ``[1, 4]`` (w first), as observation terms do for gravity."""
    w, xyz = quaternion[:, :1], quaternion[:, 1:]
    t = torch.linalg.cross(xyz, vector, dim=-1) * 2
    turned: Tensor = vector - w * t + torch.linalg.cross(xyz, t, dim=-1)
    return turned


def counters(steps: Tensor, flag: Tensor, values: Tensor) -> tuple[Tensor, ...]:
    """Compute on integers, flags and floats."""
    return steps + 1, ~flag | (values[:, :2] > 0), (steps % 4 == 0).to(values.dtype) * values, steps // 3


def interface(used: Tensor, unused: Tensor) -> tuple[Tensor, ...]:
    """Return an input as it came, a constant, and one result twice; leave an input unread."""
    return used.clone(), torch.full((1, 3), 2.0), used.sin(), used.sin()
