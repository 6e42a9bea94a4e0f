"""event schedules something n steps later: countdown that is None when idle"""

import torch

SHAPE = (3,)


class E:
    def __init__(self):
        self.countdown = None
        self.stored = torch.zeros(3)

    def step(self, obs):
        if self.countdown is None:
            if obs[0] > 1.0:
                self.countdown = 3
                self.stored = obs
            return obs * 0.1
        self.countdown -= 1
        if self.countdown == 0:
            self.countdown = None
            return self.stored
        return torch.zeros(3)


def make():
    return E()
