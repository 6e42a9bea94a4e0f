"""Programs that capture must refuse, with the reason and the line."""

from __future__ import annotations

import ctypes
import random
import time

import numpy as np
import torch

from tests.capture.case import integers, refused

BRANCH = r"Python branch|truth value|does something else"
PYTHON_VALUE = r"Python value|is used in Python|changes from step to step"
LIVE = r"undeclared input|changes between steps|another tensor"
SHAPE = r"depends on values|shape"


@refused(BRANCH, at="return x", x=(1, 3))
def branch_on_input(x):
    if x.sum() > 0:
        return x * 2
    return x - 1


@refused(BRANCH, at="if x.abs().max() > 100", x=(1, 3))
def branch_that_never_flips(x):
    """The branch is always the same in the recording; its condition depends on the input."""
    if x.abs().max() > 100:
        return x * 0
    return x * 2


@refused(BRANCH, x=(1, 3))
class BranchOnState:
    def __init__(self):
        self.total = torch.zeros(1, 3)

    def step(self, x):
        self.total = self.total + x.abs()
        if self.total.sum() > 6:
            self.total = torch.zeros(1, 3)
        return x + self.total


@refused(BRANCH + "|" + PYTHON_VALUE, x=(1, 3))
def loop_on_value(x):
    y = x
    while y.norm() > 1:
        y = y * 0.5
    return y


@refused(PYTHON_VALUE, at="x.mean().item()", x=(1, 3))
def item_reaches_output(x):
    return x * x.mean().item()


@refused(PYTHON_VALUE, at="float(x[0, 0])", x=(1, 3))
def float_reaches_output(x):
    return x + float(x[0, 0])


@refused(PYTHON_VALUE + "|" + LIVE, x=(1, 3))
def tolist_reaches_output(x):
    return torch.tensor(x.tolist()) * 2


@refused(PYTHON_VALUE + "|" + LIVE, x=(1, 3))
def list_of_items(x):
    return torch.tensor([v.item() for v in x[0]]) + x


@refused(PYTHON_VALUE, x=(1, 3), n=integers(3))
def int_slice_bound(x, n):
    return torch.cat([x[:, : int(n)], torch.zeros(1, 3)[:, int(n) :]], 1)


@refused(PYTHON_VALUE + "|" + SHAPE, at="self.count", x=(1, 3))
class PythonCounter:
    """A Python counter scales the output."""

    def __init__(self):
        self.count = 0

    def step(self, x):
        self.count += 1
        return x * self.count


@refused(PYTHON_VALUE + r"|another part of the same tensor|Python index", x=(1, 3))
class PythonRingBuffer:
    """A ring buffer whose pointer is a Python number."""

    def __init__(self):
        self.buffer = torch.zeros(4, 3)
        self.k = 0

    def step(self, x):
        self.buffer[self.k] = x[0]
        self.k = (self.k + 1) % 4
        return self.buffer.sum(0)


@refused(PYTHON_VALUE, x=(1, 3))
class PythonPhase:
    """A gait phase computed with Python floats."""

    def __init__(self):
        self.t = 0.0

    def step(self, x):
        self.t += 0.02
        return x + torch.tensor([[np.sin(self.t), np.cos(self.t), 0.0]]).float()


@refused(BRANCH + "|" + PYTHON_VALUE, x=(1, 3))
class PythonSchedule:
    """Something else happens in every second step."""

    def __init__(self):
        self.k = 0

    def step(self, x):
        self.k += 1
        return x * 2 if self.k % 2 else x + 1


@refused(r"undeclared input", at="self.sensor * 2", x=(1, 3))
class LiveSensor:
    """A tensor that is new in each step and was never declared."""

    def __init__(self):
        self.generator = np.random.default_rng(0)
        self.sensor = None

    def step(self, x):
        fresh = self.generator.standard_normal((1, 3)).astype(np.float32)
        self.sensor = torch.from_numpy(fresh)
        return x + self.sensor * 2


@refused(r"undeclared input", at="x + self.view", x=(1, 3))
class SimulatorMemory:
    """The simulator writes through an alias of its own between the steps."""

    def __init__(self):
        self.memory = (ctypes.c_float * 3)()
        self.view = torch.from_numpy(np.ctypeslib.as_array(self.memory).reshape(1, 3))

    def step(self, x):
        return x + self.view

    def after(self):
        self.memory[0] += 1.0


@refused(LIVE + "|" + PYTHON_VALUE, x=(1, 3))
class WallClock:
    """The time of day enters the observation."""

    def step(self, x):
        return x + torch.tensor([[time.perf_counter() % 1.0]])


@refused(LIVE + "|" + PYTHON_VALUE, x=(1, 3))
class PythonRandom:
    def __init__(self):
        self.random = random.Random(0)

    def step(self, x):
        return x * self.random.random()


@refused(r"complex64 tensor .* is state, and a bundle holds no such numbers", at="torch.polar", x=(2, 4))
class ComplexState:
    def __init__(self):
        self.z = torch.ones(2, 4, dtype=torch.complex64)

    def step(self, x):
        self.z = self.z * torch.polar(torch.full((2, 4), 0.99), x)
        return self.z.real


@refused(r"replaying the captured steps does not give output", at="return self.layer(x)", x=(2, 4))
class HookOfFirstStep:
    """It changes the first step and removes itself."""

    def __init__(self):
        self.layer = torch.nn.Linear(4, 4)
        self.handle = self.layer.register_forward_hook(self._once)

    def _once(self, module, given, result):
        self.handle.remove()
        return result * 0

    def step(self, x):
        return self.layer(x)


@refused(r"narrow is given a tensor as its start", at="torch.narrow", x=(1, 4), n=integers(3))
def narrowed_by_a_tensor(x, n):
    return torch.narrow(x, 1, n, 2)


@refused(r"_foreach_powsum has no form for one tensor", at="torch._foreach_powsum", x=(2, 4))
def foreach_without_form_for_one(x):
    return torch.stack(torch._foreach_powsum([x, x * 2], 2))
