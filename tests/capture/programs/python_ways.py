"""Python values that reach the program through hooks, contexts, callbacks, arguments by name, operators."""

from __future__ import annotations

import collections
import contextlib
import functools
import random

from torch import nn

from tests.capture.case import refused

DECIDES = r"decides what is computed"


class Hooked(nn.Module):
    def __init__(self):
        super().__init__()
        self.l = nn.Linear(3, 3)
        self.n = 0
        self.register_forward_pre_hook(self._pre)

    @staticmethod
    def _pre(m, a):
        m.n += 1

    def forward(self, x):
        return self.l(x) if self.n < 12 else x * 0


@refused(DECIDES, x=(1, 3))
class HookCounter:
    def __init__(self):
        self.m = Hooked()

    def step(self, x):
        return self.m(x)


@refused(DECIDES, x=(1, 3))
class PyChoices:
    def step(self, x):
        return x * random.choices([2.0, 0.0], weights=[10**9, 1])[0]


class Ctx:
    def __init__(self):
        self.n = 0

    def __enter__(self):
        self.n += 1
        return self.n

    def __exit__(self, *a):
        pass


@refused(DECIDES, x=(1, 3))
class CtxCounter:
    def __init__(self):
        self.c = Ctx()

    def step(self, x):
        with self.c as n:
            return x * 2 if n < 12 else x * 0


@contextlib.contextmanager
def phase(o):
    o.n += 1
    yield o.n > 12


@refused(DECIDES, x=(1, 3))
class CtxGen:
    def __init__(self):
        self.n = 0

    def step(self, x):
        with phase(self) as late:
            return x * 0 if late else x * 2


def every(k):
    def deco(f):
        n = 0
        last = None

        @functools.wraps(f)
        def w(*a):
            nonlocal n, last
            if n % k == 0:
                last = f(*a)
            n += 1
            return last

        return w

    return deco


@refused("of the first step and kept", x=(1, 3))
class DecoEvery:
    def __init__(self):
        @every(8)
        def f(x):
            return x * 2

        self.f = f

    def step(self, x):
        return self.f(x) + 0


@refused(DECIDES, x=(1, 3))
class LambdaAttr:
    def __init__(self):
        self.n = 0
        self.cond = lambda: self.n < 12

    def step(self, x):
        self.n += 1
        return x * 2 if self.cond() else x * 0


@refused(DECIDES, x=(1, 3))
class SumList:
    def __init__(self):
        self.w = []

    def step(self, x):
        self.w.append(0.5)
        return x * (2.0 if sum(self.w) < 6 else 0.0)


@refused(DECIDES, x=(1, 3))
class BoolKw:
    def __init__(self):
        self.t = 0

    def net(self, x, *, late=False):
        return x * 0 if late else x * 2

    def step(self, x):
        self.t += 1
        return self.net(x, late=self.t > 12)


@refused(DECIDES, x=(1, 3))
class StarArgs:
    def __init__(self):
        self.t = 0

    def net(self, x, *a):
        return x * 0 if a[0] else x * 2

    def step(self, x):
        self.t += 1
        return self.net(x, *[self.t > 12])


@refused(DECIDES, x=(1, 3))
class DictKw:
    def __init__(self):
        self.t = 0

    def net(self, x, late):
        return x * 0 if late else x * 2

    def step(self, x):
        self.t += 1
        kw = dict(late=self.t > 12)
        return self.net(x, **kw)


class _ObsTerm:
    def __init__(self):
        self.calls = 0

    def __call__(self, x):
        self.calls += 1
        return x * 2 if self.calls < 12 else x * 0


@refused(DECIDES + "|does something else", x=(1, 3))
class CallableObj:
    def __init__(self):
        self.terms = [_ObsTerm()]

    def step(self, x):
        return sum(t(x) for t in self.terms)


class _IntLike:
    def __init__(self):
        self.v = 0

    def tick(self):
        self.v += 1
        return self

    def __lt__(self, o):
        return self.v < o


@refused(DECIDES, x=(1, 3))
class IntLike:
    def __init__(self):
        self.c = _IntLike()

    def step(self, x):
        return x * 2 if self.c.tick() < 12 else x * 0


@refused(DECIDES, x=(1, 3))
class GetItemObj:
    def __init__(self):
        self.s = collections.UserDict(n=0)

    def step(self, x):
        self.s["n"] += 1
        return x * 2 if self.s["n"] < 12 else x * 0


@refused(DECIDES, x=(1, 3))
class ParamFloatAnneal:
    def __init__(self):
        self.sched = _Sched()

    def step(self, x):
        return x * self.sched.step()


class _Sched:
    def __init__(self):
        self.n = 0
        self.lr = 1.0

    def step(self):
        self.n += 1
        if self.n in (12, 24):
            self.lr *= 0.1
        return self.lr
