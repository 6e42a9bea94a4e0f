"""chunk queue is flushed by an event (big error), refilled"""

from collections import deque

import torch
import torch.nn as nn

SHAPE = (4,)


class Qd:
    def __init__(self):
        torch.manual_seed(71)
        self.net = nn.Linear(4, 8)
        self.q = deque()

    @torch.no_grad()
    def step(self, obs):
        if obs[0] > 1.5:
            self.q.clear()
        if not self.q:
            self.q.extend(self.net(obs).view(4, 2).unbind(0))
        return self.q.popleft()


def make():
    return Qd()
