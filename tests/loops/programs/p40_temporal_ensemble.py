"""list of past chunks, average of overlapping predictions, grows to 4"""

import math

import torch
import torch.nn as nn

SHAPE = (4,)


class Ens:
    def __init__(self):
        torch.manual_seed(40)
        self.net = nn.Linear(4, 4 * 2)
        self.chunks = []

    @torch.no_grad()
    def step(self, obs):
        self.chunks.append(self.net(obs).view(4, 2))
        if len(self.chunks) > 4:
            self.chunks.pop(0)
        n = len(self.chunks)
        acc = torch.zeros(2)
        tot = 0.0
        for i, c in enumerate(self.chunks):
            w = math.exp(-0.1 * i)
            acc = acc + w * c[n - 1 - i]
            tot += w
        return acc / tot


def make():
    return Ens()
