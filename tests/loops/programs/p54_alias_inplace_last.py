"""last observation kept without clone, then written in place"""

import torch

SHAPE = (3,)


class A:
    def __init__(self):
        self.last = torch.zeros(3)

    def step(self, obs):
        prev = self.last
        out = obs - prev
        self.last = obs * 1.0
        alias = self.last
        alias[0] += 0.5
        alias.mul_(0.9)
        return out + self.last


def make():
    return A()
