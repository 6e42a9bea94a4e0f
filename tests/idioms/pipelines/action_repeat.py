"""A policy that is asked every n-th control step; the action is held between."""

from __future__ import annotations

import torch

from tests.idioms.variant import variant

DECIMATION = 4


def actor() -> torch.nn.Module:
    return torch.nn.Sequential(torch.nn.Linear(10, 16), torch.nn.Tanh(), torch.nn.Linear(16, 3)).eval()


@variant(obs=(10,))
class ModuloCounter:
    """if self.counter % 4 == 0: ask the policy"""

    def __init__(self):
        self.policy = actor()
        self.counter = 0
        self.action = torch.zeros(3)

    def step(self, obs):
        if self.counter % DECIMATION == 0:
            with torch.no_grad():
                self.action = self.policy(obs)
        self.counter += 1
        return self.action


@variant(obs=(10,))
class CountDown:
    """a countdown that is set again when it reaches zero"""

    def __init__(self):
        self.policy = actor()
        self.remaining = 0
        self.action = None

    def step(self, obs):
        if self.remaining == 0:
            with torch.no_grad():
                self.action = self.policy(obs)
            self.remaining = DECIMATION
        self.remaining -= 1
        return self.action


@variant(obs=(10,))
class TensorCounter:
    """counter is a tensor, selection by torch.where"""

    def __init__(self):
        self.policy = actor()
        self.counter = torch.zeros((), dtype=torch.int64)
        self.action = torch.zeros(3)

    def step(self, obs):
        with torch.no_grad():
            fresh = self.policy(obs)
        self.action = torch.where(self.counter % DECIMATION == 0, fresh, self.action)
        self.counter = self.counter + 1
        return self.action


@variant(obs=(10,))
class Interpolated:
    """sub-steps interpolate between the last two actions"""

    def __init__(self):
        self.policy = actor()
        self.tick = 0
        self.start = torch.zeros(3)
        self.goal = torch.zeros(3)

    def step(self, obs):
        phase = self.tick % DECIMATION
        if phase == 0:
            self.start = self.goal
            with torch.no_grad():
                self.goal = self.policy(obs)
        ratio = (phase + 1) / DECIMATION
        self.tick += 1
        return self.start + ratio * (self.goal - self.start)


@variant(q=(3,), obs=(10,))
class RelativeTarget:
    """target relative to the joint positions of the step that asked the policy"""

    def __init__(self):
        self.policy = actor()
        self.i = 0
        self.target = None

    def step(self, q, obs):
        if self.i % 2 == 0:
            with torch.no_grad():
                self.target = q + 0.1 * self.policy(obs)
        self.i += 1
        return 20.0 * (self.target - q)


@variant(script=True, obs=(10,))
def script_modulo(capture, robot):
    """the loop variable decides in main() when the policy is asked"""
    policy = actor()
    action = torch.zeros(3)
    with capture("repeat") as session:
        for i in range(robot.steps):
            now = robot.read()
            session.input_tensors("policy", now)
            if i % DECIMATION == 0:
                with torch.no_grad():
                    action = policy(now["obs"])
            session.output_tensors("policy", {"action": action})
