"""deque(maxlen), filled with the first observation"""

from collections import deque

import torch
import torch.nn as nn

SHAPE = (4,)


class Hist:
    def __init__(self):
        torch.manual_seed(5)
        self.policy = nn.Sequential(nn.Linear(16, 32), nn.ELU(), nn.Linear(32, 3))
        self.buf = deque(maxlen=4)

    def step(self, obs):
        if len(self.buf) == 0:
            for _ in range(4):
                self.buf.append(obs.clone())
        else:
            self.buf.append(obs.clone())
        with torch.no_grad():
            return self.policy(torch.cat(list(self.buf), dim=-1))


def make():
    return Hist()
