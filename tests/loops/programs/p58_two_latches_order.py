"""two latches, armed by reading, order of checks and early returns"""

import torch

SHAPE = (3,)


class L:
    def __init__(self):
        self.armed = False
        self.fault = False
        self.n = 0

    def step(self, obs):
        if not self.armed:
            if obs[0] > 0.8:
                self.armed = True
                self.n = 0
            return torch.zeros(3)
        self.n += 1
        if obs[1] < -2.0:
            self.fault = True
        if self.fault and self.n > 3:
            self.armed = False
            self.fault = False
            return -obs
        return obs.clamp(-1, 1)


def make():
    return L()
