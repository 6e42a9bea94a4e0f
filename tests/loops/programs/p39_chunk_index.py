"""chunk list index, refilled every 4 steps or on big error (receding)"""

import torch
import torch.nn as nn

SHAPE = (4,)


class Chunk:
    def __init__(self):
        torch.manual_seed(39)
        self.net = nn.Linear(4, 6 * 2)
        self.chunk = None
        self.idx = 0

    @torch.no_grad()
    def step(self, obs):
        if self.chunk is None or self.idx >= 4 or obs[0] > 2.0:
            self.chunk = self.net(obs).reshape(6, 2)
            self.idx = 0
        a = self.chunk[self.idx]
        self.idx += 1
        return a


def make():
    return Chunk()
