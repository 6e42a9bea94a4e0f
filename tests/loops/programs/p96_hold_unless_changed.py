"""output held unless it changes more than eps; hold time limit"""

import torch

SHAPE = (3,)


class V:
    def __init__(self):
        self.out = torch.zeros(3)
        self.held = 0

    def step(self, obs):
        new = torch.tanh(obs)
        if (new - self.out).abs().max() < 0.9 and self.held < 4:
            self.held += 1
        else:
            self.out = new
            self.held = 0
        return self.out


def make():
    return V()
