"""Stochastic policies and denoisers: means, seeded and unseeded noise."""

from __future__ import annotations

import torch

from tests.idioms.variant import variant


def net(outputs: int) -> torch.nn.Module:
    return torch.nn.Sequential(torch.nn.Linear(6, 16), torch.nn.Tanh(), torch.nn.Linear(16, outputs)).eval()


@variant(obs=(1, 6))
class MeanOfNormal:
    """Normal(mean, std).mean"""

    def __init__(self):
        self.mean = net(3)
        self.std = torch.ones(3) * 0.5

    @torch.no_grad()
    def step(self, obs):
        return torch.distributions.Normal(self.mean(obs), self.std).mean


@variant(obs=(1, 6))
class TanhSquashed:
    """SAC: tanh(mean) * scale + bias, log_std computed and thrown away"""

    def __init__(self):
        self.body = net(6)

    @torch.no_grad()
    def step(self, obs):
        mean, log_std = self.body(obs).chunk(2, dim=-1)
        std = log_std.clamp(-20, 2).exp()
        del std
        return torch.tanh(mean) * 2.0 + 0.5


@variant(obs=(1, 6))
class SeededInStep:
    """denoising from noise of a generator that is seeded in each step"""

    def __init__(self):
        self.denoise = torch.nn.Linear(9, 3).eval()

    @torch.no_grad()
    def step(self, obs):
        generator = torch.Generator().manual_seed(0)
        x = torch.randn(1, 3, generator=generator)
        for _ in range(3):
            x = x - 0.3 * self.denoise(torch.cat([obs, x], dim=-1))
        return x


@variant(obs=(1, 6))
class NoiseMadeOnce:
    """denoising from noise drawn in the constructor"""

    def __init__(self):
        self.denoise = torch.nn.Linear(9, 3).eval()
        self.noise = torch.randn(1, 3)

    @torch.no_grad()
    def step(self, obs):
        x = self.noise
        for k in range(4):
            x = x - (0.4 - 0.1 * k) * self.denoise(torch.cat([obs, x], dim=-1))
        return x


@variant(steps=8, obs=(1, 6))
class CategoricalMode:
    """Categorical(logits).probs.argmax() into a tensor table"""

    def __init__(self):
        self.logits = net(4)
        self.values = torch.linspace(-1, 1, 4)

    @torch.no_grad()
    def step(self, obs):
        return self.values[torch.distributions.Categorical(logits=self.logits(obs)).probs.argmax(dim=-1)]


@variant(steps=9, obs=(1, 6))
class DiffusionQueue:
    """diffusion policy: observation queue filled by the first frame, action queue, seeded noise"""

    def __init__(self):
        self.denoise = torch.nn.Linear(12 + 8, 8).eval()
        self.observations = []
        self.actions = []

    @torch.no_grad()
    def step(self, obs):
        if not self.observations:
            self.observations = [obs, obs]
        self.observations = [*self.observations[1:], obs]
        if not self.actions:
            x = torch.zeros(1, 8)
            for _ in range(3):
                x = x - 0.3 * self.denoise(torch.cat([*self.observations, x], dim=-1))
            self.actions = list(x.reshape(4, 2))
        return self.actions.pop(0)
