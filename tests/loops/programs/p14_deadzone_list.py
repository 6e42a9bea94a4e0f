"""dead zone per axis with comprehension of floats"""

import torch
import torch.nn as nn

SHAPE = (5,)


def dead(v, th=0.3):
    if abs(v) < th:
        return 0.0
    return v - th if v > 0 else v + th


class Joy:
    def __init__(self):
        torch.manual_seed(14)
        self.net = nn.Sequential(nn.Linear(5, 8), nn.ELU(), nn.Linear(8, 2))

    def step(self, obs):
        cmd = torch.tensor([dead(float(v)) for v in obs[:3]])
        x = torch.cat([cmd, obs[3:]])
        with torch.no_grad():
            return self.net(x)


def make():
    return Joy()
