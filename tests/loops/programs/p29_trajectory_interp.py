"""joint trajectory interpolation from the measured pose, counter, then policy"""

import torch
import torch.nn as nn

SHAPE = (6,)


class Ctl:
    def __init__(self):
        torch.manual_seed(29)
        self.net = nn.Linear(6, 3)
        self.home = torch.tensor([0.0, 0.9, -1.8])
        self.start_pos = None
        self.num_step = 10
        self.i = 0

    def step(self, obs):
        q = obs[:3]
        if self.start_pos is None:
            self.start_pos = q.clone()
        if self.i < self.num_step:
            alpha = self.i / self.num_step
            self.i += 1
            return self.start_pos * (1 - alpha) + self.home * alpha
        with torch.no_grad():
            return self.home + 0.25 * self.net(obs)


def make():
    return Ctl()
