"""Sensor filters and finite differences that begin with the first measurement."""

from __future__ import annotations

import numpy as np
import torch

from tests.idioms.variant import variant

DT = 0.01


@variant(q=(6,))
class LowPassZeros:
    """exponential filter that starts at zeros"""

    def __init__(self):
        self.value = torch.zeros(6)

    def step(self, q):
        self.value = 0.8 * self.value + 0.2 * q
        return self.value


@variant(q=(6,))
class LowPassFirst:
    """filter starts at the first measurement: if self.value is None"""

    def __init__(self):
        self.value = None

    def step(self, q):
        if self.value is None:
            self.value = q.clone()
        else:
            self.value = 0.8 * self.value + 0.2 * q
        return self.value


@variant(q=(6,))
class VelocityByDifference:
    """velocity from the previous position, zero at first"""

    def __init__(self):
        self.previous = None

    def step(self, q):
        if self.previous is None:
            dq = torch.zeros_like(q)
        else:
            dq = (q - self.previous) / DT
        self.previous = q.clone()
        return torch.cat([q, dq.clamp(-20.0, 20.0)])


@variant(q=(6,))
class FirstFlag:
    """a boolean attribute marks the first step"""

    def __init__(self):
        self.first = True
        self.value = torch.zeros(6)

    def step(self, q):
        if self.first:
            self.value = q
            self.first = False
        self.value = self.value + 0.1 * (q - self.value)
        return self.value


@variant(q=(6,))
class ConditionalExpression:
    """prev = q if self.prev is None else self.prev"""

    def __init__(self):
        self.prev = None

    def step(self, q):
        prev = q if self.prev is None else self.prev
        self.prev = q
        return q + 0.5 * (q - prev)


@variant(q=(6,), arrays=True)
class NumpyInPlace:
    """filter state array written in place: self.y[:] = ..."""

    def __init__(self):
        self.y = np.zeros(6, dtype=np.float32)

    def step(self, q):
        self.y[:] = 0.9 * self.y + 0.1 * q
        return self.y.copy()


@variant(q=(6,))
class MeanOfSeen:
    """running mean with a Python count"""

    def __init__(self):
        self.count = 0
        self.mean = torch.zeros(6)

    def step(self, q):
        self.count += 1
        self.mean = self.mean + (q - self.mean) / self.count
        return q - self.mean


@variant(q=(6,))
def closure_filter():
    """filter state in a closure with nonlocal"""
    state = None

    def step(q):
        nonlocal state
        state = q if state is None else 0.7 * state + 0.3 * q
        return state

    return step
