"""frame history with stride: newest, [-3], [-5] of a deque, reversed"""

from collections import deque

import torch
import torch.nn as nn

SHAPE = (3,)


class H:
    def __init__(self):
        torch.manual_seed(59)
        self.net = nn.Linear(18, 2)
        self.h = deque([torch.zeros(3) for _ in range(7)], maxlen=7)

    @torch.no_grad()
    def step(self, obs):
        self.h.appendleft(obs)
        a = [self.h[i] for i in (0, 2, 4)]
        b = list(reversed(self.h))[:3]
        return self.net(torch.cat(a + b))


def make():
    return H()
