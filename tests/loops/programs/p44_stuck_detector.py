"""stuck detection over a window of positions: compare oldest and newest when full"""

from collections import deque

import torch

SHAPE = (3,)


class Stuck:
    def __init__(self):
        self.pos = deque(maxlen=5)
        self.back = 0

    def step(self, obs):
        self.pos.append(obs[:2].clone())
        if self.back > 0:
            self.back -= 1
            return torch.tensor([-0.5, 0.0])
        if len(self.pos) == 5:
            moved = torch.norm(self.pos[-1] - self.pos[0])
            if moved < 1.0:
                self.back = 3
                self.pos.clear()
        return obs[1:] * 0.5


def make():
    return Stuck()
