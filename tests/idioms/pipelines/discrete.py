"""Discrete decisions: an argmax picks a gait, a skill or a gain."""

from __future__ import annotations

import numpy as np
import torch

from tests.idioms.variant import variant

GAITS = torch.tensor([[0.0, 0.5, 0.5, 0.0], [0.0, 0.0, 0.5, 0.5], [0.0, 0.25, 0.5, 0.75]])
SPEEDS = [0.3, 0.7, 1.5]


def head() -> torch.nn.Module:
    return torch.nn.Sequential(torch.nn.Linear(7, 12), torch.nn.ReLU(), torch.nn.Linear(12, 3)).eval()


@variant(steps=12, obs=(7,))
class TensorIndex:
    """table[argmax] all in tensors"""

    def __init__(self):
        self.net = head()

    @torch.no_grad()
    def step(self, obs):
        return GAITS[self.net(obs).argmax(dim=-1)]


@variant(steps=12, obs=(7,))
class IntArgmax:
    """table[int(argmax)]"""

    def __init__(self):
        self.net = head()

    @torch.no_grad()
    def step(self, obs):
        return GAITS[int(torch.argmax(self.net(obs)))]


@variant(steps=12, obs=(7,))
class PythonTable:
    """a number looked up in a Python list by item()"""

    def __init__(self):
        self.net = head()

    @torch.no_grad()
    def step(self, obs):
        choice = self.net(obs).argmax().item()
        return obs[:2] * SPEEDS[choice]


@variant(steps=12, obs=(7,))
class DictOfSkills:
    """a dictionary of networks, picked by int"""

    def __init__(self):
        self.net = head()
        self.skills = {k: torch.nn.Linear(7, 2).eval() for k in range(3)}

    @torch.no_grad()
    def step(self, obs):
        return self.skills[int(self.net(obs).argmax())](obs)


@variant(steps=12, obs=(7,))
class IfElif:
    """if / elif / else on the choice"""

    def __init__(self):
        self.net = head()

    @torch.no_grad()
    def step(self, obs):
        choice = self.net(obs).argmax()
        if choice == 0:
            gain = 0.5
        elif choice == 1:
            gain = 1.0
        else:
            gain = 2.0
        return gain * obs[:3]


@variant(steps=12, obs=(7,))
class Hysteresis:
    """the mode is kept in a Python string and changes by thresholds"""

    def __init__(self):
        self.mode = "stand"

    def step(self, obs):
        speed = float(obs[:2].norm())
        if self.mode == "stand" and speed > 1.5:
            self.mode = "walk"
        elif self.mode == "walk" and speed < 1.0:
            self.mode = "stand"
        return obs * (1.0 if self.mode == "walk" else 0.1)


@variant(steps=12, obs=(7,), arrays=True)
class NumpyTable:
    """table row by np.argmax"""

    def __init__(self):
        self.net = head()
        self.table = GAITS.numpy().copy()

    @torch.no_grad()
    def step(self, obs):
        scores = self.net(torch.from_numpy(obs)).numpy()
        return self.table[np.argmax(scores)]
