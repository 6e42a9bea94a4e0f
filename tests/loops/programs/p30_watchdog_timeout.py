"""watchdog: stale reading (same as the last one/zero norm) counts time, falls back"""

import torch
import torch.nn as nn

SHAPE = (4,)


class Ctl:
    TIMEOUT = 0.06

    def __init__(self):
        torch.manual_seed(30)
        self.net = nn.Linear(4, 2)
        self.since = 0.0
        self.last_good = torch.zeros(4)

    def step(self, obs):
        valid = bool((obs.abs() < 2.0).all())
        if valid:
            self.last_good = obs
            self.since = 0.0
        else:
            self.since += 0.02
        if self.since >= self.TIMEOUT:
            return torch.zeros(2)
        with torch.no_grad():
            return torch.tanh(self.net(self.last_good))


def make():
    return Ctl()
