"""Scripted modules that keep numbers, and branch on them."""

import warnings

import torch
from torch import nn

from tests.capture.case import exact, refused

DECIDES = r"decides what is computed"


def script(m):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return torch.jit.script(m)


class _SM(nn.Module):
    n: int

    def __init__(self):
        super().__init__()
        self.n = 0

    def forward(self, x):
        self.n += 1
        if self.n > 12:
            return x * 0
        return x * 2


@refused(DECIDES, x=(1, 3))
class ScriptCounter:
    def __init__(self):
        self.m = script(_SM())

    def step(self, x):
        return self.m(x)


class _SML(nn.Module):
    h: list[float]

    def __init__(self):
        super().__init__()
        self.h = [0.0]

    def forward(self, x):
        self.h.append(1.0)
        if len(self.h) > 12:
            return x * 0
        return x * 2


@refused(DECIDES, x=(1, 3))
class ScriptList:
    def __init__(self):
        self.m = script(_SML())

    def step(self, x):
        return self.m(x)


class _SMC(nn.Module):
    def __init__(self):
        super().__init__()
        self.inner = _SM()

    def forward(self, x):
        return self.inner(x) + 1


@refused(DECIDES, x=(1, 3))
class ScriptNested:
    def __init__(self):
        self.m = script(_SMC())

    def step(self, x):
        return self.m(x)


class _SMB(nn.Module):
    first: bool

    def __init__(self):
        super().__init__()
        self.first = True
        self.register_buffer("h", torch.zeros(1, 3))

    def forward(self, x):
        if self.first:
            self.h = torch.ones(1, 3)
            self.first = False
        self.h = self.h * 0.5 + x
        return self.h


@exact(x=(1, 3))
class ScriptFirst:
    def __init__(self):
        self.m = script(_SMB())

    def step(self, x):
        return self.m(x)


class _SMOK(nn.Module):
    n: int

    def __init__(self):
        super().__init__()
        self.n = 3
        self.k = 2.0
        self.l = nn.Linear(3, 3)

    def forward(self, x):
        if self.n > 2:
            return self.l(x) * self.k
        return x * 2


@exact(x=(1, 3))
class ScriptConfig:
    def __init__(self):
        self.m = script(_SMOK())

    def step(self, x):
        return self.m(x)


class _SMLog(nn.Module):
    n: int

    def __init__(self):
        super().__init__()
        self.n = 0
        self.l = nn.Linear(3, 3)

    def forward(self, x):
        self.n += 1
        return self.l(x)


@exact(x=(1, 3))
class ScriptCountsNothing:
    def __init__(self):
        self.m = script(_SMLog())

    def step(self, x):
        return self.m(x)


class _SMTB(nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("n", torch.zeros(1, dtype=torch.long))

    def forward(self, x):
        self.n += 1
        if bool(self.n > 12):
            return x * 0
        return x * 2


@refused(DECIDES, x=(1, 3))
class ScriptTensorCounter:
    def __init__(self):
        self.m = script(_SMTB())

    def step(self, x):
        return self.m(x)


class _SMD(nn.Module):
    d: dict[str, int]

    def __init__(self):
        super().__init__()
        self.d = {"n": 0}

    def forward(self, x):
        self.d["n"] += 1
        if self.d["n"] > 12:
            return x * 0
        return x * 2


@refused(DECIDES, x=(1, 3))
class ScriptDict:
    def __init__(self):
        self.m = script(_SMD())

    def step(self, x):
        return self.m(x)


class _SMPy(nn.Module):
    def __init__(self):
        super().__init__()
        self.n = 0
        self.k = 0

    @torch.jit.ignore
    def count(self) -> int:
        self.k += 1
        return self.k

    def forward(self, x):
        if self.count() > 12:
            return x * 0
        return x * 2


@refused(DECIDES, x=(1, 3))
class ScriptIgnored:
    def __init__(self):
        self.m = script(_SMPy())

    def step(self, x):
        return self.m(x)
