"""Python bookkeeping beside the policy that changes nothing, weights that adapt, state in odd places."""

from __future__ import annotations

import dataclasses
import time
from collections import deque

import torch
from torch import nn

from tests.capture.case import exact


@exact(x=(3,))
class RunningReward:
    """A reward is summed, its best kept, its mean now and then."""

    def __init__(self):
        self.total, self.best, self.n = 0.0, -1e9, 0

    def step(self, x):
        reward = x.sum().item()
        self.total += reward
        self.n += 1
        if reward > self.best:
            self.best = reward
        if self.n % 100 == 0:
            self.mean = self.total / self.n
        return x * 2


@exact(x=(3,))
class EpisodeEnds:
    """Ends of episodes that no captured step has are noted in a list that the program never reads."""

    def __init__(self):
        self.length, self.infos = 0, []

    def step(self, x):
        self.length += 1
        terminated = bool(x.abs().max() > 50)
        if terminated or self.length >= 1000:
            self.infos.append({"length": 1.0})
            self.length = 0
        return x * 2


@exact(x=(1, 3))
class InfoDictionary:
    def __init__(self):
        self.info = {}

    def step(self, x):
        self.info["reward"] = x.sum().item()
        self.info["done"] = bool((x > 50).any())
        return x * 2


@exact(x=(3,))
class CountedFirstStep:
    """The first step, known by a Python counter, sets the state up."""

    def __init__(self):
        self.n = 0

    def step(self, x):
        if self.n == 0:
            self.h = torch.ones(3)
        self.n += 1
        self.h = self.h * 0.5 + x
        return self.h


@exact(x=(3,))
class FramesPerSecond:
    def __init__(self):
        self.before = time.time()

    def step(self, x):
        now = time.time()
        y = x * 2
        self.fps = 1.0 / max(now - self.before, 1e-6)
        self.before = now
        return y


@exact(x=(3,))
class RendersEveryFourth:
    def __init__(self):
        self.k = self.frames = 0

    def _render(self):
        self.frames += 1

    def step(self, x):
        self.k += 1
        y = x * 2
        if self.k % 4 == 0:
            self._render()
        return y


@exact(x=(1, 3))
class AdaptsOnline:
    """Weights are changed in the step, without gradients."""

    def __init__(self):
        self.net = nn.Linear(3, 3)

    def step(self, x):
        y = self.net(x)
        with torch.no_grad():
            self.net.weight -= 0.01 * y.t() @ x
        return y


@exact(x=(1, 3))
class OptimizerWithMomentum:
    """An optimizer steps on gradients that the program computes itself."""

    def __init__(self):
        self.p = nn.Parameter(torch.zeros(1, 3))
        self.optimizer = torch.optim.SGD([self.p], lr=0.01, momentum=0.9)

    def step(self, x):
        self.p.grad = self.p.detach() - x
        self.optimizer.step()
        return self.p.detach().clone()


@exact(x=(3,))
class DequeDelay:
    def __init__(self):
        self.queue = deque([torch.zeros(3)] * 2, maxlen=2)

    def step(self, x):
        old = self.queue[0]
        self.queue.append(x * 2)
        return old + x


@dataclasses.dataclass
class _Motion:
    pos: torch.Tensor
    vel: torch.Tensor


@exact(x=(3,))
class DataclassReplaced:
    def __init__(self):
        self.motion = _Motion(torch.zeros(3), torch.zeros(3))

    def step(self, x):
        vel = self.motion.vel * 0.9 + x
        self.motion = dataclasses.replace(self.motion, pos=self.motion.pos + vel * 0.02, vel=vel)
        return self.motion.pos


@exact(x=(3,))
class CounterLatch:
    """A tensor counter lets a value in after the captured steps."""

    def __init__(self):
        self.n, self.h = torch.zeros((), dtype=torch.long), torch.zeros(3)

    def step(self, x):
        self.n += 1
        self.h = torch.where(self.n % 8 == 0, x, self.h)
        return x + self.h


@dataclasses.dataclass(slots=True, order=True)
class _Aged:
    hidden: torch.Tensor
    age: int = 0


@exact(x=(2, 3))
class DataclassWithAge:
    """Dataclasses compare by all they hold; this one is not compared."""

    def __init__(self):
        self.aged = _Aged(torch.zeros(2, 3))

    def step(self, x):
        self.aged.hidden = self.aged.hidden * 0.5 + x
        self.aged.age += 1
        return self.aged.hidden
