"""Programs that keep numbers in lists, tuples, deques and dictionaries and use them unseen."""

from __future__ import annotations

import array
import bisect
import copy
import json
import math
import pickle
import random
import statistics
import textwrap
from collections import Counter, OrderedDict, defaultdict, deque
from dataclasses import asdict, dataclass, field

import numpy as np
import torch

WINDOW = [0.0, 0.0, 0.0]
LIMIT = 40


class Counting:
    """Counts in a list."""

    def __init__(self):
        self.w = [0, 1.0]


class CountsInAList(Counting):
    def step(self, x):
        self.w[0] += 1
        return x * 2 if self.w[0] > LIMIT else x


class CountsInATuple:
    def __init__(self):
        self.w = (0, 0.5)

    def step(self, x):
        self.w = (self.w[0] + 1, self.w[1] * 0.9)
        return x * self.w[1] if self.w[0] < LIMIT else x * self.w[0]


class CountsInADictionary:
    def __init__(self):
        self.w = {"n": 0, "v": 0.0}

    def step(self, x):
        self.w["n"] += 1
        self.w["v"] += 0.1 * (float(x[0]) - self.w["v"])
        return x * self.w["v"] + (1.0 if self.w["n"] > LIMIT else 0.0)


class ReadByAnotherName(Counting):
    def step(self, x):
        self.w[0] += 1
        same = self.w
        return x * 2 if same[0] > LIMIT else x


class TwoAttributes(Counting):
    def __init__(self):
        super().__init__()
        self.other = self.w

    def step(self, x):
        self.w[0] += 1
        return x * 2 if self.other[0] > LIMIT else x


class WrittenUnderTheOtherName(Counting):
    def __init__(self):
        super().__init__()
        self.other = self.w

    def step(self, x):
        self.other[0] += 1
        return x * self.w[0]


class TwoOwners(Counting):
    def __init__(self):
        super().__init__()
        self.twin = Counting()
        self.twin.w = self.w

    def step(self, x):
        self.w[0] += 1
        return x * 2 if self.twin.w[0] > LIMIT else x


class InAList(Counting):
    def __init__(self):
        super().__init__()
        self.all = [self.w, self.w]

    def step(self, x):
        self.w[0] += 1
        return x * 2 if self.all[1][0] > LIMIT else x


class ByVars(Counting):
    def step(self, x):
        self.w[0] += 1
        return x * 2 if vars(self)["w"][0] > LIMIT else x


class ByGetattr(Counting):
    def step(self, x):
        self.w[0] += 1
        return x * 2 if getattr(self, "w")[0] > LIMIT else x  # noqa: B009


class AsJson(Counting):
    def step(self, x):
        self.w[0] += 1
        return x * 2 if json.dumps(self.w) > "[41" else x


class AsText(Counting):
    def step(self, x):
        self.w[0] += 1
        return x * 2 if str(self.w)[1] == "4" else x


class InAFormattedText(Counting):
    def step(self, x):
        self.w[0] += 1
        return x * 2 if f"{self.w}"[1] == "4" else x


class Represented(Counting):
    def step(self, x):
        self.w[0] += 1
        return x * 2 if repr(self.w).startswith("[4") else x


class AsAnArray(Counting):
    def step(self, x):
        self.w[0] += 1
        return x * 2 if np.array(self.w)[0] > LIMIT else x


class AsAnArrayOfADeque:
    def __init__(self):
        self.w = deque([0.0, 1.0, 2.0], maxlen=3)

    def step(self, x):
        self.w.append(self.w[-1] + 1.0)
        return x * float(np.array(self.w).sum() > LIMIT)


class AsATensor(Counting):
    def step(self, x):
        self.w[0] += 1
        return x * torch.tensor(self.w)[0]


class AsBytes(Counting):
    def step(self, x):
        self.w[0] += 1
        return x * 2 if array.array("d", self.w)[0] > LIMIT else x


class ByStatistics(Counting):
    def step(self, x):
        self.w[0] += 1
        return x * 2 if statistics.mean(self.w) > LIMIT / 2 else x


class ByMath(Counting):
    def step(self, x):
        self.w[0] += 1
        return x * 2 if math.fsum(self.w) > LIMIT else x


class ByHypot(Counting):
    def step(self, x):
        self.w[0] += 1
        return x * math.hypot(*self.w)


class ByBisect(Counting):
    def step(self, x):
        self.w[0] += 1
        return x * 2 if bisect.bisect([LIMIT, 1000], self.w[0]) else x


class SearchedByBisect:
    def __init__(self):
        self.w = [0.0, 100.0, 1000.0]

    def step(self, x):
        self.w[0] += 1.0
        return x * bisect.bisect(self.w, 40.5)


class SearchedFor(Counting):
    def step(self, x):
        self.w[0] += 1
        return x * 2 if LIMIT in self.w else x


class Indexed(Counting):
    def step(self, x):
        self.w[0] = (self.w[0] + 1) % 50
        try:
            return x * (1 + self.w.index(LIMIT))
        except ValueError:
            return x


class Sorted:
    def __init__(self):
        self.w = [0.0, 40.5, 80.5]

    def step(self, x):
        self.w[0] += 1.0
        return x * sorted(self.w)[0]


class SortedInPlace:
    def __init__(self):
        self.w = [0.0, 40.5, 80.5]

    def step(self, x):
        self.w[0] += 1.0
        self.w.sort()
        return x * self.w[0]


class ReversedList:
    def __init__(self):
        self.w = [0.0, 1.0, 2.0]

    def step(self, x):
        self.w.reverse()
        self.w[0] += 1.0
        return x * self.w[0] + self.w[2]


class Rotated:
    def __init__(self):
        self.w = deque([0.0, 1.0, 2.0])

    def step(self, x):
        self.w.rotate(1)
        self.w[0] += float(x[0])
        return x * self.w[0] + self.w[2]


class Shuffled:
    def __init__(self):
        self.w = [0.0, 1.0, 2.0]
        self.rng = random.Random(0)

    def step(self, x):
        self.w[0] += 1.0
        self.rng.shuffle(self.w)
        return x * self.w[0]


class Compared(Counting):
    def step(self, x):
        self.w[0] += 1
        return x * 2 if self.w >= [LIMIT, 0] else x


class ComparedWithItsCopy(Counting):
    def step(self, x):
        before = list(self.w)
        self.w[0] = min(self.w[0] + 1, LIMIT)
        return x * 2 if before == self.w else x


class Hashed:
    def __init__(self):
        self.w = (0, 1.0)

    def step(self, x):
        self.w = (self.w[0] + 1, 1.0)
        return x * 2 if hash(self.w) == hash((LIMIT, 1.0)) else x


class AsAKey:
    def __init__(self):
        self.w = (0, 1)
        self.table = {(n, 1): float(n > LIMIT) for n in range(200)}

    def step(self, x):
        self.w = (self.w[0] + 1, 1)
        return x * self.table[self.w]


class AsAKeyOfItself:
    def __init__(self):
        self.w = {0: 1.0, 1: 2.0, 2: 3.0, "at": 0}

    def step(self, x):
        self.w["at"] = (self.w["at"] + 1) % 3
        return x * self.w[self.w["at"]]


class GrowsAndShrinks:
    def __init__(self):
        self.w = [0.0]

    def step(self, x):
        self.w.append(float(x[0]))
        if len(self.w) > 20:
            self.w = self.w[-2:]
        return x * len(self.w)


class GrowsForever:
    def __init__(self):
        self.w = [0.0]

    def step(self, x):
        self.w.append(float(x[0]))
        return x * (sum(self.w) / len(self.w))


class FillsADeque:
    def __init__(self):
        self.w = deque([0.0], maxlen=30)

    def step(self, x):
        self.w.append(float(x[0]))
        return x * (sum(self.w) / len(self.w))


class AddsAKey:
    def __init__(self):
        self.w = {"n": 0}

    def step(self, x):
        self.w["n"] += 1
        if self.w["n"] > LIMIT:
            self.w["late"] = 1.0
        return x * self.w.get("late", 0.5)


class RemovesAKey:
    def __init__(self):
        self.w = {"n": 0, "early": 1.0}

    def step(self, x):
        self.w["n"] += 1
        if self.w["n"] > LIMIT:
            self.w.pop("early", None)
        return x * self.w.get("early", 0.5)


class TextBeside:
    def __init__(self):
        self.w = {"n": 0, "mode": "early"}

    def step(self, x):
        self.w["n"] += 1
        if self.w["n"] > LIMIT:
            self.w["mode"] = "late"
        return x * self.w["n"] if self.w["mode"] == "late" else x


class TextBesideTurns:
    def __init__(self):
        self.w = {"n": 0, "mode": "a"}

    def step(self, x):
        self.w["n"] += 1
        self.w["mode"] = "b" if self.w["mode"] == "a" else "a"
        return x * 2 if self.w["mode"] == "b" else x


class NoneBeside:
    def __init__(self):
        self.w = [0, None]

    def step(self, x):
        self.w[0] += 1
        if self.w[0] == LIMIT:
            self.w[1] = 3.0
        return x if self.w[1] is None else x * self.w[1]


class TensorBeside:
    def __init__(self):
        self.w = {"n": 0, "last": torch.zeros(3)}

    def step(self, x):
        self.w["n"] += 1
        y = x - self.w["last"]
        self.w["last"] = x if self.w["n"] % 2 else y
        return y * min(1.0, self.w["n"] / LIMIT)


class TruthsBeside:
    def __init__(self):
        self.w = [False, 0]

    def step(self, x):
        self.w[1] += 1
        self.w[0] = self.w[0] or self.w[1] > LIMIT
        return x * 2 if self.w[0] else x


class FromOutside(Counting):
    def step(self, x):
        touch(self)
        return x * self.w[0]


def touch(policy):
    exec("policy.w[0] += 1", {"policy": policy})


class ReadOutside(Counting):
    def step(self, x):
        self.w[0] += 1
        return x * eval("p.w[0] > 40", {"p": self})


class OfAClass:
    w = [0.0, 0.0]  # noqa: RUF012

    def __init__(self):
        self.w[0] = 0.0

    def step(self, x):
        self.w[0] += 1.0
        return x * self.w[0]


class OfAModule:
    def __init__(self):
        WINDOW[:] = [0.0, 0.0, 0.0]

    def step(self, x):
        WINDOW[0] += 1.0
        return x * (WINDOW[0] > LIMIT)


class ByDefault:
    def step(self, x, window=[0.0]):  # noqa: B006
        window[0] = min(window[0] + 1.0, 45.0)
        return x * (window[0] > LIMIT)


@dataclass
class Settings:
    """Kept in a list."""

    w: list = field(default_factory=lambda: [0, 1.0])
    d: dict = field(default_factory=lambda: {"n": 0})


class OfADataclass:
    def __init__(self):
        self.settings = Settings()

    def step(self, x):
        self.settings.w[0] += 1
        self.settings.d["n"] = self.settings.w[0] * 2
        return x * 2 if self.settings.d["n"] > 2 * LIMIT else x * self.settings.w[1]


class AsADictionary:
    def __init__(self):
        self.settings = Settings()

    def step(self, x):
        self.settings.w[0] += 1
        return x * 2 if asdict(self.settings)["w"][0] > LIMIT else x


class DataclassesCompared:
    def __init__(self):
        self.settings = Settings()

    def step(self, x):
        self.settings.w[0] = min(self.settings.w[0] + 1, LIMIT)
        return x * 2 if self.settings == Settings(w=[LIMIT, 1.0]) else x


class CopiedList(Counting):
    def step(self, x):
        self.w[0] += 1
        return x * 2 if copy.copy(self.w)[0] > LIMIT else x


class DeeplyCopied(Counting):
    def step(self, x):
        self.w[0] += 1
        return x * 2 if copy.deepcopy(self.w)[0] > LIMIT else x


class ReplacedByACopy(Counting):
    def step(self, x):
        self.w = list(self.w)
        self.w[0] += 1
        return x * self.w[0] if self.w[0] < LIMIT else x


class Cut(Counting):
    def step(self, x):
        self.w = [self.w[0] + 1, *self.w[1:]]
        return x * self.w[0] if self.w[0] < LIMIT else x


class WrittenAsASlice(Counting):
    def step(self, x):
        self.w[:] = [self.w[0] + 1, 1.0]
        return x * self.w[0] if self.w[0] < LIMIT else x


class DeletedAndInserted(Counting):
    def step(self, x):
        count = self.w[0] + 1
        del self.w[0]
        self.w.insert(0, count)
        return x * self.w[0] if self.w[0] < LIMIT else x


class ReadBeforeItIsReplaced(Counting):
    def step(self, x):
        before = self.w
        self.w = [self.w[0] + 1, 1.0]
        return x * before[0] if self.w[0] < LIMIT else x


class KeptOfTheStepBefore(Counting):
    def __init__(self):
        super().__init__()
        self.before = self.w

    def step(self, x):
        self.before = self.w
        self.w = [self.w[0] + 1, 1.0]
        return x * self.before[0]


class Chosen(Counting):
    def __init__(self):
        super().__init__()
        self.v = [5, 2.0]

    def step(self, x):
        chosen = self.w if x[0] > 0 else self.v
        chosen[0] += 1
        return x * self.w[0] + self.v[0]


class OnOneWay(Counting):
    def step(self, x):
        if x[0] > 0:
            self.w[0] += 1
        else:
            self.w[1] = float(x[1])
        return x * self.w[0] + self.w[1]


class NewOnOneWay(Counting):
    def step(self, x):
        if x[0] > 1:
            self.w = [0, 1.0]
        self.w[0] += 1
        return x * self.w[0]


class AppendedOnOneWay:
    def __init__(self):
        self.w = deque([0.0, 0.0], maxlen=2)

    def step(self, x):
        if x[0] > 0:
            self.w.append(float(x[0]))
        return x * self.w[0] + self.w[1]


class AtANumber:
    def __init__(self):
        self.w = [0.0, 0.0, 0.0]
        self.k = 0

    def step(self, x):
        self.w[self.k] = float(x[0])
        self.k = (self.k + 1) % 3
        return x * self.w[self.k] + sum(self.w)


class BeyondItsEnd:
    def __init__(self):
        self.w = [0.0] * 50
        self.k = 0

    def step(self, x):
        self.w[self.k] = float(x[0])
        self.k += 1
        return x * self.w[0]


class CountedFromItsEnd:
    def __init__(self):
        self.w = [0.0, 1.0, 2.0]
        self.k = 0

    def step(self, x):
        self.k = self.k % 3 + 1
        self.w[-self.k] += 1.0
        return x * self.w[0] + self.w[-self.k]


class IntegersAndFloats:
    def __init__(self):
        self.w = [0, 0]

    def step(self, x):
        self.w[0] = self.w[0] + 1 if x[0] > 0 else self.w[0] + 0.5
        return x + torch.tensor([self.w[0], 0, 0]) / 2


class LargeIntegers:
    def __init__(self):
        self.w = [2**60, 1]

    def step(self, x):
        self.w[0] += 1
        return x * (self.w[0] - 2**60)


class Products:
    def __init__(self):
        self.w = [1.0, 1]

    def step(self, x):
        self.w[1] *= 3
        return x * (self.w[1] % 7)


class OfSpecialKinds:
    def __init__(self):
        self.w, self.v, self.u = Counter(n=0), OrderedDict(n=0), defaultdict(int)

    def step(self, x):
        self.w["n"] += 1
        self.v["n"] += 1
        self.u["n"] += 1
        return x * 2 if self.w["n"] + self.v["n"] + self.u["n"] > 3 * LIMIT else x


class Unpacked(Counting):
    def step(self, x):
        count, gain = self.w
        self.w = [count + 1, gain * 0.99]
        first, *_ = self.w
        return x * gain if first < LIMIT else x


class ZippedList:
    def __init__(self):
        self.w = [0.0, 1.0, 2.0]

    def step(self, x):
        self.w = [w + 0.1 * float(v) for w, v in zip(self.w, x)]  # noqa: B905
        return torch.tensor(self.w) * max(self.w) + min(self.w)


class AnyOf(Counting):
    def step(self, x):
        self.w[0] += 1
        return x * 2 if any(w > LIMIT for w in self.w) else x


class AllOf(Counting):
    def step(self, x):
        self.w[0] += 1
        return x * 2 if all(self.w) else x


class Filtered(Counting):
    def step(self, x):
        self.w[0] += 1
        return x * len([w for w in self.w if w > LIMIT])


class Mapped(Counting):
    def step(self, x):
        self.w[0] += 1
        return x * sum(map(float, self.w))


class Returned(Counting):
    def window(self):
        self.w[0] += 1
        return self.w

    def step(self, x):
        return x * 2 if self.window()[0] > LIMIT else x


class ReturnedAsAProperty(Counting):
    @property
    def window(self):
        return self.w

    def step(self, x):
        self.w[0] += 1
        return x * 2 if self.window[0] > LIMIT else x


class GivenToAFunction(Counting):
    def step(self, x):
        advance(self.w)
        return x * 2 if self.w[0] > LIMIT else x


def advance(window):
    window[0] += 1


class HeldByAClosure:
    def __init__(self):
        window = [0]

        def count():
            window[0] += 1
            return window[0]

        self.count = count

    def step(self, x):
        return x * 2 if self.count() > LIMIT else x


class SameEveryThirdStep:
    def __init__(self):
        self.w = [0, 1, 2]

    def step(self, x):
        self.w.append(self.w.pop(0))
        return x * self.w[0]


class PoppedByKey:
    def __init__(self):
        self.w = {"n": 0}

    def step(self, x):
        count = self.w.pop("n")
        self.w["n"] = count + 1
        return x * 2 if count > LIMIT else x


class SetByDefault:
    def __init__(self):
        self.w = {"m": 0}

    def step(self, x):
        count = self.w.setdefault("n", 0)
        self.w["n"] = count + 1
        return x * 2 if count > LIMIT else x


class UpdatedTwice:
    def __init__(self):
        self.w = {"n": 0, "m": 1}

    def step(self, x):
        self.w.update(n=self.w["n"] + 1)
        self.w.update({"m": self.w["n"] * 2})
        self.w |= {"m": self.w["m"] + 1}
        return x * self.w["m"]


class SeenByALibrary(Counting):
    def __init__(self):
        super().__init__()
        self.seen = statistics.NormalDist(0.0, 1.0)

    def step(self, x):
        self.w[0] += 1
        window = self.w
        kinds = textwrap.shorten(str([type(v).__name__ for v in window]), 100)
        return x * window[0] if kinds == "['int', 'float']" else x * 0


class KindsSeenByALibrary(Counting):
    def step(self, x):
        self.w[0] += 1
        window = self.w
        copied = copy.deepcopy(self)
        return x * window[0] if type(copied.w[0]) is int else x * 0


class CopiedWithItsOwner(Counting):
    def step(self, x):
        self.w[0] += 1
        return x * 2 if copy.deepcopy(self).w[0] > LIMIT else x


class PickledWithItsOwner(Counting):
    def step(self, x):
        self.w[0] += 1
        return x * 2 if pickle.loads(pickle.dumps(vars(self)))["w"][0] > LIMIT else x


class Joined:
    def __init__(self):
        self.w = {"n": 0, "gain": 1.0}

    def step(self, x):
        self.w["n"] += 1
        self.w |= {"gain": 1.0 if self.w["n"] < LIMIT else 2.0}
        return x * self.w["gain"]


class WrittenBySlices(Counting):
    def step(self, x):
        self.w[0] += 1
        self.w[1:] = [1.0 if self.w[0] < LIMIT else 2.0]
        return x * self.w[1]


class WrittenByAnotherKind:
    def __init__(self):
        self.w = {("a", 1): 0.0, ("b", 1): 1.0}

    def step(self, x):
        self.w["a", 1] += 1.0
        self.w["b", 1] = 1.0 if self.w["a", 1] < LIMIT else 2.0
        return x * self.w["b", 1]


class TupleInASlot:
    __slots__ = ("w",)

    def __init__(self):
        self.w = (0, 1.0)

    def step(self, x):
        self.w = (self.w[0] + 1, self.w[1] * 0.99)
        return x * self.w[1] if self.w[0] < LIMIT else x


@dataclass(frozen=True)
class Frozen:
    """Whose tuple only ``object.__setattr__`` sets."""

    w: tuple = (0, 1.0)


class TupleOfSomethingFrozen:
    def __init__(self):
        self.settings = Frozen()

    def step(self, x):
        object.__setattr__(self.settings, "w", (self.settings.w[0] + 1, 1.0))
        return x * 2 if self.settings.w[0] > LIMIT else x


class TupleBehindASetter:
    def __init__(self):
        self.__dict__["sets"] = 0
        self.__dict__["w"] = (0, 1.0)

    def __setattr__(self, name, value):
        self.__dict__["sets"] += 1
        self.__dict__[name] = value

    def step(self, x):
        self.w = (self.w[0] + 1, 1.0)
        return x * self.sets


ATTACKS = [
    thing
    for thing in list(globals().values())
    if isinstance(thing, type) and thing.__module__ == __name__ and "step" in vars(thing)
]
