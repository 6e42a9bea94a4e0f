"""pick task: list of (name, duration) stages by index, target per stage in a dict"""

import torch

SHAPE = (3,)

STAGES = [("approach", 6), ("grasp", 4), ("lift", 5)]
TARGET = {
    "approach": torch.tensor([0.3, 0.0, 0.1]),
    "grasp": torch.tensor([0.3, 0.0, 0.0]),
    "lift": torch.tensor([0.3, 0.0, 0.4]),
}


class Task:
    def __init__(self):
        self.stage = 0
        self.ticks = 0

    def step(self, obs):
        name, duration = STAGES[self.stage]
        out = 2.0 * (TARGET[name] - obs)
        self.ticks += 1
        if self.ticks >= duration:
            self.ticks = 0
            self.stage = (self.stage + 1) % len(STAGES)
        return torch.clamp(out, -1.0, 1.0)


def make():
    return Task()
