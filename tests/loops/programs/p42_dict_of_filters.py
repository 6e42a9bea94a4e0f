"""dict of per-joint filter floats, keys iterated"""

import torch

SHAPE = (3,)


class Ctl:
    names = ("hip", "thigh", "calf")

    def __init__(self):
        self.y = {n: 0.0 for n in self.names}
        self.sat = {n: 0 for n in self.names}

    def step(self, obs):
        for i, n in enumerate(self.names):
            v = obs[i].item()
            self.y[n] += 0.3 * (v - self.y[n])
            if abs(self.y[n]) > 1.0:
                self.sat[n] += 1
            if self.sat[n] > 4:
                self.y[n] = 0.0
                self.sat[n] = 0
        return torch.tensor([self.y[n] for n in self.names])


def make():
    return Ctl()
