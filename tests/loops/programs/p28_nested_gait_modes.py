"""nested Controller/Gait objects; gait frequency by mode; phase wrap with if"""

import math

import torch
import torch.nn as nn

SHAPE = (6,)


class Gait:
    FREQ = {"stance": 0.0, "walk": 2.0, "trot": 3.5}

    def __init__(self):
        self.name = "stance"
        self.phase = 0.0

    def update(self, speed, dt):
        if speed < 0.5:
            self.name = "stance"
        elif speed < 1.5:
            self.name = "walk"
        else:
            self.name = "trot"
        if self.name == "stance":
            self.phase = 0.0
        else:
            self.phase += self.FREQ[self.name] * dt
            if self.phase >= 1.0:
                self.phase -= 1.0
        return self.phase


class Ctl:
    def __init__(self):
        torch.manual_seed(28)
        self.net = nn.Sequential(nn.Linear(8, 16), nn.ELU(), nn.Linear(16, 3))
        self.gait = Gait()

    def step(self, obs):
        p = self.gait.update(obs[:3].norm().item(), 0.02)
        x = torch.cat((obs, torch.tensor([math.sin(2 * math.pi * p), math.cos(2 * math.pi * p)])))
        with torch.no_grad():
            a = self.net(x)
        if self.gait.name == "stance":
            a = torch.zeros_like(a)
        return a


def make():
    return Ctl()
