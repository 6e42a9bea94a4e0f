"""loop over joints with early return naming the joint"""

import torch

SHAPE = (3,)


class V:
    LIM = [1.0, 1.5, 2.0]

    def __init__(self):
        self.hits = 0

    def step(self, obs):
        for i, lim in enumerate(self.LIM):
            if obs[i].abs() > lim:
                self.hits += 1
                return torch.full((3,), 0.1 * (i + 1)) * self.hits
        self.hits = 0
        return obs


def make():
    return V()
