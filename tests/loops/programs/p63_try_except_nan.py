"""NaN guard: x != x, try/except ZeroDivisionError on floats"""

import torch

SHAPE = (2,)


class N:
    def __init__(self):
        self.last = 0.0

    def step(self, obs):
        a, b = float(obs[0]), float(obs[1])
        n = max(0.0, a)
        try:
            r = b / n
        except ZeroDivisionError:
            r = self.last
        if r != r or abs(r) > 5:
            r = self.last
        self.last = r
        return torch.tensor([r, n])


def make():
    return N()
