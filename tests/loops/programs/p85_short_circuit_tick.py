"""`if armed and self.tick()`: a call with side effect behind `and`"""

import torch

SHAPE = (3,)


class V:
    def __init__(self):
        self.n = 0

    def tick(self):
        self.n += 1
        return self.n > 4

    def step(self, obs):
        if obs[0] > 0 and self.tick():
            self.n = 0
            return torch.ones(3)
        return obs + 0.1 * self.n


def make():
    return V()
