"""chunk None at first and again None after an event, index in it"""

import torch
import torch.nn as nn

SHAPE = (4,)


class V:
    def __init__(self):
        torch.manual_seed(88)
        self.net = nn.Linear(4, 8)
        self.chunk = None
        self.i = 0

    @torch.no_grad()
    def step(self, obs):
        if self.chunk is None:
            self.chunk = self.net(obs).view(4, 2)
            self.i = 0
        a = self.chunk[self.i]
        self.i += 1
        if self.i == 4 or obs[1] > 1.0:
            self.chunk = None
        return a


def make():
    return V()
