"""namedtuple state with _replace"""

from collections import namedtuple

import torch

SHAPE = (3,)

St = namedtuple("St", "k mode y")


class Ctl:
    def __init__(self):
        self.s = St(0, "idle", torch.zeros(3))

    def step(self, obs):
        s = self.s
        if s.mode == "idle":
            s = s._replace(k=s.k + 1)
            if s.k == 6:
                s = s._replace(mode="run")
            y = s.y * 0.9
        else:
            y = 0.8 * s.y + 0.2 * obs
            if float(obs[0]) > 1.2:
                s = s._replace(mode="idle", k=0)
        self.s = s._replace(y=y)
        return y


def make():
    return Ctl()
