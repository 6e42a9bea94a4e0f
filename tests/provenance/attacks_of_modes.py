"""Programs with modes, tables, constants, lists of their own, loops that are left, and names of modules."""

from __future__ import annotations

import contextlib
import enum
import itertools

import numpy as np
import torch

counter = 0
seen = 0


def bump():
    global counter
    counter += 1


class Late:
    """Has a number and a mode that change at step 40."""

    def __init__(self):
        self.k = 0
        self.late = 0
        self.mode = "stand"

    def count(self):
        self.k += 1
        self.late = self.k // 40
        if self.k > 40:
            self.mode = "walk"


class Mode(enum.Enum):
    STAND = 1
    WALK = 2


class Terrain(enum.Enum):
    FLAT = 1
    HILL = 2

    def __init__(self, value):
        self.rough = value * 0.5


class OddLevel(enum.IntEnum):
    A = 0
    B = 1
    C = 2

    def __float__(self):
        return self.value * 0.5 + 0.25


class Ring(enum.IntEnum):
    A = 0
    B = 1
    C = 2

    def __add__(self, n):
        return Ring((int(self) + n) % 3)


class Ordered(enum.IntEnum):
    A = 2
    B = 1
    C = 0

    def __lt__(self, other):
        return int(other) < int(self)


class Unequal(enum.Enum):
    A = 1
    B = 2

    def __ne__(self, other):
        return False


# -- loops that are left --------------------------------------------------------------------------------------------


class LoopVariable:
    """The variable of a loop is read behind it, where a tensor decided when to leave it."""

    def step(self, x):
        i = 0
        for i in range(5):
            if x[0] > i * 0.3:
                break
        return x * i


class LoopKey:
    """The key at which a loop over a dictionary ended."""

    def __init__(self):
        self.limits = {"low": -0.5, "mid": 0.5, "high": 1e9}
        self.gains = {"low": 1.0, "mid": 2.0, "high": 3.0}

    def step(self, x):
        for name, limit in self.limits.items():  # noqa: B007
            if x[0] < limit:
                break
        return x * self.gains[name]


class LoopElse:
    """The variable of a loop that has an ``else``."""

    def step(self, x):
        for i in range(3):
            if x[0] > i * 0.5 + 0.3:
                y = x * i
                break
        else:
            y = x - 7
        return y + i


class LoopAttribute:
    """The variable of a loop is an attribute."""

    def __init__(self):
        self.i = 0

    def step(self, x):
        for self.i in range(4):
            if x[0] > self.i * 0.3:
                break
        return x * self.i


class IteratorGoesOn:
    """An iterator is used again behind the loop that left it."""

    def step(self, x):
        it = iter([1.0, 2.0, 3.0, 4.0])
        for _ in it:
            if x[0] > 0:
                break
        return x * next(it, 9.0)


class IteratorOfSteps:
    """An iterator is used by all steps."""

    def __init__(self):
        self.it = itertools.cycle([1.0, 2.0, 3.0])

    def step(self, x):
        y = x
        for v in itertools.islice(self.it, 3):
            y = y + v
            if x[0] > 0:
                break
        return y


class GeneratorCountsItsTurns:
    """A generator counts what it gave."""

    def __init__(self):
        self.n = 0

    def items(self):
        for v in (1.0, 2.0, 3.0):
            self.n += 1
            yield v

    def step(self, x):
        y = x * 0
        for v in self.items():
            y = y + v
            if x[0] > 0:
                break
        return y + self.n


class MapCallsAFunction:
    """A loop over ``map``, whose function counts its calls."""

    def __init__(self):
        self.n = 0

    def one(self, v):
        self.n += 1
        return v

    def step(self, x):
        y = x * 0
        for v in map(self.one, [1.0, 2.0, 3.0]):
            y = y + v
            if x[0] > 0:
                break
        return y + self.n


class GeneratorFailsFurtherOn:
    """A generator fails behind the turn at which it is left."""

    def items(self):
        yield 1.0
        yield 2.0
        raise RuntimeError("too far")

    def step(self, x):
        y = x
        for v in self.items():
            y = y + v
            if v > -abs(float(x[0])):
                break
        return y


class WhileTestCounts:
    """The test of a ``while`` counts how often it is asked."""

    def __init__(self):
        self.n = 0

    def ask(self, x):
        self.n += 1
        return x[0] > 0 and self.n % 4 != 0

    def step(self, x):
        y = x
        while self.ask(x):
            y = y * 0.9
        return y + self.n


class WhileTestPops:
    """The test of a ``while`` takes an entry out of a list."""

    def step(self, x):
        q = [500.0, 4.0, 3.0, 2.0, 1.0, 0.0]
        n = 0
        while q.pop() < x[0].abs() + 0.5:
            n += 1
        return x * n + len(q)


class WhileTestAsksAnIterator:
    """The test of a ``while`` asks an iterator."""

    def __init__(self):
        self.it = itertools.count()

    def step(self, x):
        n = 0
        while next(self.it) % 5 < x[0].abs().clamp(max=3):
            n += 1
        return x * n


class WhileTurnsOften:
    """A number of an object decides on 100 turns, in every step."""

    def __init__(self):
        self.t = 0.0

    def step(self, x):
        end = self.t + 0.1
        v = x
        while self.t < end - 1e-9:
            v = v * 0.99
            self.t += 0.001
        return v


# -- members of enumerations ----------------------------------------------------------------------------------------


class MemberWithAHooksName:
    """A member has an attribute of a name that followed numbers have one of."""

    def __init__(self):
        self.t = Terrain.FLAT

    def step(self, x):
        self.t = Terrain.HILL if x[0] > 0 else Terrain.FLAT
        return x * self.t.rough


class MemberIsWritten:
    """An attribute of a member counts."""

    def __init__(self):
        self.m = Mode.STAND
        for m in Mode:
            m.visits = 0

    def step(self, x):
        self.m = Mode.WALK if x[0] > 0 else Mode.STAND
        self.m.visits += 1
        return x + Mode.WALK.visits


class MemberHasItsOwnFloat:
    """``float`` of a member is what its class says."""

    def __init__(self):
        self.m = OddLevel.A

    def step(self, x):
        self.m = OddLevel.B if x[0] > 0 else OddLevel.C
        return x * float(self.m)


class MemberHasItsOwnSum:
    """``+`` of a member is what its class says."""

    def __init__(self):
        self.m = Ring.A

    def step(self, x):
        if x[0] > 0:
            self.m = self.m + 1
        return x * (2 if self.m is Ring.B else 1)


class MemberHasItsOwnOrder(Late):
    """``<`` of a member is what its class says, and is another than that of numbers at a late step."""

    def __init__(self):
        super().__init__()
        self.m = Ordered.B

    def step(self, x):
        self.count()
        if self.k > 40:
            self.m = Ordered.A
        return x * 2 if self.m < Ordered.B else x


class MemberHasItsOwnInequality:
    """``!=`` of a member is what its class says."""

    def __init__(self):
        self.m = Unequal.A

    def step(self, x):
        self.m = Unequal.A if x[0] > 0 else Unequal.B
        return x * 2 if self.m != Unequal.A else x


# -- tables ---------------------------------------------------------------------------------------------------------


class ContextByMode(Late):
    """A mode takes a context out of a table."""

    def __init__(self):
        super().__init__()
        self.contexts = {"stand": contextlib.nullcontext(), "walk": torch.no_grad()}

    def step(self, x):
        self.count()
        with self.contexts[self.mode]:
            return x * 2


class ListOfListsUnderAnIf:
    """A number in a list of lists is written under an ``if``."""

    def __init__(self):
        self.m = [[0.0, 1.0], [2.0, 3.0]]

    def step(self, x):
        if x[0] > 0:
            self.m[0][1] = self.m[0][0] + 1.0
        self.m[0][0] += 0.1
        return x * self.m[0][1]


class WholeKeysUnderAnIf(Late):
    """A number under a whole number is written under an ``if``."""

    def step(self, x):
        d = {"a": 1.0, 3: 2.0}
        if x[0] > 0:
            d["a"] = 5.0
            d[3] = 6.0
        return x * d["a"] + d[3]


class SortedLate(Late):
    """A list is sorted at a late step."""

    def __init__(self):
        super().__init__()
        self.g = [2.0, 1.0]

    def step(self, x):
        self.count()
        if self.late:
            self.g.sort()
        return x * self.g[0]


class InsertedAtANumber(Late):
    """A number says where something is inserted."""

    def step(self, x):
        self.count()
        a = [1.0, 2.0, 3.0]
        a.insert(self.late, 5.0)
        return x * a[0]


class KeptInAClosure(Late):
    """A function keeps a list of another function's own."""

    def __init__(self):
        super().__init__()
        self.f = lambda: 1.0

    def step(self, x):
        self.count()
        y = x * self.f()
        a = [1.0 + self.late]
        self.f = lambda: a[0]
        return y


class ModeKeptInAClosure(Late):
    """A function keeps a list with a mode."""

    def __init__(self):
        super().__init__()
        self.f = lambda: "stand"

    def step(self, x):
        self.count()
        y = x * 2 if self.f() == "walk" else x
        a = [self.mode]
        self.f = lambda: a[0]
        return y


class KeptAsAMethod(Late):
    """A method of a list of a function's own is kept."""

    def __init__(self):
        super().__init__()
        self.get = [1.0].__getitem__

    def step(self, x):
        self.count()
        y = x * self.get(0)
        a = [1.0 + self.late]
        self.get = a.__getitem__
        return y


class OfACounter:
    """Begins with a counter of nothing."""

    def __init__(self):
        global counter
        counter = 0


class NameOfAnImport(OfACounter):
    """A function imports something under that name."""

    def step(self, x):
        bump()
        from math import pi as counter

        return x * counter


class NameOfAnError(OfACounter):
    """A function catches an error under that name."""

    def step(self, x):
        bump()
        try:
            raise ValueError(3)
        except ValueError as counter:
            return x * counter.args[0]


class NameOfAPattern(OfACounter):
    """A pattern takes a value under that name."""

    def step(self, x):
        bump()
        match [5, 6]:
            case [counter, _]:
                y = x * counter
        return y


class NameThatIsNotThere:
    """A name that is assigned when it is first asked for."""

    def __init__(self):
        globals().pop("seen", None)

    def step(self, x):
        global seen
        try:
            seen += 1
        except NameError:
            seen = 1
        return x * 2 if seen > 40 else x


# -- memory and arrays ----------------------------------------------------------------------------------------------


class AssignmentIsSeen:
    """A class counts what is assigned, ``+=`` of a tensor, too."""

    def __init__(self):
        object.__setattr__(self, "changes", torch.zeros(1))
        self.m = torch.zeros(3)

    def __setattr__(self, name, value):
        object.__setattr__(self, name, value)
        if name == "m":
            object.__setattr__(self, "changes", self.changes + 1)

    def step(self, x):
        self.m += x
        return self.m + self.changes


class RowOfAnArray(Late):
    """A number takes a row of an array."""

    def __init__(self):
        super().__init__()
        self.t = np.eye(3, dtype=np.float32)

    def step(self, x):
        self.count()
        return x + torch.from_numpy(self.t[self.k % 3] * x.numpy())


class ElementOfAnArrayIsPut(Late):
    """A number says which element of an array is written."""

    def step(self, x):
        self.count()
        a = x.numpy().copy()
        a[self.k % 3] = 7.0
        return torch.from_numpy(a)


class NewKey(Late):
    """A mode is a key that a dictionary of tensors has not had yet."""

    def step(self, x):
        self.count()
        kept = {"stand": torch.zeros(3)}
        kept[self.mode] = x
        kept[self.mode + "s"] = x * 2
        return sum(kept.values())


ATTACKS = [
    LoopVariable, LoopKey, LoopElse, LoopAttribute, IteratorGoesOn, IteratorOfSteps, GeneratorCountsItsTurns,
    MapCallsAFunction, GeneratorFailsFurtherOn, WhileTestCounts, WhileTestPops, WhileTestAsksAnIterator,
    WhileTurnsOften, MemberWithAHooksName, MemberIsWritten, MemberHasItsOwnFloat, MemberHasItsOwnSum,
    MemberHasItsOwnOrder, MemberHasItsOwnInequality, ContextByMode, ListOfListsUnderAnIf, WholeKeysUnderAnIf,
    SortedLate, InsertedAtANumber, KeptInAClosure, ModeKeptInAClosure, KeptAsAMethod, NameOfAnImport, NameOfAnError,
    NameOfAPattern, NameThatIsNotThere, AssignmentIsSeen, RowOfAnArray, ElementOfAnArrayIsPut,
    NewKey,
]  # fmt: skip
