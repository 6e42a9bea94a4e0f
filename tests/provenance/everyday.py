"""Small control steps as people write them; each must be exact with the code unchanged."""

from __future__ import annotations

import math
from collections import deque

import numpy as np
import torch


class FloatFromAnInteger:
    """A phase that begins as 0 and grows by 0.02."""

    def __init__(self):
        self.t = 0

    def step(self, x):
        self.t += 0.02
        return x * math.sin(self.t)


class RampToOne:
    """min(1, t / T), an int and a float."""

    def __init__(self):
        self.t = 0

    def step(self, x):
        self.t += 1
        return x * min(1, self.t / 50)


class SoftStart:
    """min(max(t / T, 0), 1) between two poses."""

    def __init__(self):
        self.t = 0

    def step(self, x):
        share = min(max(self.t / 100, 0), 1)
        self.t += 1
        return (1 - share) * torch.ones(3) + share * x


class TimerToZero:
    """max(0, timer - dt)."""

    def __init__(self):
        self.timer = 0.0

    def step(self, x):
        if x[0] > 1.0:
            self.timer = 0.5
        self.timer = max(0, self.timer - 0.02)
        return x * 0 if self.timer > 0 else x


class CounterInADictionary:
    """state["n"] += 1"""

    def __init__(self):
        self.state = {"n": 0}

    def step(self, x):
        self.state["n"] += 1
        return x * min(1.0, self.state["n"] / 50)


class WindowOfFloats:
    """append, pop(0), sum() / 5"""

    def __init__(self):
        self.window = [0.0] * 5

    def step(self, x):
        self.window.append(float(x[0]))
        self.window.pop(0)
        return x * (sum(self.window) / 5)


class DequeOfFloats:
    """a full deque of floats, its mean"""

    def __init__(self):
        self.window = deque([0.0] * 5, maxlen=5)

    def step(self, x):
        self.window.append(x[0].item())
        return x * (sum(self.window) / len(self.window))


class ErrorsInAList:
    """a PID that keeps its last error and its integral in a list"""

    def __init__(self):
        self.errors = [0.0, 0.0]

    def step(self, x):
        error = float(x[0]) - 0.3
        change = error - self.errors[0]
        self.errors[1] += error * 0.02
        self.errors[0] = error
        return x * (2 * error + 0.1 * change + self.errors[1])


class OscillatorInATuple:
    """p, q = self.state"""

    def __init__(self):
        self.state = (0.0, 1.0)

    def step(self, x):
        p, q = self.state
        p, q = p + 0.01 * q, q - 0.01 * p
        self.state = (p, q)
        return x * p


class CommandsFilteredOneByOne:
    """for i in range(3): self.command[i] = 0.9 * ..."""

    def __init__(self):
        self.command = [0.0, 0.0, 0.0]

    def step(self, x):
        for i in range(3):
            self.command[i] = 0.9 * self.command[i] + 0.1 * float(x[i])
        return torch.tensor(self.command)


class GaitByMatch:
    """match self.n % 3"""

    def __init__(self):
        self.n = 0

    def step(self, x):
        match self.n % 3:
            case 0:
                y = x
            case 1:
                y = x * 2
            case _:
                y = x * 0.5
        self.n += 1
        return y


class ModesByMatch:
    """modes by number, with guards and alternatives"""

    def __init__(self):
        self.mode = 0

    def step(self, x):
        match self.mode:
            case 0 if x[0] > 0.5:
                self.mode = 1
            case 1 if x[0] < -0.5:
                self.mode = 2
            case 2 | 3:
                self.mode = 0
        match self.mode:
            case 0:
                return x
            case 1:
                return x * 2
            case other:
                return x * other


class RingByItsIndex:
    """self.ring[self.i] = x; self.i = (self.i + 1) % 4"""

    def __init__(self):
        self.i = 0
        self.ring = torch.zeros(4, 3)

    def step(self, x):
        self.ring[self.i] = x
        self.i = (self.i + 1) % 4
        return self.ring.mean(0)


class LastActionInAnArray:
    """np.concatenate([observation, last action])"""

    def __init__(self):
        self.last = np.zeros(3, dtype=np.float32)
        self.net = torch.nn.Linear(6, 3)

    def step(self, x):
        observation = np.concatenate([x.numpy(), self.last])
        action = self.net(torch.from_numpy(observation))
        self.last = action.detach().numpy()
        return action


class HistoryFilledWithTheFirst:
    """while len(self.history) < 4: append(x)"""

    def __init__(self):
        self.history = deque(maxlen=4)

    def step(self, x):
        while len(self.history) < 4:
            self.history.append(x)
        self.history.append(x)
        return torch.stack(list(self.history)).mean(0)


class DeadBandLatch:
    """a flag with hysteresis"""

    def __init__(self):
        self.on = False

    def step(self, x):
        value = float(x[0])
        if not self.on and value > 0.5:
            self.on = True
        if self.on and value < -0.5:
            self.on = False
        return x if self.on else -x


class Best:
    """the largest reading so far"""

    def __init__(self):
        self.best = -1e9

    def step(self, x):
        value = float(x.max())
        if value > self.best:
            self.best = value
        return x - self.best


class StarredBeforeAChoice:
    """f(*readings, a if given is None else b)"""

    def __init__(self):
        self.k = 0

    def weighted(self, first, second, share, gain=None):
        return first * share + second * (1.0 if gain is None else gain)

    def step(self, x, gain=None):
        self.k += 1
        readings = [x, x * 0.5]
        return self.weighted(*readings, 0.5 if gain is None else 1.0) * (self.k % 4)


PROGRAMS = [thing for thing in list(globals().values()) if isinstance(thing, type) and hasattr(thing, "step")]
