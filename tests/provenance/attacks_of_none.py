"""What ``None`` does where it raises nothing, lists that a counter trims late, attributes that are missing at first."""

from __future__ import annotations

import contextlib

import torch

TABLE = torch.arange(6.0).reshape(2, 3)


class Late:
    """A reading beyond all recorded ones takes something away."""

    def __init__(self):
        self.n, self.g, self.low, self.h = 1, torch.zeros(3), -1.0, None


class EqualToNone(Late):
    def step(self, x):
        if x[0] > 20:
            self.n = None
        return x if self.n == 1 else x * 2


class UnequalToNone(Late):
    def step(self, x):
        if x[0] > 20:
            self.n = None
        return x if self.n != 1 else x * 2


class NoneAsAnIndex(Late):
    def step(self, x):
        if x[0] > 20:
            self.n = None
        return x[self.n].sum() + x


class NoneInATable(Late):
    def step(self, x):
        if x[0] > 20:
            self.n = None
        if x[1] > 1:
            self.n = 0
        return x + TABLE[self.n].sum()


class NoneAsABound(Late):
    def step(self, x):
        if x[0] > 20:
            self.low = None
        return torch.clamp(x, self.low, 5.0)


class SetByName(Late):
    def step(self, x):
        if x[0] > 20:
            self.g = None
        if x[1] > 1:
            self.g = x
        setattr(self, "h", self.g)  # noqa: B010
        return x if self.h is None else self.h


class PutInADictionary(Late):
    def step(self, x):
        if x[0] > 20:
            self.g = None
        if x[1] > 1:
            self.g = x
        held = {}
        held["g"] = self.g
        return x if held["g"] is None else held["g"]


class AskedForItsType(Late):
    def step(self, x):
        if x[0] > 20:
            self.g = None
        return self.g + x if isinstance(self.g, torch.Tensor) else x * 2


class CaughtByTheCaller(Late):
    def moved(self, x):
        return self.g + x

    def step(self, x):
        if x[0] > 20:
            self.g = None
        try:
            return self.moved(x)
        except TypeError:
            return x * 2


class Suppressed(Late):
    def step(self, x):
        if x[0] > 20:
            self.g = None
        y = x
        with contextlib.suppress(TypeError):
            y = self.g + x
        return y


class AnEntryThatIsNone:
    def __init__(self):
        self.w = [0, None]

    def step(self, x):
        self.w[0] += 1
        if self.w[0] == 40:
            self.w[1] = 3.0
        return x if self.w[1] is None else x * self.w[1]


class Trimmed:
    """A list that a counter makes shorter when nobody looks any more."""

    def __init__(self):
        self.h, self.t, self.n = [], 0, 6

    def count(self, x):
        self.t += 1
        if self.t > 60:
            self.n = 3
        self.h.append(x)


class TrimmedByAWhile(Trimmed):
    def step(self, x):
        self.count(x)
        while len(self.h) > self.n:
            self.h.pop(0)
        return torch.stack(self.h).mean(0)


class TrimmedByAChoice(Trimmed):
    def step(self, x):
        self.count(x)
        while len(self.h) > (6 if self.t < 60 else 3):
            self.h.pop(0)
        return torch.stack(self.h).mean(0)


class TrimmedByDelete(Trimmed):
    def step(self, x):
        self.count(x)
        del self.h[: -self.n]
        return torch.stack(self.h).mean(0)


class TrimmedByAReading:
    def __init__(self):
        self.h = [torch.zeros(3)] * 6

    def step(self, x):
        n = 3 if x[0] > 20 else 6
        self.h.append(x)
        del self.h[:-n]
        return torch.stack(self.h).mean(0)


class TrimmedOfItsOwn(Trimmed):
    def step(self, x):
        self.t += 1
        h = [x, x * 2, x * 3]
        while len(h) > 3 - self.t // 60:
            h.pop()
        return torch.stack(h).mean(0)


class ByTheClass:
    """The class has what the object lacks at first."""

    gain, mode = 1.0, "walk"

    def step(self, x):
        if x[0] > 1:
            self.gain = 3.0
        if x[1] > 1:
            self.mode = "stop"
        return x * self.gain if self.mode == "walk" else -x


class ByAFallback:
    def __getattr__(self, name):
        if name == "gain":
            return 0.5
        raise AttributeError(name)

    def step(self, x):
        if x[0] > 1:
            self.gain = 2.0
        return x * self.gain


class MissingAndCaught:
    def step(self, x):
        if x[0] > 1:
            self.gain = 2.0
        try:
            return x * self.gain
        except AttributeError:
            return x


class DividesByTheStart:
    """Whole numbers that are never zero divide."""

    def __init__(self):
        self.k = None

    def step(self, x):
        k = x.argmax() + 1 if self.k is None else self.k
        self.k = x.argmin() + 1
        return x * (12 // k)


class SolvesAtTheStart:
    def __init__(self):
        self.h = []

    def step(self, x):
        self.h.append(torch.outer(x, x) + torch.eye(3))
        self.h = self.h[-2:]
        return torch.linalg.solve(self.h[0], x)


class IndexBesideOthers:
    """A number that is an index lies where others of its kind lie at the start."""

    def __init__(self):
        self.k, self.s, self.table = [], [], torch.arange(9.0).reshape(3, 3)

    def step(self, x):
        self.s.append(x[1] * 200)
        self.k.append(x.argmax().float())
        if len(self.s) < 3:
            return self.s[0] + x
        if len(self.s) > 5:
            self.s.pop(0)
        self.k = self.k[-2:]
        return self.table.index_select(0, self.k[0].long().reshape(1))[0] + self.s[0]


ATTACKS = [thing for thing in list(globals().values()) if isinstance(thing, type) and hasattr(thing, "step")]
