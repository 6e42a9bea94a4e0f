"""history list that grows, pop(0) when longer than 5, zero padded until full"""

import torch
import torch.nn as nn

SHAPE = (4,)


class Hist:
    def __init__(self):
        torch.manual_seed(4)
        self.policy = nn.Sequential(nn.Linear(20, 32), nn.ELU(), nn.Linear(32, 3))
        self.h = []

    def step(self, obs):
        self.h.append(obs)
        if len(self.h) > 5:
            self.h.pop(0)
        frames = list(self.h)
        while len(frames) < 5:
            frames.insert(0, torch.zeros(4))
        with torch.no_grad():
            return self.policy(torch.cat(frames))


def make():
    return Hist()
