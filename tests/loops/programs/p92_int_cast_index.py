"""int(obs) truncation into a bin table, round"""

import torch

SHAPE = (3,)


class V:
    TABLE = torch.tensor([0.1, 0.4, 0.9, 1.6, 2.5])

    def step(self, obs):
        b = int(obs[0] * 2) + 2
        b = max(0, min(4, b))
        return obs * self.TABLE[b] + torch.round(obs[1] * 2) / 2


def make():
    return V()
