"""emergency stop latch with early return, counter of violations"""

import torch
import torch.nn as nn

SHAPE = (4,)


class Safe:
    def __init__(self):
        torch.manual_seed(15)
        self.net = nn.Linear(4, 2)
        self.estop = False
        self.violations = 0

    def step(self, obs):
        if self.estop:
            return torch.zeros(2)
        if torch.any(obs.abs() > 2.5):
            self.violations += 1
        else:
            self.violations = max(0, self.violations - 1)
        if self.violations >= 3:
            self.estop = True
            return torch.zeros(2)
        with torch.no_grad():
            return self.net(obs).clamp(-2, 2)


def make():
    return Safe()
