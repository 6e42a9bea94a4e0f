"""generator yields gait phase, next() in each step"""

import math

import torch
import torch.nn as nn

SHAPE = (3,)


def phases(freq, dt):
    p = 0.0
    while True:
        yield p
        p = (p + freq * dt) % 1.0


class Ctl:
    def __init__(self):
        torch.manual_seed(25)
        self.net = nn.Linear(5, 2)
        self.gen = phases(2.0, 0.02)

    def step(self, obs):
        p = next(self.gen)
        clock = torch.tensor([math.sin(2 * math.pi * p), math.cos(2 * math.pi * p)], dtype=torch.float32)
        with torch.no_grad():
            return self.net(torch.cat([obs, clock]))


def make():
    return Ctl()
