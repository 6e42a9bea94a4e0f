"""Decisions whose ways leave behind other kinds, shapes or types, end in other places, or decide again."""

from __future__ import annotations

import enum

import torch


class Counting:
    def __init__(self):
        self.k = 0
        self.last = torch.zeros(3)


class DropsARow(Counting):
    def step(self, x):
        self.k += 1
        y = x[:2] if self.k % 6 == 0 else x[1:]
        return y.sum() + x


class OtherShapes(Counting):
    def step(self, x):
        self.k += 1
        y = x[:1] if self.k % 6 == 0 else x[1:]
        return y.sum() + x


class OtherTypes(Counting):
    def step(self, x):
        self.k += 1
        y = x.double() if self.k % 6 == 0 else x
        return (y * 2).float()


class IntAndFloat(Counting):
    def step(self, x):
        self.k += 1
        gain = 1 if self.k % 6 == 0 else 0.5
        return x * gain + (1.0 if isinstance(gain, int) else 0.0)


class TypeIsAsked(Counting):
    def step(self, x):
        self.k += 1
        return x * 2 if type(min(1, self.k / 50)) is int else x


class TextIsAsked(Counting):
    def step(self, x):
        self.k += 1
        return x * 2 if str(min(1, self.k / 50)) == "1" else x


class IntegerTensorOfEither(Counting):
    def step(self, x):
        self.k += 1
        return torch.tensor([max(0, 1 - self.k), 3]).sum() / 2 * x + torch.tensor([max(0, self.k / 7 - 9), 0, 0])


class IntegersTimesEither(Counting):
    def step(self, x):
        self.k += 1
        return torch.ones(3, dtype=torch.int64) * max(0, self.k / 7 - 9) + x


class FilledWithEither(Counting):
    def step(self, x):
        self.k += 1
        return torch.full((3,), max(0, self.k / 7 - 9)) / 2 + x


class EitherIsKept(Counting):
    def __init__(self):
        super().__init__()
        self.share = 0

    def step(self, x):
        self.k += 1
        y = x * 2 if isinstance(self.share, float) else x * self.share
        self.share = max(0, self.k / 7 - 9)
        return y


class LateAttributeByDefault(Counting):
    def step(self, x):
        self.k += 1
        if self.k > 40:
            self.late = 1.0
        return x * getattr(self, "late", 0.5)


class LateAttributeAskedFor(Counting):
    def step(self, x):
        self.k += 1
        if self.k > 40:
            self.late = 1.0
        return x * 2 if hasattr(self, "late") else x


class NoneAndTensor(Counting):
    def step(self, x):
        self.k += 1
        extra = x * 2 if self.k % 6 == 0 else None
        return x if extra is None else x + extra


class NoneEachTime(Counting):
    def __init__(self):
        super().__init__()
        self.extra = None

    def step(self, x):
        self.k += 1
        if self.k % 6 == 1:
            self.extra = x * 2
        if self.k % 6 == 4:
            self.extra = None
        return x if self.extra is None else x + self.extra


class DecidedByReadings(Counting):
    def __init__(self):
        super().__init__()
        self.start = None

    def step(self, x):
        if x.sum() > 0:
            self.start = x.clone()
        return x if self.start is None else x - self.start


class EarlyReturn(Counting):
    def step(self, x):
        self.k += 1
        if self.k % 5 == 0:
            return self.last
        if x.sum() > 0:
            self.last = x * 2
            return self.last + 1
        self.last = x * 3
        return self.last


class EarlyReturnInAWith(Counting):
    def step(self, x):
        with torch.no_grad():
            self.k += 1
            if self.k % 5 == 0:
                return x * 2
            return x


class ReturnsFromALoop(Counting):
    def step(self, x):
        self.k += 1
        for i in range(3):
            if self.k % 4 == i:
                return x * (i + 1)
        return x * 9


class BreaksOutOfALoop(Counting):
    def step(self, x):
        self.k += 1
        total = x * 0
        for i in range(5):
            if i > self.k % 4:
                break
            total = total + x * i
        return total


class LoopsOverDecisions(Counting):
    def step(self, x):
        self.k += 1
        parts = []
        for i in range(3):
            v = x[i]
            if v < -0.5:
                v = v * 0.1
            elif v > 0.5 and self.k % 2:
                v = v * 10
            parts.append(v)
        return torch.stack(parts)


class NestedDecisions(Counting):
    def step(self, x):
        self.k += 1
        if self.k % 2 == 0:
            y = x * 2 if x[0] > 0 else x * 3
        elif self.k % 3 == 0:
            y = x * 4 if x[1] > 0 else x * 5
        else:
            y = x * 6
        return y


class CorrelatedDecisions(Counting):
    def step(self, x):
        self.k += 1
        if self.k % 3 == 0:
            scaled = x * 3
        y = x
        if self.k % 3 == 0:
            y = y + scaled
        return y


class TensorCondition(Counting):
    def step(self, x):
        if x[0] > 0:
            self.last = x
        return self.last * 2 + x


class TensorAndNumber(Counting):
    def step(self, x):
        self.k += 1
        if x[0] > 0 and self.k > 6 and not x[1] > 0:
            self.last = x
        return self.last * 2 + x


class OrOfReadings(Counting):
    def step(self, x):
        bad = x[0] > 1 or x[1] < -1 or self.k > 30
        self.k = self.k + 1 if bad else 0
        return torch.zeros(3) if self.k > 2 else x


class NaNCondition(Counting):
    def step(self, x):
        ratio = x[0] / (x[1] * 0)
        return x if ratio * 0 == 0 else x * 2


class ChainedConditions(Counting):
    def step(self, x):
        v = float(x[0])
        return x * 2 if -0.5 < v < 0.5 else x * 3


class WalrusCondition(Counting):
    def step(self, x):
        self.k += 1
        if (rest := self.k % 6) > 3:
            return x * rest
        return x


class Mode(enum.Enum):
    WALK = 1
    STAND = 2


class EnumState(Counting):
    def __init__(self):
        super().__init__()
        self.mode = Mode.STAND

    def step(self, x):
        if self.mode is Mode.STAND and x[0] > 0.5:
            self.mode = Mode.WALK
        elif self.mode is Mode.WALK and x[0] < -0.5:
            self.mode = Mode.STAND
        return x * (2.0 if self.mode is Mode.WALK else 0.5)


class TextState(Counting):
    def __init__(self):
        super().__init__()
        self.mode = "stand"

    def step(self, x):
        if self.mode == "stand" and x[0] > 0.5:
            self.mode = "walk"
        elif self.mode == "walk" and x[0] < -0.5:
            self.mode = "stand"
        return x * (2.0 if self.mode == "walk" else 0.5)


class LargeIntegers(Counting):
    def step(self, x):
        self.k += 1
        seed = 2**60 + 1 if self.k % 3 == 0 else 1
        return x + seed % 7


class FirstReadingLatched(Counting):
    def __init__(self):
        super().__init__()
        self.first = True

    def step(self, x):
        if self.first:
            self.start = x.clone()
            self.first = False
        self.k += 1
        ratio = min(self.k / 10, 1.0)
        return self.start * (1 - ratio) + x * ratio


ATTACKS = [
    value
    for value in list(globals().values())
    if isinstance(value, type) and hasattr(value, "step") and value.__module__ == __name__
]
