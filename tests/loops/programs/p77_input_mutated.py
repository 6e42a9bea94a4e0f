"""the reading itself is clamped in place and kept as last"""

import torch

SHAPE = (3,)


class A:
    def __init__(self):
        self.last = torch.zeros(3)

    def step(self, obs):
        obs.clamp_(-1, 1)
        d = obs - self.last
        self.last = obs
        if d.norm() > 1.5:
            self.last *= 0.5
        return d + self.last


def make():
    return A()
