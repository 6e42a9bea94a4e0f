"""Python state in dictionaries, tuples, closures, generators, classes: it decides after the captured steps."""

from __future__ import annotations

import dataclasses
import functools
import types
from collections import Counter
from typing import NamedTuple

import torch

from tests.capture.case import refused

DECIDES = r"decides what is computed"


@refused(DECIDES, x=(1, 3))
class DictState:
    def __init__(self):
        self.s = {"t": 0}

    def step(self, x):
        self.s["t"] += 1
        return x * 2 if self.s["t"] < 12 else x * 0


@refused(DECIDES, x=(1, 3))
class DictStateAssign:
    def __init__(self):
        self.s = {"t": 0}

    def step(self, x):
        self.s["t"] = self.s["t"] + 1
        return x * 2 if self.s["t"] < 12 else x * 0


@refused(DECIDES, x=(1, 3))
class DictStateUpdate:
    def __init__(self):
        self.s = {"t": 0}

    def step(self, x):
        self.s.update(t=self.s["t"] + 1)
        return x * 2 if self.s["t"] < 12 else x * 0


@refused(DECIDES, x=(1, 3))
class DictGetState:
    def __init__(self):
        self.s = {}

    def step(self, x):
        self.s["t"] = self.s.get("t", 0) + 1
        return x * 2 if self.s["t"] < 12 else x * 0


@refused(DECIDES, x=(1, 3))
class ListState:
    def __init__(self):
        self.s = [0]

    def step(self, x):
        self.s[0] += 1
        return x * 2 if self.s[0] < 12 else x * 0


@refused(DECIDES, x=(1, 3))
class CounterUpdate:
    def __init__(self):
        self.s = Counter()

    def step(self, x):
        self.s.update(["t"])
        return x * 2 if self.s["t"] < 12 else x * 0


@dataclasses.dataclass(slots=True)
class _DS:
    t: int = 0


@refused(DECIDES, x=(1, 3))
class SlotsState:
    def __init__(self):
        self.s = _DS()

    def step(self, x):
        self.s.t += 1
        return x * 2 if self.s.t < 12 else x * 0


@refused(DECIDES, x=(1, 3))
class SlotsReplace:
    def __init__(self):
        self.s = _DS()

    def step(self, x):
        self.s = dataclasses.replace(self.s, t=self.s.t + 1)
        return x * 2 if self.s.t < 12 else x * 0


class _NT(NamedTuple):
    t: int
    h: torch.Tensor


@refused(DECIDES, x=(1, 3))
class NTReplace:
    def __init__(self):
        self.s = _NT(0, torch.zeros(1, 3))

    def step(self, x):
        self.s = self.s._replace(t=self.s.t + 1, h=self.s.h * 0.5 + x)
        return self.s.h if self.s.t < 12 else x * 0


@refused(DECIDES, x=(1, 3))
class NTNew:
    def __init__(self):
        self.s = _NT(0, torch.zeros(1, 3))

    def step(self, x):
        self.s = _NT(self.s.t + 1, self.s.h * 0.5 + x)
        return self.s.h if self.s.t < 12 else x * 0


@refused(DECIDES, x=(1, 3))
class TupleState:
    def __init__(self):
        self.s = (0, torch.zeros(1, 3))

    def step(self, x):
        t, h = self.s
        self.s = (t + 1, h * 0.5 + x)
        return self.s[1] + 0 if t < 12 else x * 0


def _mk2():
    n = [0]

    def f(x):
        n[0] += 1
        return x * 2 if n[0] < 12 else x * 0

    return f


@refused(DECIDES, x=(1, 3))
class ClosureList:
    def __init__(self):
        self.f = _mk2()

    def step(self, x):
        return self.f(x)


def _pf(state, x):
    state["n"] += 1
    return x * 2 if state["n"] < 12 else x * 0


@refused(DECIDES, x=(1, 3))
class Partial:
    def __init__(self):
        self.f = functools.partial(_pf, {"n": 0})

    def step(self, x):
        return self.f(x)


class _Cls:
    n = 0


@refused(DECIDES, x=(1, 3))
class ClassAttr:
    def __init__(self):
        _Cls.n = 0

    def step(self, x):
        _Cls.n += 1
        return x * 2 if _Cls.n < 12 else x * 0


@refused(DECIDES, x=(1, 3))
class ClassMethodCount:
    n = 0

    @classmethod
    def up(cls):
        cls.n += 1

    def step(self, x):
        self.up()
        return x * 2 if self.n < 12 else x * 0


CFG = {"n": 0}


@refused(DECIDES, x=(1, 3))
class GlobalDict:
    def __init__(self):
        CFG["n"] = 0

    def step(self, x):
        CFG["n"] += 1
        return x * 2 if CFG["n"] < 12 else x * 0


@refused(DECIDES, x=(1, 3))
class SimpleNs:
    def __init__(self):
        self.cfg = types.SimpleNamespace(n=0, scale=2.0)

    def step(self, x):
        self.cfg.n += 1
        if self.cfg.n >= 12:
            self.cfg.scale = 0.0
        return x * self.cfg.scale


def _default(x, s=[0]):  # noqa: B006
    s[0] += 1
    return x * 2 if s[0] < 12 else x * 0


@refused(DECIDES, x=(1, 3))
class DefaultArg:
    def __init__(self):
        _default.__defaults__[0][0] = 0

    def step(self, x):
        return _default(x)


def _fattr(x):
    _fattr.n += 1
    return x * 2 if _fattr.n < 12 else x * 0


@refused(DECIDES, x=(1, 3))
class FuncAttr:
    def __init__(self):
        _fattr.n = 0

    def step(self, x):
        return _fattr(x)


@refused(DECIDES, x=(1, 3))
class LruSched:
    def __init__(self):
        self.k = 0

    @functools.cache  # noqa: B019
    def sched(self, k):
        return 1.0 if k < 12 else 0.0

    def step(self, x):
        self.k += 1
        return x * self.sched(self.k)


@refused(DECIDES, x=(1, 3))
class TryKey:
    def __init__(self):
        self.k = 0
        self.tab = [1.0] * 12

    def step(self, x):
        self.k += 1
        try:
            s = self.tab[self.k]
        except IndexError:
            s = 0.0
        return x * s


@refused(DECIDES, x=(1, 3))
class MatchState:
    def __init__(self):
        self.k = 0

    def step(self, x):
        self.k += 1
        match self.k // 12:
            case 0:
                return x * 2
            case _:
                return x * 0
