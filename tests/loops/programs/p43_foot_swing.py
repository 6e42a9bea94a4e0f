"""swing foot trajectory: per-leg phase, if swing elif stance, bezier height"""

import math

import torch

SHAPE = (4,)


def swing_height(p, h):
    if p < 0.5:
        return h * (1 - math.cos(2 * math.pi * p))
    return 2 * h * (1 - p) * 2


class Legs:
    def __init__(self):
        self.t = 0
        self.period = 16
        self.offset = [0, 8, 4, 12]

    def step(self, obs):
        z = []
        for leg in range(4):
            k = (self.t + self.offset[leg]) % self.period
            if k < 8:
                z.append(swing_height(k / 8, 0.06))
            else:
                z.append(0.0)
        self.t += 1
        return obs + torch.tensor(z)


def make():
    return Legs()
