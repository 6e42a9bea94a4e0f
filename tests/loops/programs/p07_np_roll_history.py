"""numpy roll history buffer filled in place, numpy in numpy out"""

import numpy as np
import torch
import torch.nn as nn

SHAPE = (3,)
NUMPY = True


class Hist:
    def __init__(self):
        torch.manual_seed(7)
        self.policy = nn.Sequential(nn.Linear(12, 16), nn.ELU(), nn.Linear(16, 3))
        self.buf = np.zeros((4, 3), dtype=np.float32)

    def step(self, obs):
        self.buf = np.roll(self.buf, -1, axis=0)
        self.buf[-1] = np.clip(obs, -10, 10)
        with torch.no_grad():
            a = self.policy(torch.tensor(self.buf.flatten()))
        return a.numpy() * 0.5


def make():
    return Hist()
