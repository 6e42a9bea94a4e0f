"""Programs whose numbers grow, or change type or sign, long after the recorded steps. Exact or refused is right."""

from __future__ import annotations

import math

import numpy as np
import torch

from tests.provenance.attacks import Counting


class Doubled:
    def __init__(self):
        self.n = 1

    def step(self, x):
        self.n = self.n * 2
        return x * self.n


class DoubledBySum:
    def __init__(self):
        self.n = 1

    def step(self, x):
        self.n += self.n
        return x * self.n


class Fibonacci:
    def __init__(self):
        self.a, self.b = 1, 1

    def step(self, x):
        b = self.a + self.b
        self.a = self.b
        self.b = b
        return x * self.b


class Factorial(Counting):
    def __init__(self):
        super().__init__()
        self.n = 1

    def step(self, x):
        self.k += 1
        self.n *= self.k
        return x * (1.0 / self.n)


class Squared:
    def __init__(self):
        self.n = 2

    def step(self, x):
        self.n = self.n**2 if self.n < 2 else self.n * self.n
        return x / self.n


class SquaredByPower:
    def __init__(self):
        self.n = 2

    def step(self, x):
        self.n = self.n**2
        return x / self.n


class Congruent:
    """A generator of pseudo-random numbers: stays within bounds, its products do not."""

    def __init__(self):
        self.seed = 1

    def step(self, x):
        self.seed = (self.seed * 1103515245 + 12345) % 2**31
        return x * (self.seed / 2**31)


class SmallCongruent:
    def __init__(self):
        self.seed = 1

    def step(self, x):
        self.seed = (self.seed * 75 + 74) % 65537
        return x * (self.seed / 65537)


class DoubledWithinBounds:
    def __init__(self):
        self.n = 1

    def step(self, x):
        self.n = min(self.n * 2, 64)
        return x * self.n


class PowerOfTwo(Counting):
    def step(self, x):
        self.k += 1
        return x * 2**self.k


class PowerThatFalls(Counting):
    def step(self, x):
        self.k += 1
        return x * 2 ** (30 - self.k)


class CubedCounter(Counting):
    def step(self, x):
        self.k += 1
        return x * (self.k**3 % 17)


class CounterToAPowerOfItself(Counting):
    def step(self, x):
        self.k += 1
        return x * (self.k**self.k % 17)


class RootOfANumberThatFalls(Counting):
    def step(self, x):
        self.k += 1
        return x * abs((20.5 - self.k) ** 0.5)


class Brain(Counting):
    """``bfloat16`` holds 8 bits of a number."""

    def step(self, x):
        self.k += 7
        return (x.bfloat16() * self.k).float()


class BrainPlus(Counting):
    def step(self, x):
        self.k += 7
        return (x.bfloat16() + self.k).float()


class HalfCounter(Counting):
    def step(self, x):
        self.k += 50
        return (x.half() + self.k).float()


class Bytes(Counting):
    def step(self, x):
        self.k += 1
        return x * (torch.arange(3, dtype=torch.uint8) * self.k).float()


class Shorts(Counting):
    def step(self, x):
        self.k += 100
        return x * (torch.arange(3, dtype=torch.int16) * self.k).float()


class IntegersOfThirtyTwoBits(Counting):
    def step(self, x):
        self.k += 1
        return x * (torch.arange(3, dtype=torch.int32) * 100_000_000 + self.k * 50_000_000).float()


class RowsThatBecomeFewer(Counting):
    """A slice that is cut off at the end of the table."""

    def __init__(self):
        super().__init__()
        self.motion = torch.randn(20, 3)

    def step(self, x):
        at = min(self.k, 19)
        rows = self.motion[at : at + 3]
        self.k += 1
        return x * rows.sum(0)


class RowsFromTheEnd(Counting):
    def __init__(self):
        super().__init__()
        self.motion = torch.randn(120, 3)

    def step(self, x):
        row = self.motion[self.k - 3]
        self.k += 1
        return x * row


class RowsThatTurnNegative(Counting):
    def __init__(self):
        super().__init__()
        self.motion = torch.randn(120, 3)

    def step(self, x):
        row = self.motion[20 - self.k]
        self.k += 1
        return x * row


class SliceThatTurnsNegative(Counting):
    def __init__(self):
        super().__init__()
        self.motion = torch.randn(120, 3)

    def step(self, x):
        at = 20 - self.k
        rows = self.motion[at : at + 2]
        self.k += 1
        return x * rows.sum(0)


class TableThatTurnsNegative(Counting):
    def __init__(self):
        super().__init__()
        self.table = [float(i) for i in range(200)]

    def step(self, x):
        self.k += 1
        return x * self.table[20 - self.k]


class RowsWrittenFromTheEnd(Counting):
    def __init__(self):
        super().__init__()
        self.buf = torch.zeros(120, 3)

    def step(self, x):
        self.buf[20 - self.k] = x
        self.k += 1
        return self.buf * 1.0


class DivisorThatTurnsNegative(Counting):
    def step(self, x):
        self.k += 1
        return x * (7.3 % (20.5 - self.k)) + (7 // (20.5 - self.k))


class WholeDivisorThatTurnsNegative(Counting):
    def step(self, x):
        self.k += 1
        return x * (7 % (41 - 2 * self.k)) + (7 // (41 - 2 * self.k))


class BecomesAFloat(Counting):
    def step(self, x):
        self.k = self.k + 1 if isinstance(self.k, int) else self.k + 1.5
        return x * self.k


class Truncated(Counting):
    def __init__(self):
        super().__init__()
        self.t = 0.0

    def step(self, x):
        self.t += 0.3 * x[0].item()
        return x * int(self.t) + math.floor(self.t) + math.ceil(self.t) * round(self.t)


class LargestOfThree(Counting):
    def step(self, x):
        self.k += 1
        return x * max(self.k, 12, 40 - self.k) + min(5.5, self.k * 0.25)


class ClampedBothWays:
    """Two bounds that are the same in the recorded steps."""

    def __init__(self):
        self.low, self.k = 1, 0

    def step(self, x):
        self.k += 1
        self.high = 1 + self.k // 12
        self.low = 1 - self.k // 12
        return x.clamp(max=self.high, min=self.low)


class MeanSoFar(Counting):
    def __init__(self):
        super().__init__()
        self.mean = 0.0

    def step(self, x):
        self.k += 1
        self.mean += (x.mean().item() - self.mean) / self.k
        return x - self.mean


class Welford(Counting):
    def __init__(self):
        super().__init__()
        self.mean = self.m2 = 0.0

    def step(self, x):
        self.k += 1
        value = float(x[0])
        delta = value - self.mean
        self.mean += delta / self.k
        self.m2 += delta * (value - self.mean)
        return (x - self.mean) / (math.sqrt(self.m2 / self.k) + 1e-3)


class NumpyPhase:
    def __init__(self):
        self.t = np.float64(0.0)

    def step(self, x):
        self.t = (self.t + 0.13) % (2 * np.pi)
        return x * np.sin(self.t) + float(np.cos(self.t))


class SumOfSums(Counting):
    def __init__(self):
        super().__init__()
        self.s = self.r = 0

    def step(self, x):
        self.k += 1
        self.s += self.k
        self.r += self.s
        return x * (self.r % 11)


class ProductOfItems:
    def __init__(self):
        self.n = 1

    def step(self, x):
        self.n = self.n * (int(abs(x[0].item())) + 1)
        return x / self.n


class Alternating(Counting):
    def step(self, x):
        self.k += 1
        return x * (-1) ** self.k


class FloatThatOverflows:
    def __init__(self):
        self.f = 1.0

    def step(self, x):
        self.f *= 1e6
        return torch.tanh(x * self.f)


class ExponentialOfACounter(Counting):
    def step(self, x):
        self.k += 1
        return x * (1 - math.exp(-self.k / 10))


ATTACKS = [
    c for c in list(globals().values()) if isinstance(c, type) and c.__module__ == __name__ and hasattr(c, "step")
]
