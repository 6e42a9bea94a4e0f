"""python modulo of negative angle, fmod, wrap to pi"""

import math

import torch

SHAPE = (2,)


def wrap(a):
    return (a + math.pi) % (2 * math.pi) - math.pi


class W:
    def __init__(self):
        self.yaw = 0.0

    def step(self, obs):
        self.yaw = wrap(self.yaw + 0.3 * obs[0].item())
        return torch.tensor([self.yaw, math.fmod(self.yaw * 3, 1.0)]) + obs


def make():
    return W()
