"""keeps the best reading so far by a score, decays"""

import torch

SHAPE = (3,)


class V:
    def __init__(self):
        self.best = torch.zeros(3)
        self.score = -1e9

    def step(self, obs):
        s = float(-((obs[0] - 0.5) ** 2))
        if s > self.score:
            self.score = s
            self.best = obs
        else:
            self.score -= 0.05
        return self.best - 0.1 * obs


def make():
    return V()
