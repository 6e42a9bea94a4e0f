"""list of waypoint tensors held for a number of steps, stays at the last"""

import torch

SHAPE = (3,)


class Follow:
    HOLD = 7

    def __init__(self):
        self.points = [torch.tensor([0.5, 0.0, 0.2]), torch.tensor([0.0, 0.5, 0.1]), torch.tensor([-0.5, 0.0, 0.3])]
        self.count = 0
        self.idx = 0

    def step(self, obs):
        goal = self.points[self.idx]
        self.count += 1
        if self.count >= self.HOLD and self.idx < len(self.points) - 1:
            self.idx += 1
            self.count = 0
        return (goal - obs).clamp(-1, 1)


def make():
    return Follow()
