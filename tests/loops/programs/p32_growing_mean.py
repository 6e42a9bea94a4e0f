"""list grows up to 6, mean of what is there"""

import torch

SHAPE = (3,)


class Avg:
    def __init__(self):
        self.h = []

    def step(self, obs):
        self.h.append(obs)
        if len(self.h) > 6:
            del self.h[0]
        return torch.stack(self.h).mean(dim=0)


def make():
    return Avg()
