"""average of the first 8 readings becomes the offset (list appended, then stacked once)"""

import torch

SHAPE = (3,)


class Cal:
    def __init__(self):
        self.samples = []
        self.offset = None

    def step(self, obs):
        if self.offset is None:
            self.samples.append(obs)
            if len(self.samples) == 4:
                self.offset = torch.stack(self.samples).mean(0)
            return torch.zeros(3)
        return obs - self.offset


def make():
    return Cal()
