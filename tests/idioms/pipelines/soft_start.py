"""Soft starts: targets move from where the robot stands to what the policy wants."""

from __future__ import annotations

import numpy as np
import torch

from tests.idioms.variant import variant

DEFAULT = torch.tensor([0.0, 0.4, -0.8])


def actor() -> torch.nn.Module:
    return torch.nn.Sequential(torch.nn.Linear(6, 16), torch.nn.ELU(), torch.nn.Linear(16, 3)).eval()


@variant(q=(3,), dq=(3,))
class RampMin:
    """alpha = min(1.0, count / 20)"""

    def __init__(self):
        self.policy = actor()
        self.count = 0

    def step(self, q, dq):
        alpha = min(1.0, self.count / 20)
        self.count += 1
        with torch.no_grad():
            target = self.policy(torch.cat([q, dq]))
        return (1 - alpha) * DEFAULT + alpha * target


@variant(q=(3,), dq=(3,))
class RampTensor:
    """alpha is a tensor, clamped"""

    def __init__(self):
        self.policy = actor()
        self.alpha = torch.zeros(1)

    def step(self, q, dq):
        self.alpha = torch.clamp(self.alpha + 0.05, max=1.0)
        with torch.no_grad():
            target = self.policy(torch.cat([q, dq]))
        return DEFAULT + self.alpha * (target - DEFAULT)


@variant(q=(3,), dq=(3,))
class StartPoseLatched:
    """starts at the measured pose of the first step"""

    def __init__(self):
        self.policy = actor()
        self.start = None
        self.t = 0.0

    def step(self, q, dq):
        if self.start is None:
            self.start = q.clone()
        self.t += 0.02
        s = np.clip(self.t / 1.0, 0.0, 1.0)
        with torch.no_grad():
            target = self.policy(torch.cat([q, dq]))
        return self.start * (1 - s) + target * s


@variant(steps=15, q=(3,), dq=(3,))
class StandThenWalk:
    """first 10 steps a stand pose, then the policy"""

    def __init__(self):
        self.policy = actor()
        self.steps = 0

    def step(self, q, dq):
        self.steps += 1
        if self.steps <= 10:
            return DEFAULT + 0.0 * q
        with torch.no_grad():
            return self.policy(torch.cat([q, dq]))


@variant(q=(3,), dq=(3,))
class GainDecay:
    """a Python float that decays: self.scale *= 0.99"""

    def __init__(self):
        self.policy = actor()
        self.scale = 1.0

    def step(self, q, dq):
        self.scale *= 0.99
        with torch.no_grad():
            return self.scale * DEFAULT + (1.0 - self.scale) * self.policy(torch.cat([q, dq]))


@variant(steps=15, q=(3,), dq=(3,))
class StateMachine:
    """states by an integer and a counter: move to default, hold, run"""

    def __init__(self):
        self.policy = actor()
        self.state = 0
        self.ticks = 0

    def step(self, q, dq):
        self.ticks += 1
        if self.state == 0:
            target = q + (DEFAULT - q) * (self.ticks / 5)
            if self.ticks >= 5:
                self.state, self.ticks = 1, 0
        elif self.state == 1:
            target = DEFAULT * 1.0
            if self.ticks >= 3:
                self.state = 2
        else:
            with torch.no_grad():
                target = self.policy(torch.cat([q, dq]))
        return target
