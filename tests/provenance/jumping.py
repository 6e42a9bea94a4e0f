"""Loops that are left early; each is exact, or refused and leaves the user's run as it is."""

from __future__ import annotations

import itertools

import torch


class BreakByANumber:
    """A schedule by time."""

    def __init__(self):
        self.t = 0.0

    def step(self, x):
        self.t += 0.02
        gain = 2.0
        for limit, value in ((0.2, 0.1), (0.5, 0.5), (1.0, 1.0)):
            if self.t < limit:
                gain = value
                break
        return x * gain


class ReturnsInALoop:
    def step(self, x):
        for number in range(3):
            if x[number] > 1.0:
                return x * (number + 1)
        return -x


class ContinuesInALoop:
    def step(self, x):
        total = torch.zeros(3)
        for number in range(3):
            if x[number] < 0:
                continue
            total = total + x * (number + 1)
        return total


class ElseOfALoop:
    def __init__(self):
        self.misses = 0

    def step(self, x):
        for number in range(3):
            if x[number] > 1.5:
                break
        else:
            self.misses += 1
        return x * min(self.misses, 20)


class LoopVariableBehindTheLoop:
    def step(self, x):
        for limit in (0.5, 1.0, 1.5):
            if x[0] < limit:
                break
        return x * limit


class NestedLoops:
    def step(self, x):
        found = 0
        for row in range(3):
            for column in range(3):
                if x[row] + x[column] > 2.0:
                    found += row + column
                    break
            if found > 3:
                break
        return x * found


class WhileByANumber:
    """A phase that comes round."""

    def __init__(self):
        self.phase = 0.0

    def step(self, x):
        self.phase += 0.3
        while self.phase >= 1.0:
            self.phase -= 1.0
        return x * self.phase


class EndlessWithBreak:
    def __init__(self):
        self.n = 0

    def step(self, x):
        self.n += 1
        k = self.n
        while True:
            if k < 5:
                break
            k -= 5
        return x * k


class ForOverEnumerate:
    def __init__(self):
        self.limits = [0.5, 1.0, 1.5]

    def step(self, x):
        for number, limit in enumerate(self.limits):
            if x[number].abs() > limit:
                return torch.full((3,), float(number))
        return x


PROGRAMS = [thing for thing in list(globals().values()) if isinstance(thing, type) and hasattr(thing, "step")]


class IteratorUsedBehindTheLoop:
    def step(self, x):
        values = iter([1.0, 2.0, 3.0])
        for value in values:
            if x[0] > value:
                break
        return x * len(list(values))


class GeneratorThatIsLeft:
    def step(self, x):
        values = (v * 1.0 for v in (1, 2, 3))
        for value in values:
            if x[0] > value:
                break
        return x * sum(values)


class CountsOnAndOn:
    def __init__(self):
        self.counter = itertools.count()

    def step(self, x):
        for number in self.counter:
            if number % 3 == 2:
                break
        return x * (number % 5)


class ManyTurns:
    """More than 64."""

    def __init__(self):
        self.p = 0.0

    def step(self, x):
        self.p = self.p + float(x[0].abs()) * 40
        while self.p > 1.0:
            self.p -= 1.0
        return x * self.p


class ZipOfAnIterator:
    def step(self, x):
        values = iter([1.0, 2.0, 3.0, 4.0])
        for value, limit in zip(values, (0.5, 1.0, 1.5), strict=False):  # noqa: B007
            if x[0] > limit:
                break
        return x * value * len(list(values))


class WhileByATensor:
    def step(self, x):
        y = x.abs()
        turns = 0
        while y[0] > 0.5:
            y = y * 0.5
            turns += 1
        return y * turns


ATTACKS = [WhileByATensor, IteratorUsedBehindTheLoop, GeneratorThatIsLeft, CountsOnAndOn, ManyTurns, ZipOfAnIterator]
