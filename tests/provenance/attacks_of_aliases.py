"""Decisions between tensors that are known under other names, too, and are written under either."""

from __future__ import annotations

import torch

from tests.provenance.attacks_of_branches import Counting


class Pair(Counting):
    def __init__(self):
        super().__init__()
        self.a, self.b = torch.zeros(3), torch.ones(3)


class WrittenAfterAnAlias(Pair):
    def step(self, x):
        if x[0] > 0.3:
            self.a = self.b
        self.a += 0.1 * x
        return self.a - 2 * self.b


class OneTensorTwoAttributes(Pair):
    def step(self, x):
        if x[0] > 0:
            self.a = x * 2
            self.b = self.a
        self.a += 0.1
        return self.a + 10 * self.b


class AliasFarAway(Pair):
    def step(self, x):
        self.k += 1
        if self.k > 20:
            self.a = self.b
        self.a += 0.1 * x
        return self.a - 2 * self.b


class LatchedAlias(Pair):
    def __init__(self):
        super().__init__()
        self.on = False

    def step(self, x):
        if x[0] > 1.5:
            self.on = True
        if self.on:
            self.a = self.b
        self.a.mul_(0.9).add_(x)
        self.b.mul_(0.5)
        return self.a + 3 * self.b


class ViewOfWhatWasReplaced(Pair):
    def __init__(self):
        super().__init__()
        self.view = self.a[:1]

    def step(self, x):
        if x[0] > 1.2:
            self.a = x * 2
        self.a += x
        return self.a + self.view


class ComparedByIdentity(Pair):
    def __init__(self):
        super().__init__()
        self.current = self.a

    def step(self, x):
        self.current = self.b if x[0] > 0 else self.a
        if self.current is self.a:
            self.a.add_(1)
        else:
            self.b.mul_(0.5)
        return self.current + x


class OneOfTwoIsReplaced(Pair):
    def step(self, x):
        if x[0] > 1.0:
            self.a = self.b
        if x[0] < -1.0:
            self.b = x * 1.0
        self.b += 1
        return self.a + 3 * self.b


class RareAlias(Pair):
    def step(self, x):
        if x[0] > 2.0:
            self.a = self.b
        if x[0] < -2.0:
            self.b = x * 1.0
        self.b += 1
        return self.a + 3 * self.b


class RareSwap(Pair):
    def step(self, x):
        if x[0] > 1.5:
            self.a, self.b = self.b, self.a
        self.a.mul_(0.5).add_(x)
        return self.a + 3 * self.b


class HeldGoal(Pair):
    def step(self, x):
        if x[0] > 0:
            self.a = self.b
        self.b += 0.01 * x
        return self.a * 1.0


class Anchored(Pair):
    def step(self, x):
        if x[2] > 0:
            self.b = self.a
        self.a += 0.02 * x
        return self.a - self.b


class Estimator:
    def __init__(self):
        self.v = torch.zeros(3)

    def update(self, x):
        if x[0] > 1.0:
            self.v = torch.zeros(3)
        self.v.add_(x)


class SharedByTwoObjects:
    def __init__(self):
        self.estimator = Estimator()
        self.v = self.estimator.v

    def step(self, x):
        self.estimator.update(x)
        return self.v + 2 * self.estimator.v


class RowsOfWhatWasReplaced:
    def __init__(self):
        self.history = torch.zeros(2, 3)
        self.rows = [self.history[0], self.history[1]]

    def step(self, x):
        if x[0] > 1.0:
            self.history = torch.zeros(2, 3)
        self.history[0] = x
        return self.rows[0] + self.history[1] + self.history[0]


class StartsAsTheDefault:
    """Which first value it has shows only where the first step takes another way than it did."""

    def __init__(self):
        self.soft, self.stiff = torch.ones(1), torch.full((1,), 3.0)
        self.active = self.soft

    def step(self, x):
        if x[0] > 0.5:
            self.active = self.stiff
        elif x[0] < -0.5:
            self.active = self.soft
        return x * self.active


class StandsAtTheDefault(Pair):
    def __init__(self):
        super().__init__()
        self.target = self.b

    def step(self, x):
        if x[0] > 0.8:
            self.target = x.clone()
        elif x[0] < -0.2:
            self.target = self.b
        return x - self.target


class ComparedUntilFarAway(Pair):
    def step(self, x):
        self.k += 1
        if self.k == 40:
            self.a = torch.ones(3)
        return x * 2 if self.a is self.b else x


class GuardedIndex(Pair):
    """The bundle must not read beyond the end on the way that is not taken."""

    def __init__(self):
        super().__init__()
        self.motion = torch.arange(24.0).reshape(8, 3)

    def step(self, x):
        frame = self.motion[self.k] if self.k < 8 else torch.zeros(3)
        self.k += 1
        return x + frame


class GuardedRow(Pair):
    def __init__(self):
        super().__init__()
        self.motion = torch.arange(24.0).reshape(8, 3)

    def step(self, x):
        row = int(x[0] * 3)
        if 0 <= row < 8:
            return x + self.motion[row]
        return x


class GuardedRemainder(Pair):
    def step(self, x):
        self.k += 1
        n = self.k % 7
        return x * (self.k % n if n else -1)


class WritesThroughAnAlias(Counting):
    def __init__(self):
        super().__init__()
        self.buffer = torch.zeros(3)
        self.view = self.buffer[:2]

    def step(self, x):
        self.k += 1
        chosen = self.buffer if self.k % 5 else self.last
        chosen += x
        return self.view.sum() + x + self.last


class SameTensorUnderTwoNames(Counting):
    def step(self, x):
        self.k += 1
        if self.k % 3 == 0:
            self.a = self.b = x * 2
        else:
            self.a = self.b = x * 3
        self.a += 1.0
        return self.b


class KeptFirstThenChosen(Counting):
    def __init__(self):
        super().__init__()
        self.kept = torch.ones(3)

    def step(self, x):
        self.k += 1
        self.last = self.kept if self.k % 4 == 0 else x * 0.5
        self.kept.mul_(0.9)
        return self.last + x


class InputChosenThenWritten(Counting):
    def step(self, x):
        self.k += 1
        y = x if self.k % 4 == 0 else self.last
        y.add_(1.0)
        self.last = x * 0.5
        return y + self.last + x


class SwapsTwo(Pair):
    def step(self, x):
        self.k += 1
        if self.k % 3 == 0:
            self.a, self.b = self.b, self.a
        self.a.add_(x)
        return self.a - self.b


class SwapsSeparately(Pair):
    def step(self, x):
        self.k += 1
        if self.k % 3 == 0:
            a = self.a
            self.a = self.b
            self.b = a
        self.a.add_(x)
        return self.a - self.b


class OverlappingChoice(Counting):
    def __init__(self):
        super().__init__()
        self.buffer = torch.zeros(4)

    def step(self, x):
        self.k += 1
        part = self.buffer[:3] if self.k % 2 else self.buffer[1:]
        part.add_(x)
        return self.buffer[1:] * 1.0


ATTACKS = [
    value
    for value in list(globals().values())
    if isinstance(value, type) and hasattr(value, "step") and value.__module__ == __name__
]
