"""contact hysteresis per leg with list of bools and air time floats"""

import torch

SHAPE = (4,)


class Contact:
    def __init__(self):
        self.contact = [False] * 4
        self.air = [0.0] * 4
        self.dt = 0.02

    def step(self, obs):
        out = []
        for i in range(4):
            f = obs[i].item()
            if self.contact[i] and f < -0.2:
                self.contact[i] = False
            elif not self.contact[i] and f > 0.4:
                self.contact[i] = True
            if self.contact[i]:
                self.air[i] = 0.0
            else:
                self.air[i] += self.dt
            out.append(self.air[i])
        return torch.tensor(out)


def make():
    return Contact()
