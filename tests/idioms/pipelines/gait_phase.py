"""A biped whose policy is conditioned on a gait phase, in the style of humanoid deploy scripts."""

from __future__ import annotations

import math

import numpy as np
import torch

from tests.idioms.variant import variant

DT = 0.02
PERIOD = 0.8


def actor(inputs: int) -> torch.nn.Module:
    return torch.nn.Sequential(torch.nn.Linear(inputs, 24), torch.nn.ELU(), torch.nn.Linear(24, 6)).eval()


@variant(q=(6,), dq=(6,))
class TensorPhase:
    """phase is a tensor that is advanced in place"""

    def __init__(self):
        self.policy = actor(14)
        self.phase = torch.zeros(1)

    def step(self, q, dq):
        self.phase += DT / PERIOD
        self.phase %= 1.0
        angle = 2 * math.pi * self.phase
        with torch.no_grad():
            return self.policy(torch.cat([q, dq, torch.sin(angle), torch.cos(angle)]))


@variant(q=(6,), dq=(6,))
class FloatPhaseModulo:
    """phase is a Python float, advanced and wrapped by %"""

    def __init__(self):
        self.policy = actor(14)
        self.phase = 0.0

    def step(self, q, dq):
        self.phase = (self.phase + DT / PERIOD) % 1.0
        clock = torch.tensor([math.sin(2 * math.pi * self.phase), math.cos(2 * math.pi * self.phase)])
        with torch.no_grad():
            return self.policy(torch.cat([q, dq, clock]))


@variant(q=(6,), dq=(6,))
class CounterTimesDt:
    """phase from a step counter: counter * dt % period / period, as in unitree_rl_gym"""

    def __init__(self):
        self.policy = actor(14)
        self.counter = 0

    def step(self, q, dq):
        self.counter += 1
        count = self.counter * DT
        phase = count % PERIOD / PERIOD
        sin_phase = np.sin(2 * np.pi * phase)
        cos_phase = np.cos(2 * np.pi * phase)
        with torch.no_grad():
            return self.policy(torch.cat([q, dq, torch.tensor([sin_phase, cos_phase], dtype=torch.float32)]))


@variant(steps=45, q=(6,), dq=(6,))
class WrappedByIf:
    """phase is wrapped by an if and subtraction"""

    def __init__(self):
        self.policy = actor(13)
        self.phase = 0.0

    def step(self, q, dq):
        self.phase += DT / PERIOD
        if self.phase >= 1.0:
            self.phase -= 1.0
        with torch.no_grad():
            return self.policy(torch.cat([q, dq, torch.full((1,), self.phase)]))


@variant(q=(6,), dq=(6,))
class WrittenIntoObservation:
    """phase numbers written into an observation tensor made once"""

    def __init__(self):
        self.policy = actor(14)
        self.obs = torch.zeros(14)
        self.time = 0.0

    def step(self, q, dq):
        self.obs[:6] = q
        self.obs[6:12] = dq
        self.obs[12] = math.sin(2 * math.pi * self.time / PERIOD)
        self.obs[13] = math.cos(2 * math.pi * self.time / PERIOD)
        self.time += DT
        with torch.no_grad():
            return self.policy(self.obs)


@variant(q=(6,), dq=(6,), speed=(1,))
class FrequencyByCommand:
    """phase advances by a speed read with item()"""

    def __init__(self):
        self.policy = actor(13)
        self.phase = 0.0

    def step(self, q, dq, speed):
        self.phase += DT * abs(speed.item())
        self.phase -= math.floor(self.phase)
        with torch.no_grad():
            return self.policy(torch.cat([q, dq, torch.tensor([math.sin(2 * math.pi * self.phase)])]))


@variant(script=True, q=(6,), dq=(6,))
def script_with_local_counter(capture, robot):
    """the loop variable is the clock, in main()"""
    policy = actor(14)
    with capture("biped") as session:
        for i in range(robot.steps):
            now = robot.read()
            session.input_tensors("policy", now)
            phase = (i * DT) % PERIOD / PERIOD
            clock = torch.tensor([math.sin(2 * math.pi * phase), math.cos(2 * math.pi * phase)])
            with torch.no_grad():
                action = policy(torch.cat([now["q"], now["dq"], clock]))
            session.output_tensors("policy", {"action": action})
