"""chunk queue refilled with different lengths by mode"""

import torch
import torch.nn as nn

SHAPE = (4,)


class Qd:
    def __init__(self):
        torch.manual_seed(70)
        self.net = nn.Linear(4, 12)
        self.q = []

    @torch.no_grad()
    def step(self, obs):
        if not self.q:
            c = self.net(obs).view(6, 2)
            n = 6 if obs[0] > 0 else 3
            self.q = [c[i] for i in range(n)]
        return self.q.pop(0)


def make():
    return Qd()
