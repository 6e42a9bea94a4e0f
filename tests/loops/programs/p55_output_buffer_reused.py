"""the returned buffer is kept and written in place in the next step"""

import torch

SHAPE = (3,)


class A:
    def __init__(self):
        self.out = torch.zeros(3)
        self.hist = [torch.zeros(3)] * 2

    def step(self, obs):
        self.out[:] = 0.5 * self.out + torch.tanh(obs)
        self.hist = self.hist[1:] + [self.out]
        return self.hist[0] + self.hist[1]


def make():
    return A()
