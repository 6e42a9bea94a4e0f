"""ring buffer of tensors (list) with index modulo: delayed action"""

import torch
import torch.nn as nn

SHAPE = (3,)


class Delay:
    def __init__(self):
        torch.manual_seed(10)
        self.net = nn.Linear(3, 2)
        self.ring = [torch.zeros(2) for _ in range(4)]
        self.k = 0

    def step(self, obs):
        with torch.no_grad():
            a = torch.tanh(self.net(obs))
        out = self.ring[self.k % 4]
        self.ring[self.k % 4] = a
        self.k += 1
        return out


def make():
    return Delay()
