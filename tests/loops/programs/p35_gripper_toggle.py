"""gripper toggled on rising edge of a button, bool prev"""

import torch

SHAPE = (4,)


class Grip:
    def __init__(self):
        self.closed = False
        self.prev_button = False

    def step(self, obs):
        button = bool(obs[0] > 0.5)
        if button and not self.prev_button:
            self.closed = not self.closed
        self.prev_button = button
        grip = 1.0 if self.closed else -1.0
        return torch.cat([obs[1:], torch.tensor([grip])])


def make():
    return Grip()
