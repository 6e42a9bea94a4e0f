"""Generators and iterators that go on from step to step."""

from __future__ import annotations

import itertools
from collections import deque

import torch

from tests.capture.case import refused

DECIDES = r"decides what is computed"


def _gen():
    n = 0
    x = yield
    while True:
        n += 1
        x = yield (x * 2 if n < 12 else x * 0)


@refused(DECIDES + "|does something else", x=(1, 3))
class GenState:
    def __init__(self):
        self.g = _gen()
        next(self.g)

    def step(self, x):
        return self.g.send(x)


def _gen2():
    x = yield
    for _ in range(12):
        x = yield x * 2
    while True:
        x = yield x * 0


@refused(DECIDES + "|does something else", x=(1, 3))
class GenRange:
    def __init__(self):
        self.g = _gen2()
        next(self.g)

    def step(self, x):
        return self.g.send(x)


def _sched():
    for _ in range(12):
        yield 1.0
    while True:
        yield 0.0


@refused(DECIDES, x=(1, 3))
class GenSchedule:
    def __init__(self):
        self.g = _sched()

    def step(self, x):
        return x * next(self.g)


@refused(DECIDES, x=(1, 3))
class ItCount:
    def __init__(self):
        self.c = itertools.count()

    def step(self, x):
        return x * 2 if next(self.c) < 12 else x * 0


@refused(DECIDES, x=(1, 3))
class ItCycle:
    def __init__(self):
        self.c = itertools.cycle([1.0] * 12 + [0.0])

    def step(self, x):
        return x * next(self.c)


@refused(DECIDES, x=(1, 3))
class ItCycleTensor:
    def __init__(self):
        a, b = torch.ones(1, 3), torch.zeros(1, 3)
        self.c = itertools.cycle([a] * 12 + [b])

    def step(self, x):
        return x * next(self.c)


@refused(DECIDES, x=(1, 3))
class ItChainRepeat:
    def __init__(self):
        self.c = itertools.chain(itertools.repeat(1.0, 12), itertools.repeat(0.0))

    def step(self, x):
        return x * next(self.c)


@refused(DECIDES, x=(1, 3))
class ListIter:
    def __init__(self):
        self.c = iter([1.0] * 12 + [0.0] * 1000)

    def step(self, x):
        return x * next(self.c)


@refused(DECIDES, x=(1, 3))
class ListPop:
    def __init__(self):
        self.c = [0.0] * 1000 + [1.0] * 12

    def step(self, x):
        return x * self.c.pop()


@refused(DECIDES, x=(1, 3))
class DequeRotate:
    def __init__(self):
        self.c = deque([1.0] * 12 + [0.0])

    def step(self, x):
        v = self.c[0]
        self.c.rotate(-1)
        return x * v
