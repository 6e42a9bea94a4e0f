"""GRU cell state None at first, reset to None on an event flag"""

import torch
import torch.nn as nn

SHAPE = (5,)


class Rec:
    def __init__(self):
        torch.manual_seed(27)
        self.cell = nn.GRUCell(5, 8)
        self.head = nn.Linear(8, 2)
        self.h = None

    @torch.no_grad()
    def step(self, obs):
        if obs[4] > 1.5:
            self.h = None
        self.h = self.cell(obs.unsqueeze(0), self.h)
        return self.head(self.h).squeeze(0)


def make():
    return Rec()
