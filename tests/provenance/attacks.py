"""Programs that try to slip a changing Python value past what follows numbers. Exact or refused is right."""

from __future__ import annotations

import array
import bisect
import collections
import ctypes
import functools
import itertools
import math
import operator
import queue
import threading
from typing import Any

import numpy as np
import torch
from torch import nn


class Counting:
    def __init__(self):
        self.k = 0


class ChainedComparison(Counting):
    def step(self, x):
        self.k += 1
        return x * 2 if 0.5 < self.k < 11.5 else x * 0


class Divmod(Counting):
    def step(self, x):
        self.k += 1
        return x * 2 if divmod(self.k, 12)[0] == 0 else x * 0


class BitLength(Counting):
    def step(self, x):
        self.k += 1
        return x * 2 if self.k.bit_length() < 4 else x * 0


class MatchOnAList:
    def __init__(self):
        self.q = [1] * 12

    def step(self, x):
        if self.q:
            self.q.pop(0)
        match self.q:
            case []:
                return x * 0
            case _:
                return x * 2


class FormatMethod(Counting):
    def step(self, x):
        self.k += 1
        return x * 2 if len("{}".format(self.k)) < 2 else x * 0  # noqa: UP032


class AnotherThreadCounts(Counting):
    def step(self, x):
        def work():
            self.k += 1

        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
        return x * 2 if self.k < 12 else x * 0


class AnotherThreadGivesTheFactor(Counting):
    def step(self, x):
        def work():
            self.k += 1

        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
        return x * self.k


class QueueSize:
    def __init__(self):
        self.q = queue.Queue()

    def step(self, x):
        self.q.put(1)
        return x * 2 if self.q.qsize() < 12 else x * 0


class ScheduleInAModule(Counting):
    def __init__(self):
        super().__init__()
        self.lk = nn.LeakyReLU(0.1)

    def step(self, x):
        self.k += 1
        self.lk.negative_slope = min(0.1 * self.k, 1.0)
        return self.lk(x)


class Vars(Counting):
    def step(self, x):
        vars(self)["k"] += 1
        return x * 2 if self.k < 12 else x * 0


class VarsAsFactor(Counting):
    def step(self, x):
        vars(self)["k"] += 1
        return x * self.k


class OneListTwoNames:
    def __init__(self):
        self.a: list[int] = []
        self.b = self.a

    def step(self, x):
        self.a.append(1)
        return x * 2 if len(self.b) < 12 else x * 0


class LruCache(Counting):
    @functools.lru_cache  # noqa: B019
    def late(self, k):
        return k > 11

    def step(self, x):
        self.k += 1
        return x * 0 if self.late(self.k) else x * 2


class ArrayAndBytes:
    def __init__(self):
        self.a, self.b = array.array("i", [0]), bytearray(1)

    def step(self, x):
        self.a[0] += 1
        self.b[0] += 1
        return x * 2 if self.b[0] < 12 else x * 0


class EnumerateStart(Counting):
    def step(self, x):
        self.k += 1
        for i, v in enumerate([x], self.k):
            x = v * 2 if i < 12 else v * 0
        return x


class GeneratorOverAList:
    def __init__(self):
        self.q: list[int] = []

    def step(self, x):
        self.q.append(1)
        return x * 2 if sum(1 for _ in self.q) < 12 else x * 0


class AttributeOfATensor:
    def __init__(self):
        self.t: Any = torch.zeros(3)
        self.t.age = 0

    def step(self, x):
        self.t.age += 1
        return x * 2 if self.t.age < 12 else x * 0


class Run:
    pass


class Idle:
    pass


class StateObjects(Counting):
    def __init__(self):
        super().__init__()
        self.mode: Any = Run()

    def step(self, x):
        self.k += 1
        self.mode = Run() if self.k < 12 else Idle()
        return x * 2 if isinstance(self.mode, Run) else x * 0


class OperatorAndPartial(Counting):
    def __init__(self):
        super().__init__()
        self.lt = functools.partial(operator.gt, 12)

    def step(self, x):
        self.k = operator.add(self.k, 1)
        return x * 2 if self.lt(self.k) else x * 0


class TextOfANumber(Counting):
    def step(self, x):
        self.k += 1
        return x * 2 if int("".join(["0", str(self.k)])) < 12 else x * 0


class NumpyGenerator:
    def __init__(self):
        self.rng = np.random.default_rng(0)

    def step(self, x):
        return x * 2 if self.rng.random() < 0.9 else x * 0


class Sets:
    def __init__(self):
        self.s: set[int] = set()
        self.n = 0

    def step(self, x):
        self.n += 1
        self.s |= {self.n}
        return x * 2 if 12 not in self.s else x * 0


class DictionaryKeys:
    def __init__(self):
        self.d: dict[str, int] = {}
        self.n = 0

    def step(self, x):
        self.n += 1
        self.d[f"k{self.n}"] = 1
        return x * 2 if "k12" not in self.d else x * 0


class NestedContainers:
    def __init__(self):
        self.d: Any = {"a": [{"n": 0}]}

    def step(self, x):
        self.d["a"][0]["n"] += 1
        return x * 2 if self.d["a"][0]["n"] < 12 else x * 0


class SetattrGetattr(Counting):
    def step(self, x):
        setattr(self, "k", getattr(self, "k") + 1)  # noqa: B009, B010
        return x * 2 if getattr(self, "k") < 12 else x * 0  # noqa: B009


class Bisect(Counting):
    def step(self, x):
        self.k += 1
        return x * (2, 0)[bisect.bisect([12], self.k)]


class CountInAList:
    def __init__(self):
        self.q, self.i = [0] * 20, 0

    def step(self, x):
        self.q[self.i] = 1
        self.i += 1
        if self.i == 20:
            self.i = 0
        return x * 2 if self.q.count(1) < 12 else x * 0


class AllOfNumbers(Counting):
    def step(self, x):
        self.k += 1
        return x * 2 if all(v < 12 for v in [self.k, 0]) else x * 0


class Sorted(Counting):
    def step(self, x):
        self.k += 1
        return x * (2.0 if sorted([self.k, 12])[0] == self.k and self.k != 12 else 0.0)


class SliceBound(Counting):
    def __init__(self):
        super().__init__()
        self.w = [1.0] * 30

    def step(self, x):
        self.k += 1
        return x * sum(self.w[: self.k])


class SizeThatCounts(Counting):
    def step(self, x):
        self.k += 1
        return x * torch.ones(self.k).sum()


class Ctypes:
    def __init__(self):
        self.c = ctypes.c_int(0)

    def step(self, x):
        self.c.value += 1
        return x * 2 if self.c.value < 12 else x * 0


class BooleanArithmetic(Counting):
    def step(self, x):
        self.k += 1
        late = (self.k > 12) or (self.k > 100 and True)
        return x * (2 - 2 * late)


class ThroughAView(Counting):
    def __init__(self):
        super().__init__()
        self.buf = torch.zeros(1, 3)
        self.view = self.buf[0]

    def step(self, x):
        self.view += x[0]
        return self.buf * 1.0


class RoundedThreshold(Counting):
    def __init__(self):
        super().__init__()
        self.e = 1.0

    def step(self, x):
        self.e *= 0.9
        return x * round(self.e)


class CaughtDivision(Counting):
    def step(self, x):
        self.k += 1
        try:
            1 / (12 - self.k)
        except ZeroDivisionError:
            return x * 0
        return x * 2


class ChainFromTheLeft(Counting):
    def step(self, x):
        self.k += 1
        return x * 0 if 0.5 < 11.5 < self.k else x * 2


class CaughtRoot(Counting):
    def step(self, x):
        self.k += 1
        try:
            root = math.sqrt(20 - self.k)
        except ValueError:
            return x * 0
        return x * root


class CaughtIndex(Counting):
    def __init__(self):
        super().__init__()
        self.table = torch.randn(20, 3)

    def step(self, x):
        self.k += 1
        try:
            row = self.table[self.k]
        except IndexError:
            return x * 0
        return x * row


class FloatDividedByACounter(Counting):
    def step(self, x):
        self.k += 1
        scale = 1.0 / self.k
        return x * scale


class ClosureOfACounter(Counting):
    def step(self, x):
        self.k += 1
        k = self.k

        def scaled(value):
            return value * (1.0 / k)

        return scaled(x)


class DefaultArgument(Counting):
    def step(self, x):
        self.k += 1
        scaled = lambda value, k=self.k: value * k  # noqa: E731
        return scaled(x)


class ReadBySomethingElse(Counting):
    def __init__(self):
        super().__init__()
        self.late = 0

    def step(self, x):
        self.k += 1
        self.late = self.k // 12
        return x * 0 if getattr(self, "la" + "te") else x * 2


class LateNumber(Counting):
    def __init__(self):
        super().__init__()
        self.late = 0

    def step(self, x):
        self.k += 1
        self.late = self.k // 12
        return x * (1 - self.late)


class LateInAnotherMethod(Counting):
    def __init__(self):
        super().__init__()
        self.late = 0

    def advance(self):
        self.k += 1
        self.late = self.k // 12

    def step(self, x):
        self.advance()
        return self.apply(x)

    def apply(self, x):
        return x * 0 if self.late else x * 2


class ListKeptBeyondTheStep(Counting):
    def __init__(self):
        super().__init__()
        self.seen: list[Any] = []

    def step(self, x):
        self.k += 1
        seen = self.seen
        seen += [self.k]
        return x * 0 if sum(seen) > 60 else x * 2


class AppendedToAList(Counting):
    def __init__(self):
        super().__init__()
        self.seen: Any = collections.deque(maxlen=3)

    def step(self, x):
        self.k += 1
        self.seen.append(self.k)
        return x * self.seen[0]


class DictionaryOfNumbers(Counting):
    def step(self, x):
        self.k += 1
        state = {"k": self.k, "scale": self.k * 0.1}
        return x * state["scale"]


class Formatted(Counting):
    def step(self, x):
        self.k += 1
        return x * len(f"{self.k}")


class ModuloOfAFloat:
    def __init__(self):
        self.t = 0.0

    def step(self, x):
        self.t += 0.1
        return x * (self.t % 0.3)


class NegativeModulo:
    def __init__(self):
        self.t = 0.0

    def step(self, x):
        self.t -= 0.07
        return x * (self.t % 0.3) + (self.t // 0.3)


class IntegerDivision(Counting):
    def step(self, x):
        self.k -= 1
        return x * (self.k // 7) + self.k % 5


class IndexOfAList(Counting):
    def __init__(self):
        super().__init__()
        self.table = [float(i) for i in range(20)] + [5.0] * 100

    def step(self, x):
        self.k += 1
        return x * self.table[self.k // 10]


class BooleanIndex(Counting):
    def step(self, x):
        self.k += 1
        return x * [2.0, 0.0][self.k > 12]


class ShiftOfABuffer(Counting):
    def step(self, x):
        self.k += 1
        return torch.roll(x, self.k // 12, 0)


class EndlessCount:
    def __init__(self):
        self.count = itertools.count()

    def step(self, x):
        return x * 0 if next(self.count) > 12 else x * 2


class ResetAfterAWhile(Counting):
    def step(self, x):
        self.k += 1
        if self.k == 12:
            self.k = 0
        return x * self.k


class ResetEachStep(Counting):
    def step(self, x):
        self.k = 0
        for _ in range(3):
            self.k += 1
            x = x * self.k
        return x


class ClassCounter:
    k = 0

    def step(self, x):
        type(self).k += 1
        return x * (self.k % 7)


class PropertyOfACounter(Counting):
    @property
    def phase(self):
        return self.k % 10 / 10

    def step(self, x):
        self.k += 1
        return x * self.phase


class SlicesThatMove(Counting):
    def __init__(self):
        super().__init__()
        self.motion = torch.randn(120, 3)

    def step(self, x):
        rows = self.motion[self.k : self.k + 2]
        self.k += 1
        return x * rows.mean(0)


class SliceThatGrows(Counting):
    def __init__(self):
        super().__init__()
        self.motion = torch.randn(120, 3)

    def step(self, x):
        rows = self.motion[: self.k + 1]
        self.k += 1
        return x * rows.mean(0)


class RowsWrittenByIndex(Counting):
    def __init__(self):
        super().__init__()
        self.buf = torch.zeros(7, 3)

    def step(self, x):
        self.buf[self.k % 7] = x
        self.k += 1
        row = self.buf[(self.k + 3) % 7]
        row += 1.0
        return self.buf * 1.0


class SameSizeAsATensor(Counting):
    def step(self, x):
        self.k += 1
        return x * 2 if x.numel() * 4 > self.k else x * 0


class WithinTheLoop(Counting):
    def step(self, x):
        for _ in range(self.k // 12 + 1):
            x = x * 2
        self.k += 1
        return x


class WhileCounting(Counting):
    def step(self, x):
        n = 0
        while n < self.k // 12:
            n += 1
            x = x * 0
        self.k += 1
        return x * 2


class RampOfItems:
    def __init__(self):
        self.level = 0.0

    def step(self, x):
        self.level = max(-1.0, min(1.0, self.level + 0.1 * x[0].item()))
        return x * self.level


class ItemDecides:
    def step(self, x):
        n = int(abs(x[0].item()) // 20)
        return x * [2.0, 0.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0][min(n, 14)]


class HalfPrecision(Counting):
    def step(self, x):
        self.k += 1
        return (x.half() * (self.k * 0.1)).float()


class IntegerTensor(Counting):
    def step(self, x):
        self.k += 1
        return (torch.arange(3) * (self.k * 0.5)) + x


class PowerOfACounter(Counting):
    def step(self, x):
        self.k += 1
        return x * 0.97**self.k


class ComparedWithATensor(Counting):
    def step(self, x):
        self.k += 1
        return torch.where(torch.arange(3) * 20 < self.k, x, -x)


ATTACKS = [
    c for c in list(globals().values()) if isinstance(c, type) and c.__module__ == __name__ and hasattr(c, "step")
]
