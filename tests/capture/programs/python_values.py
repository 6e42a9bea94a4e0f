"""Python values that change in other ways than by counting an attribute up."""

from __future__ import annotations

import enum
from collections import deque

import numpy as np

from tests.capture.case import refused

DECIDES = r"decides what is computed"


class Mode(enum.Enum):
    A = 0
    B = 1


@refused(DECIDES, x=(1, 3))
class FSM:
    def __init__(self):
        self.k = 0
        self.mode = Mode.A

    def step(self, x):
        self.k += 1
        if self.mode is Mode.A and self.k > 12:
            self.mode = Mode.B
        return x * 2 if self.mode is Mode.A else x * 0


@refused(DECIDES, x=(1, 3))
class PropCounter:
    def __init__(self):
        self._n = 0

    @property
    def active(self):
        return self._n > 12

    def step(self, x):
        self._n += 1
        return x * 0 if self.active else x * 2


@refused(DECIDES, x=(1, 3))
class GetattrCounter:
    def __init__(self):
        self.n = 0

    def step(self, x):
        self.n = self.n + 1
        return x * 2 if self.n < 12 else x * 0


@refused(DECIDES, x=(1, 3))
class DunderDict:
    def __init__(self):
        self.n = 0

    def step(self, x):
        self.__dict__["n"] += 1
        return x * 2 if self.n < 12 else x * 0


@refused(DECIDES, x=(1, 3))
class LocalCopyCounter:
    def __init__(self):
        self.n = 0

    def step(self, x):
        n = self.n
        n = n + 1
        self.n = n
        return x * 2 if n < 12 else x * 0


@refused(DECIDES, x=(1, 3))
class NumpyCounter:
    def __init__(self):
        self.n = np.int64(0)

    def step(self, x):
        self.n = self.n + 1
        return x * 2 if self.n < 12 else x * 0


@refused(DECIDES, x=(1, 3))
class NumpyArrCounter:
    def __init__(self):
        self.n = np.zeros(1, int)

    def step(self, x):
        self.n += 1
        return x * 2 if self.n[0] < 12 else x * 0


@refused(DECIDES, x=(1, 3))
class BoolToggle:
    def __init__(self):
        self.h = [False] * 12

    def step(self, x):
        self.h = [*self.h[1:], True]
        return x * 0 if self.h[0] else x * 2


@refused(DECIDES, x=(1, 3))
class StringState:
    def __init__(self):
        self.s = ""

    def step(self, x):
        self.s += "a"
        return x * 2 if len(self.s) < 12 else x * 0


@refused(DECIDES, x=(1, 3))
class BitShift:
    def __init__(self):
        self.m = 1

    def step(self, x):
        self.m <<= 1
        return x * 0 if self.m & (1 << 12) else x * 2


@refused(DECIDES, x=(1, 3))
class FloatDecay:
    def __init__(self):
        self.e = 1.0

    def step(self, x):
        self.e *= 0.9
        return x * 0 if self.e < 0.3 else x * 2


@refused(DECIDES, x=(1, 3))
class SetLen:
    def __init__(self):
        self.seen = set()
        self.k = 0

    def step(self, x):
        self.k += 1
        self.seen.add(self.k)
        return x * 2 if len(self.seen) < 12 else x * 0


@refused(DECIDES, x=(1, 3))
class DictLen:
    def __init__(self):
        self.seen = {}

    def step(self, x):
        self.seen[len(self.seen)] = 1
        return x * 2 if len(self.seen) < 12 else x * 0


@refused(DECIDES, x=(1, 3))
class ListTruth:
    def __init__(self):
        self.todo = [1] * 12

    def step(self, x):
        if self.todo:
            self.todo.pop()
            return x * 2
        return x * 0


@refused(DECIDES, x=(1, 3))
class ListPlusEq:
    def __init__(self):
        self.q = []

    def step(self, x):
        self.q += [1]
        return x * 2 if len(self.q) < 12 else x * 0


@refused(DECIDES, x=(1, 3))
class LenSlots:
    def __init__(self):
        self.q = []

    def step(self, x):
        self.q = [*self.q, x]
        return x * 2 if len(self.q) < 12 else x * 0


@refused(DECIDES, x=(1, 3))
class DequeFull:
    def __init__(self):
        self.q = deque(maxlen=12)

    def step(self, x):
        full = len(self.q) == self.q.maxlen
        self.q.append(x)
        return x * 0 if full else x * 2


@refused(DECIDES, x=(1, 3))
class QueueLocalAlias:
    def __init__(self):
        self.q = []

    def step(self, x):
        q = self.q
        q.append(1)
        n = len(q)
        return x * 2 if n < 12 else x * 0
