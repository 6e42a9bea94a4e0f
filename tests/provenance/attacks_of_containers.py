"""Programs that hand a late number on within containers, text and arrays. Exact or refused is right."""

from __future__ import annotations

import array
import collections
import heapq
import math
import statistics
import struct
from typing import Any

import numpy as np
import torch

from tests.provenance.attacks import Counting


class TextOfATuple(Counting):
    def step(self, x):
        self.k += 1
        return x * 2 if "%d" % (self.k // 12,) == "0" else x * 0  # noqa: UP031


class TextOfADictionary(Counting):
    def step(self, x):
        self.k += 1
        return x * 2 if "%(k)d" % {"k": self.k // 12} == "0" else x * 0  # noqa: UP031


class TextByFormat(Counting):
    def step(self, x):
        self.k += 1
        return x * 2 if format(self.k // 12) == "0" else x * 0


class ArrayPlusAList(Counting):
    def __init__(self):
        super().__init__()
        self.offsets = np.ones(2)

    def step(self, x):
        self.k += 1
        both = self.offsets + [self.k // 12, 1]  # noqa: RUF005
        return x * float(both[0])


class TensorTimesAnArray(Counting):
    def __init__(self):
        super().__init__()
        self.offsets = np.ones(2)

    def step(self, x):
        self.k += 1
        return x * (2 + float((self.offsets * (self.k // 12)).sum()))


class DeeplyNested(Counting):
    def step(self, x):
        self.k += 1
        return x * (2 + float(np.array([[[[[[self.k // 12]]]]]]).sum()))


class DeeplyNestedLocal(Counting):
    def step(self, x):
        self.k += 1
        inner = [[[[[self.k // 12]]]]]
        return x * (2 + float(np.array([[inner]]).sum()))


class DeeplyNestedTensor(Counting):
    def step(self, x):
        self.k += 1
        return x * (2 + torch.tensor([[[[[[self.k // 12]]]]]]).sum())


class DeeplyReturned(Counting):
    def made(self):
        return {"a": [{"b": [{"c": (self.k // 12,)}]}]}

    def step(self, x):
        self.k += 1
        return x * (2 + self.made()["a"][0]["b"][0]["c"][0])


class DeeplyKept(Counting):
    def __init__(self):
        super().__init__()
        self.nested: Any = {"a": [{"b": [{"c": (0,)}]}]}

    def step(self, x):
        y = x * (2 + self.nested["a"][0]["b"][0]["c"][0])
        self.k += 1
        self.nested = {"a": [{"b": [{"c": (self.k // 12,)}]}]}
        return y


class ContainsItself(Counting):
    def step(self, x):
        self.k += 1
        ring: list[Any] = [self.k // 12]
        ring.append(ring)
        return x * (2 + ring[1][0])


class Heap(Counting):
    def __init__(self):
        super().__init__()
        self.heap: list[int] = []

    def step(self, x):
        self.k += 1
        heapq.heappush(self.heap, -(self.k // 12))
        return x * (2 + self.heap[0])


class CountedByKind(Counting):
    def __init__(self):
        super().__init__()
        self.seen: Any = collections.Counter()

    def step(self, x):
        self.k += 1
        self.seen[self.k // 12] += 1
        return x * 2 if len(self.seen) < 2 else x * 0


class DefaultDictionary(Counting):
    def __init__(self):
        super().__init__()
        self.d: Any = collections.defaultdict(int)

    def step(self, x):
        self.k += 1
        self.d["late"] = self.k // 12
        return x * (2 + self.d["late"])


class LatestOfADeque(Counting):
    def __init__(self):
        super().__init__()
        self.q: Any = collections.deque([0], maxlen=2)

    def step(self, x):
        self.k += 1
        self.q.append(self.k // 12)
        return x * (2 + self.q[-1])


class ItemOfAList(Counting):
    def __init__(self):
        super().__init__()
        self.cell = [0]

    def step(self, x):
        self.k += 1
        self.cell[0] = self.k // 12
        return x * (2 + self.cell[0])


class SliceOfAList(Counting):
    def __init__(self):
        super().__init__()
        self.cell = [0, 1]

    def step(self, x):
        self.k += 1
        self.cell[:1] = [self.k // 12]
        return x * (2 + self.cell[0])


class GrownInPlace(Counting):
    def __init__(self):
        super().__init__()
        self.cell: list[int] = []

    def step(self, x):
        self.k += 1
        self.cell += [self.k // 12]
        return x * (2 + max(self.cell))


class UnpackedToAttributes(Counting):
    def __init__(self):
        super().__init__()
        self.a = self.b = 0

    def step(self, x):
        self.k += 1
        self.a, self.b = self.k // 12, 1
        return x * (2 + self.a + self.b)


class ChainedAssignment(Counting):
    def __init__(self):
        super().__init__()
        self.a = self.b = 0

    def step(self, x):
        self.k += 1
        self.a = self.b = self.k // 12
        return x * (2 + self.a + self.b)


class LoopedOver(Counting):
    def __init__(self):
        super().__init__()
        self.late = 0

    def step(self, x):
        self.k += 1
        for self.late in [self.k // 12]:  # noqa: B020
            x = x * (2 + self.late)
        return x


class BytesOfANumber(Counting):
    def step(self, x):
        self.k += 1
        (late,) = struct.unpack("i", struct.pack("i", self.k // 12))
        return x * (2 + late)


class ArrayOfNumbers(Counting):
    def __init__(self):
        super().__init__()
        self.a = array.array("i", [0])

    def step(self, x):
        self.k += 1
        self.a[0] = self.k // 12
        return x * (2 + self.a[0])


class Statistics(Counting):
    def step(self, x):
        self.k += 1
        return x * (2 + statistics.mean([self.k // 12, 0]))


class SumOfAList(Counting):
    def step(self, x):
        self.k += 1
        return x * (2 + sum([self.k // 12, 1]))


class HypotOfNumbers(Counting):
    def step(self, x):
        self.k += 1
        return x * (2 + math.hypot(self.k // 12, 1))


class ProductOfNumbers(Counting):
    def step(self, x):
        self.k += 1
        return x * math.prod([2 + self.k // 12, 1])


class FilledArray(Counting):
    def __init__(self):
        super().__init__()
        self.a = np.zeros(3, dtype=np.float32)

    def step(self, x):
        self.k += 1
        self.a[0] = self.k // 12
        return x * (2 + torch.from_numpy(self.a).sum())


class FullArray(Counting):
    def step(self, x):
        self.k += 1
        return x * (2 + torch.from_numpy(np.full(3, self.k // 12, dtype=np.float32)))


class ArrayByIndex(Counting):
    def __init__(self):
        super().__init__()
        self.gains = np.array([2.0, 0.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0])

    def step(self, x):
        self.k += 1
        return x * float(self.gains[self.k // 12])


class InterpolatedByNumpy(Counting):
    def step(self, x):
        self.k += 1
        return x * float(np.interp(self.k, [0, 12, 90], [1.0, 1.0, 5.0]))


class ClippedByNumpy(Counting):
    def step(self, x):
        self.k += 1
        return x * float(np.clip(self.k, 12, 20))


class WhereOfNumpy(Counting):
    def step(self, x):
        self.k += 1
        return x * float(np.where(self.k > 12, 0.0, 2.0))


class KeywordOfATensorCall(Counting):
    def step(self, x):
        self.k += 1
        return torch.add(x, x, alpha=2 + self.k // 12)


class AddedTwice(Counting):
    def step(self, x):
        self.k += 1
        return torch.addcmul(x, x, x, value=2 + self.k // 12)


class ValueOfAPad(Counting):
    def step(self, x):
        self.k += 1
        return torch.nn.functional.pad(x, (1, 1), value=float(self.k // 12)).sum() + x


class AxisOfASum(Counting):
    def step(self, x):
        self.k += 1
        return torch.stack([x, x * 2]).flip(min(1, self.k // 12)).sum(1)[0] + x


class Narrowed(Counting):
    def __init__(self):
        super().__init__()
        self.table = torch.randn(20, 3)

    def step(self, x):
        self.k += 1
        return x * self.table.narrow(0, self.k // 12, 1)[0]


class Selected(Counting):
    def __init__(self):
        super().__init__()
        self.table = torch.randn(20, 3)

    def step(self, x):
        self.k += 1
        return x * self.table.select(0, self.k // 12) + torch.select(self.table, 0, self.k // 12)


class RowsByATensor(Counting):
    def __init__(self):
        super().__init__()
        self.table = torch.randn(20, 3)

    def step(self, x):
        self.k += 1
        return x * self.table[torch.tensor([self.k // 12])][0] + self.table[[self.k // 12]][0]


class RowsByAList(Counting):
    def __init__(self):
        super().__init__()
        self.table = torch.randn(20, 3)

    def step(self, x):
        self.k += 1
        return x * self.table[[self.k // 12, 1]].sum(0)


class NewAxisAndRow(Counting):
    def __init__(self):
        super().__init__()
        self.table = torch.randn(4, 20, 3)

    def step(self, x):
        self.k += 1
        return x * self.table[1, None, self.k // 12, :][0] + self.table[..., self.k // 12, :].sum(0)


class WrittenWithinARow(Counting):
    def __init__(self):
        super().__init__()
        self.buf = torch.zeros(4, 20, 3)

    def step(self, x):
        self.k += 1
        self.buf[1, self.k // 12, 2] = float(self.k)
        self.buf[:, self.k % 20] += x
        self.buf[2][self.k % 7] = self.k * 0.5
        self.buf[3, :, 0].fill_(self.k // 12)
        return self.buf.sum((0, 1)) + x


class RowTakenBefore(Counting):
    def __init__(self):
        super().__init__()
        self.buf = torch.zeros(9, 3)

    def step(self, x):
        row = self.buf[self.k % 9]
        self.k += 1
        self.buf[self.k % 9] = x
        row.add_(1.0)
        other = self.buf[(self.k + 1) % 9]
        other *= 0.5
        return self.buf.clone()


class SetOfNumbers(Counting):
    def step(self, x):
        self.k += 1
        return x * (2 + max({self.k // 12, 0}))


class KeyOfADictionary(Counting):
    def step(self, x):
        self.k += 1
        return x * {0: 2.0}.get(self.k // 12, 0.0)


class Remembered(Counting):
    def __init__(self):
        super().__init__()
        self.results: dict[int, Any] = {}

    def step(self, x):
        self.k += 1
        if self.k // 12 not in self.results:
            self.results[self.k // 12] = x.clone()
        return x + self.results[self.k // 12]


class PickedFunction(Counting):
    def step(self, x):
        self.k += 1
        return [torch.sin, torch.cos, torch.tanh, torch.exp, torch.sin, torch.sin, torch.sin, torch.sin][self.k // 12](
            x
        )


class Repeated(Counting):
    def step(self, x):
        self.k += 1
        return x * sum([1.0] * (1 + self.k // 12))


class LengthOfText(Counting):
    def step(self, x):
        self.k += 1
        return x * (2 + len("a" * (self.k // 12)))


class Zipped(Counting):
    def step(self, x):
        self.k += 1
        for a, b in zip([self.k // 12], [1], strict=True):
            x = x * (2 + a) + b
        return x


class Sliced(Counting):
    def step(self, x):
        self.k += 1
        late, *others = [self.k // 12, 1, 2][:2]
        return x * (2 + late) + others[0]


class Comprehended(Counting):
    def step(self, x):
        self.k += 1
        return sum(x * (2 + v) for v in [self.k // 12, 1])


class ComprehendedWithACondition(Counting):
    def step(self, x):
        self.k += 1
        return x * (2 + len([v for v in [self.k // 12, 1] if v]))


class BitsOfANumber(Counting):
    def step(self, x):
        self.k += 1
        return x * (2 + ((self.k >> 3) & 1) + (self.k ^ 3) % 2)


class Negated(Counting):
    def step(self, x):
        self.k += 1
        return x * (2 + (~self.k) % 7 + (+self.k) % 3 - (-self.k) // 12)


class IdentityOfANumber(Counting):
    def step(self, x):
        self.k += 1
        zero = 0
        return x * 2 if (self.k // 12) is zero else x * 0


class KindOfANumber(Counting):
    def step(self, x):
        self.k += 1
        late = self.k // 12
        return x * (2 + late) if late.__class__ is int else x * 0


class RealPart(Counting):
    def step(self, x):
        self.k += 1
        late = self.k // 12
        return x * (2 + late.real + late.numerator)


class Complex(Counting):
    def step(self, x):
        self.k += 1
        return x * abs(complex(self.k // 12, 1.0))


class Rounded(Counting):
    def step(self, x):
        self.k += 1
        return x * round(self.k * 0.037, 1)


ATTACKS = [
    c for c in list(globals().values()) if isinstance(c, type) and c.__module__ == __name__ and hasattr(c, "step")
]
