"""What deploy scripts put between policy and motors: limits, rates, dead zones, watchdogs."""

from __future__ import annotations

import numpy as np
import torch

from tests.idioms.variant import normal, variant

LOW = torch.tensor([-0.5, -1.0, -2.0])
HIGH = torch.tensor([0.5, 1.0, 0.0])


def actor() -> torch.nn.Module:
    return torch.nn.Sequential(torch.nn.Linear(5, 16), torch.nn.ELU(), torch.nn.Linear(16, 3)).eval()


@variant(obs=(5,))
class RateLimit:
    """change per step is limited"""

    def __init__(self):
        self.policy = actor()
        self.last = torch.zeros(3)

    @torch.no_grad()
    def step(self, obs):
        wanted = torch.max(torch.min(self.policy(obs), HIGH), LOW)
        self.last = self.last + torch.clamp(wanted - self.last, -0.05, 0.05)
        return self.last


@variant(obs=(5,))
class RateLimitFromFirst:
    """rate limit that begins at the first target"""

    def __init__(self):
        self.policy = actor()
        self.last = None

    @torch.no_grad()
    def step(self, obs):
        wanted = self.policy(obs)
        if self.last is not None:
            wanted = self.last + (wanted - self.last).clamp(-0.05, 0.05)
        self.last = wanted
        return wanted


@variant(steps=12, obs=(5,), tilt=normal(1))
class WatchdogLatch:
    """a tilt above the limit switches off for good: self.fault = True"""

    def __init__(self):
        self.policy = actor()
        self.fault = False

    @torch.no_grad()
    def step(self, obs, tilt):
        if abs(tilt.item()) > 1.2:
            self.fault = True
        if self.fault:
            return torch.zeros(3)
        return self.policy(obs)


@variant(steps=12, obs=(5,), tilt=normal(1))
class WatchdogCount:
    """three bad steps in a row switch to damping"""

    def __init__(self):
        self.policy = actor()
        self.bad = 0

    @torch.no_grad()
    def step(self, obs, tilt):
        self.bad = self.bad + 1 if tilt[0] > 0.0 else 0
        if self.bad >= 2:
            return -0.1 * obs[:3]
        return self.policy(obs)


@variant(steps=12, obs=(5,), command=normal(3))
class DeadZonePython:
    """dead zone per axis in a Python loop of floats"""

    def __init__(self):
        self.policy = actor()

    @torch.no_grad()
    def step(self, obs, command):
        cleaned = [0.0 if abs(float(c)) < 0.5 else float(c) for c in command]
        return self.policy(obs) + torch.tensor(cleaned)


@variant(steps=12, obs=(5,), command=normal(3), arrays=True)
class DeadZoneNumpy:
    """dead zone by masked assignment"""

    def __init__(self):
        self.policy = actor()

    @torch.no_grad()
    def step(self, obs, command):
        command = command.copy()
        command[np.abs(command) < 0.5] = 0.0
        return self.policy(torch.from_numpy(obs)).numpy() + command


@variant(steps=12, obs=(5,), torque=normal(3))
class ClampByMinMax:
    """builtin min and max on items"""

    def __init__(self):
        self.policy = actor()

    @torch.no_grad()
    def step(self, obs, torque):
        limit = max(0.1, min(1.0, torque.abs().max().item()))
        return self.policy(obs) * limit


@variant(obs=(5,))
class AssertAndRaise:
    """asserts and raises that never fire, and a log line every 100 steps"""

    def __init__(self):
        self.policy = actor()
        self.calls = 0

    @torch.no_grad()
    def step(self, obs):
        assert obs.ndim == 1
        if torch.isnan(obs).any():
            raise RuntimeError("sensor gave NaN")
        self.calls += 1
        if self.calls % 100 == 0:
            print(f"{self.calls} control steps")
        return self.policy(obs)
