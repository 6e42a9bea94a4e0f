"""nn.Module with buffers: normalizer statistics updated for 10 steps then frozen"""

import torch
import torch.nn as nn

SHAPE = (4,)


class Norm(nn.Module):
    def __init__(self):
        super().__init__()
        torch.manual_seed(65)
        self.register_buffer("mean", torch.zeros(4))
        self.register_buffer("n", torch.zeros((), dtype=torch.long))
        self.lin = nn.Linear(4, 2)

    def forward(self, x):
        if self.n < 10:
            self.n += 1
            self.mean += (x - self.mean) / self.n
        return self.lin(x - self.mean)


class W:
    def __init__(self):
        self.m = Norm()

    @torch.no_grad()
    def step(self, obs):
        return self.m(obs)


def make():
    return W()
