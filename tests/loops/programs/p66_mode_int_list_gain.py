"""integer mode up/down by buttons, clamped by min/max, gains from tensor table"""

import torch

SHAPE = (4,)


class G:
    GAINS = torch.tensor([[0.1, 0.2], [0.5, 0.6], [1.0, 1.2], [2.0, 2.5]])

    def __init__(self):
        self.level = 0
        self.prev = 0.0

    def step(self, obs):
        up = obs[0] > 0.8
        down = obs[0] < -0.8
        if up:
            self.level = min(self.level + 1, 3)
        if down:
            self.level = max(self.level - 1, 0)
        return self.GAINS[self.level] * obs[2:]


def make():
    return G()
