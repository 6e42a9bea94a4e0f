"""tensor state written in place under an if, other element in else"""

import torch

SHAPE = (3,)


class V:
    def __init__(self):
        self.buf = torch.zeros(4)
        self.k = 0

    def step(self, obs):
        if obs[0] > 0:
            self.buf[0] = obs[1]
            self.buf[1] += 0.1
            self.k += 1
        else:
            self.buf[2] = obs[2]
            self.buf[3] -= 0.1
            self.k = 0
        if self.k >= 3:
            self.buf.zero_()
            self.k = 0
        return self.buf * 1.0


def make():
    return V()
