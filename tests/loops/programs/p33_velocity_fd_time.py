"""finite difference velocity with prev None, alpha by speed, class attribute"""

import torch

SHAPE = (3,)


class Est:
    dt = 0.02
    limit = 20.0

    def __init__(self):
        self.prev = None
        self.v = torch.zeros(3)

    def step(self, obs):
        if self.prev is not None:
            raw = (obs - self.prev) / self.dt
            raw = torch.clamp(raw, -self.limit, self.limit)
            a = 0.1 if raw.abs().max() > 15 else 0.5
            self.v = (1 - a) * self.v + a * raw
        self.prev = obs
        return self.v


def make():
    return Est()
