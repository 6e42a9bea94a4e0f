"""Decisions whose untaken way would do something: keep, write, draw, raise, ask, or call what does."""

from __future__ import annotations

import math
import random
from typing import Any

import numpy as np
import torch
from torch import nn

from tests.provenance.attacks_of_branches import Counting

LOG: list[int] = []


class AppendsInBranch(Counting):
    def __init__(self):
        super().__init__()
        self.seen = []

    def step(self, x):
        self.k += 1
        if self.k % 7 == 0:
            self.seen.append(1.0)
        return x * (1.0 + len(self.seen))


class AppendsByMethodInBranch(Counting):
    def __init__(self):
        super().__init__()
        self.seen = []

    def note(self):
        self.seen.append(1.0)
        return 2.0

    def step(self, x):
        self.k += 1
        gain = 1.0
        if self.k % 7 == 0:
            gain = self.note()
        return x * gain * (1.0 + len(self.seen))


class DrawsOnTheOtherWay(Counting):
    def step(self, x):
        self.k += 1
        if self.k > 40:
            x = x + torch.randn(3)
        return x


class PythonDrawsOnTheOtherWay(Counting):
    def step(self, x):
        self.k += 1
        if self.k > 40:
            x = x + random.random()
        return x


class RaisesOnTheOtherWay(Counting):
    def step(self, x):
        self.k += 1
        gain = 1.0 / (self.k - 50) if self.k > 50 else 2.0
        return x * gain


class LogOfAnEarlierSign(Counting):
    def step(self, x):
        self.k += 1
        gain = math.log(self.k - 20) if self.k > 20 else 0.5
        return x * gain


class CatchesAll(Counting):
    def step(self, x):
        self.k += 1
        try:
            gain = 2.0
            if self.k % 9 == 8:
                gain = [1.0, 2.0][self.k]
        except IndexError:
            gain = 0.0
        return x * gain


class CatchesEverything(Counting):
    def step(self, x):
        self.k += 1
        gain = 2.0
        if self.k % 9 == 8:
            try:
                LOG.append(1)
                gain = 3.0
            except:  # noqa: E722
                gain = 4.0
        return x * gain


class FinallyCounts(Counting):
    def __init__(self):
        super().__init__()
        self.n = 0.0

    def helper(self, x):
        try:
            return x * 2
        finally:
            self.n += 1.0

    def step(self, x):
        self.k += 1
        y = self.helper(x) if self.k % 6 == 0 else x
        return y + self.n


class PropertySets(Counting):
    @property
    def gain(self):
        return self._gain

    @gain.setter
    def gain(self, value):
        self._gain = value
        self.times += 1.0

    def __init__(self):
        super().__init__()
        self.times = 0.0
        self.gain = 1.0

    def step(self, x):
        self.k += 1
        if self.k % 6 == 0:
            self.gain = 2.0
        else:
            self.gain = 1.0
        return x * self.gain + self.times


class SetattrSets:
    def __init__(self):
        object.__setattr__(self, "k", 0)
        object.__setattr__(self, "sets", 0.0)
        object.__setattr__(self, "gain", 1.0)

    def __setattr__(self, name, value):
        object.__setattr__(self, name, value)
        object.__setattr__(self, "sets", self.sets + 1.0)

    def step(self, x):
        self.k = self.k + 1
        if self.k % 6 == 0:
            self.gain = 2.0
        return x * self.gain + self.sets


class DeletedAttribute(Counting):
    def step(self, x):
        self.k += 1
        if self.k % 6 == 0:
            del self.last
            self.last = x
        return x + self.last


class CountsInTheCondition(Counting):
    def tick(self):
        self.k += 1
        return self.k

    def step(self, x):
        y = x
        if self.tick() % 3 == 0:
            y = y * 2
        if self.tick() % 5 == 0 or self.tick() % 7 == 0:
            y = y * 3
        return y + self.k


class SecondIsNotAsked(Counting):
    def tick(self):
        self.k += 1
        return self.k % 3 == 0

    def step(self, x):
        if x[0] > 0 and self.tick():
            return x * 2
        return x + self.k


class ModuleCounts(nn.Module):
    def __init__(self):
        super().__init__()
        self.calls = 0.0

    def forward(self, x):
        self.calls += 1.0
        return x * self.calls


class CountingModuleOnOneWay(Counting):
    def __init__(self):
        super().__init__()
        self.net = ModuleCounts()

    def step(self, x):
        self.k += 1
        return self.net(x) if self.k % 3 == 0 else x


class HookedModuleOnOneWay(Counting):
    def __init__(self):
        super().__init__()
        self.net = nn.Linear(3, 3)
        self.calls = 0.0
        self.net.register_forward_hook(self.hooked)

    def hooked(self, *_: Any) -> None:
        self.calls += 1.0

    @torch.no_grad()
    def step(self, x):
        self.k += 1
        y = self.net(x) if self.k % 3 == 0 else x
        return y + self.calls


class TrainingNormOnOneWay(Counting):
    def __init__(self):
        super().__init__()
        self.norm = nn.BatchNorm1d(3)

    @torch.no_grad()
    def step(self, x):
        self.k += 1
        if self.k % 3 == 0:
            self.norm(torch.stack([x, x * 2]))
        return x + self.norm.running_mean


class WritesRowsOnOneWay(Counting):
    def step(self, x):
        self.k += 1
        if self.k % 3 == 0:
            self.last[0] = x[0]
        return self.last + x


class WritesOwnRows(Counting):
    def step(self, x):
        self.k += 1
        y = torch.zeros(3)
        if self.k % 3 == 0:
            y = x.clone()
            y[0] = 5.0
        y[1] += 1.0
        return y


class ArrayOnOneWay(Counting):
    def __init__(self):
        super().__init__()
        self.table = np.zeros(3, dtype=np.float32)

    def step(self, x):
        self.k += 1
        if self.k % 6 == 0:
            self.table[0] += 1.0
        return x + torch.from_numpy(self.table)


class ClosedOver(Counting):
    def step(self, x):
        self.k += 1
        gain = 1.0

        def scaled():
            return x * gain

        if self.k % 4 == 0:
            gain = 3.0
        return scaled()


class GlobalCounter(Counting):
    count = 0.0

    def step(self, x):
        self.k += 1
        if self.k % 4 == 0:
            type(self).count += 1.0
        return x + self.count


class SharedOwner(Counting):
    def __init__(self):
        super().__init__()
        self.pid = Counting()
        self.other = self.pid

    def step(self, x):
        self.k += 1
        if self.k % 4 == 0:
            self.pid.k += 2
        else:
            self.other.k += 1
        return x * (self.pid.k % 5)


class EndlessOnTheOtherWay(Counting):
    def step(self, x):
        self.k += 1
        n = 0
        if self.k > 60:
            while self.k > 60 + n:
                n += 1
        return x + n


class CountingProperty:
    def __init__(self):
        self._gain, self.reads = 1.0, 0

    @property
    def gain(self):
        self.reads += 1
        return self._gain

    @gain.setter
    def gain(self, value):
        self._gain = value

    def step(self, x):
        if x[0] > 0:
            self.gain = 1.1
        else:
            self.gain = 0.7
        return x * self._gain + self.reads


ATTACKS = [
    value
    for value in list(globals().values())
    if isinstance(value, type) and hasattr(value, "step") and value.__module__ == __name__
]
