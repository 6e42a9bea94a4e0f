"""enum.Enum modes, transition method, blend time between modes"""

import enum

import torch
import torch.nn as nn

SHAPE = (5,)


class Mode(enum.Enum):
    PASSIVE = 0
    STANDUP = 1
    POLICY = 2
    DAMPING = 3


class Machine:
    def __init__(self):
        torch.manual_seed(2)
        self.net = nn.Sequential(nn.Linear(5, 16), nn.Tanh(), nn.Linear(16, 2))
        self.mode = Mode.PASSIVE
        self.time_in_mode = 0.0
        self.dt = 0.02
        self.q_stand = torch.tensor([0.4, -0.8])
        self.start = torch.zeros(2)
        self.last = torch.zeros(2)

    def switch(self, mode):
        self.mode = mode
        self.time_in_mode = 0.0
        self.start = self.last.clone()

    def step(self, obs):
        self.time_in_mode += self.dt
        if self.mode is Mode.PASSIVE:
            out = torch.zeros(2)
            if self.time_in_mode > 0.05:
                self.switch(Mode.STANDUP)
        elif self.mode is Mode.STANDUP:
            a = min(self.time_in_mode / 0.1, 1.0)
            out = (1 - a) * self.start + a * self.q_stand
            if a >= 1.0:
                self.switch(Mode.POLICY)
        elif self.mode is Mode.POLICY:
            with torch.no_grad():
                out = self.q_stand + 0.5 * self.net(obs)
            if obs[4].abs() > 3.0:
                self.switch(Mode.DAMPING)
        else:
            out = 0.9 * self.last
            if self.time_in_mode > 0.15:
                self.switch(Mode.STANDUP)
        self.last = out
        return out


def make():
    return Machine()
