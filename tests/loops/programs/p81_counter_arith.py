"""counter with //, /, **, % in outputs"""

import torch

SHAPE = (2,)


class V:
    def __init__(self):
        self.k = 0

    def step(self, obs):
        self.k += 1
        a = self.k // 3
        b = self.k / 3
        c = 0.9**self.k
        d = -self.k % 4
        return obs[0] * torch.ones(4) + torch.tensor([float(a), b, c, float(d)])


def make():
    return V()
