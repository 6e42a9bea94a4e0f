"""Programs whose captured steps compute nothing: what is handed on as it came is chosen in Python."""

from __future__ import annotations

import torch

from tests.capture.case import refused

DECIDES = r"decides what is computed"


@refused(DECIDES, x=(1, 3))
class QueueIdentity:
    def __init__(self):
        self.q = []

    def step(self, x):
        self.q.append(1)
        return x if len(self.q) < 10 else x * 2


@refused(DECIDES, x=(1, 3))
class TimerIdentity:
    def __init__(self):
        self.t = 0

    def step(self, x):
        self.t += 1
        if self.t < 10:
            return x
        return x * 2


@refused(DECIDES, x=(1, 3))
class TimerIdentity2:
    def __init__(self):
        self.t = 0

    def step(self, x):
        if self.t < 10:
            y = x
        else:
            z = x * 1
            y = z * 2
        self.t += 1
        return y


@refused(DECIDES, x=(1, 3))
class TimerConst:
    def __init__(self):
        self.t = 0
        self.z = torch.zeros(1, 3)

    def step(self, x):
        self.t += 1
        if self.t < 10:
            return self.z
        return x * 2


@refused(DECIDES, x=(1, 3))
class TimerConstLazyPick:
    def __init__(self):
        self.t = 0
        self.tab = [torch.zeros(1, 3), torch.ones(1, 3)]

    def step(self, x):
        self.t += 1
        return self.tab[self.t // 10 % 2]


@refused(DECIDES, x=(1, 3))
class GateBool:
    def __init__(self):
        self.t = 0

    def act(self, x):
        return x * 2

    def step(self, x):
        self.t += 1
        active = self.t > 10
        return self.act(x) if active else x


@refused(DECIDES, x=(1, 3))
class EarlyReturnAttr:
    def __init__(self):
        self.t = 0
        self.last = torch.zeros(1, 3)

    def step(self, x):
        self.t += 1
        if self.t % 20 != 0:
            return self.last
        self.last = x * 2
        return self.last


@refused(DECIDES, x=(1, 3))
class IdentityFilter:
    def __init__(self):
        self.on = False
        self.c = 0

    def step(self, x):
        self.c = self.c + 1
        if self.c == 11:
            self.on = True
        if self.on:
            return x * 2
        return x


@refused(DECIDES, x=(1, 3))
class IdentityDict:
    def __init__(self):
        self.s = {"n": 0}

    def step(self, x):
        self.s["n"] += 1
        if self.s["n"] > 10:
            return x * 2
        return x


@refused(DECIDES, x=(1, 3))
def identity_item(x):
    if x[0, 0].item() > 15:
        return x * 0
    return x
