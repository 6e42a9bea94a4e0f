"""gait phase floats per leg, while wrap, sin/cos into observation"""

import math

import torch
import torch.nn as nn

SHAPE = (6,)


class WTW:
    def __init__(self):
        torch.manual_seed(3)
        self.policy = nn.Sequential(nn.Linear(14, 32), nn.ELU(), nn.Linear(32, 4))
        self.phase = 0.0
        self.freq = 3.0
        self.dt = 0.02
        self.offsets = [0.0, 0.5, 0.5, 0.0]

    def step(self, obs):
        self.phase += self.freq * self.dt
        while self.phase > 1:
            self.phase -= 1
        clock = []
        for off in self.offsets:
            p = self.phase + off
            if p > 1.0:
                p -= 1.0
            clock.append(math.sin(2 * math.pi * p))
            clock.append(math.cos(2 * math.pi * p))
        x = torch.cat([obs, torch.tensor(clock, dtype=torch.float32)])
        with torch.no_grad():
            return self.policy(x)


def make():
    return WTW()
