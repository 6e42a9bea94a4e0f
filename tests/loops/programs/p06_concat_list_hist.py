"""self.hist = self.hist[1:] + [x], last action in it, np.clip"""

import numpy as np
import torch
import torch.nn as nn

SHAPE = (4,)
NUMPY = True


class Hist:
    def __init__(self):
        torch.manual_seed(6)
        self.policy = nn.Sequential(nn.Linear(18, 32), nn.ELU(), nn.Linear(32, 2))
        self.hist = [np.zeros(6, dtype=np.float32) for _ in range(3)]
        self.action = np.zeros(2, dtype=np.float32)

    def step(self, obs):
        x = np.concatenate([np.clip(obs, -5, 5), self.action])
        self.hist = self.hist[1:] + [x]
        with torch.no_grad():
            self.action = self.policy(torch.from_numpy(np.concatenate(self.hist)).unsqueeze(0)).numpy().squeeze()
        return 0.25 * self.action


def make():
    return Hist()
