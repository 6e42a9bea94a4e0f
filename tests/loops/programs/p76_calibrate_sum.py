"""average of the first 8 readings by sum and counter, then frozen"""

import torch

SHAPE = (3,)


class Cal:
    def __init__(self):
        self.sum = torch.zeros(3)
        self.n = 0

    def step(self, obs):
        if self.n < 8:
            self.sum = self.sum + obs
            self.n += 1
            return torch.zeros(3)
        return obs - self.sum / self.n


def make():
    return Cal()
