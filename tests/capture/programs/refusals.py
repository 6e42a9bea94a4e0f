"""Programs that capture must refuse, with the reason and the line."""

from __future__ import annotations

import random
import time

import numpy as np
import torch
from torch import nn

from tests.capture.case import integers, refused

BRANCH = r"Python branch|truth value|does something else"
PYTHON_VALUE = r"Python value|is used in Python|changes from step to step"
LIVE = r"undeclared input|changes between steps|another tensor"
RANDOM = r"random"
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


@refused(LIVE, at="self.sensor", x=(1, 3))
class LiveSensor:
    """A tensor that is new in each step and was never declared."""

    def __init__(self):
        self.generator = np.random.default_rng(0)
        self.sensor = None

    def step(self, x):
        fresh = self.generator.standard_normal((1, 3)).astype(np.float32)
        self.sensor = torch.from_numpy(fresh)
        return x + self.sensor * 2


@refused(LIVE, x=(1, 3))
class SimulatorMemory:
    """The simulator writes through a NumPy alias between the steps."""

    def __init__(self):
        self.memory = np.zeros((1, 3), dtype=np.float32)
        self.view = torch.from_numpy(self.memory)

    def step(self, x):
        return x + self.view

    def after(self):
        self.memory += 1.0


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


@refused(RANDOM, at="randn_like", x=(1, 3))
def observation_noise(x):
    return x + 0.01 * torch.randn_like(x)


@refused(RANDOM, x=(1, 3))
class SampledAction:
    def __init__(self):
        self.net = nn.Linear(3, 2)

    def step(self, x):
        mean = self.net(x)
        return torch.distributions.Normal(mean, torch.ones_like(mean), validate_args=False).sample()


@refused(RANDOM, x=(2, 6))
class DropoutLeftOn:
    def __init__(self):
        self.net = nn.Sequential(nn.Linear(6, 4), nn.Dropout(0.5)).train()

    def step(self, x):
        return self.net(x)


@refused(RANDOM, x=(1, 3))
def uniform_in_place(x):
    return x + torch.empty(1, 3).uniform_(-1, 1)


@refused(RANDOM, x=(1, 3))
class RandomReset:
    """State is drawn anew in every step."""

    def __init__(self):
        self.command = torch.zeros(1, 3)

    def step(self, x):
        self.command = self.command * 0.5 + torch.rand(1, 3)
        return x + self.command


@refused(SHAPE, at="x[x > 0]", x=(1, 6))
def selection_returned(x):
    return x[x > 0]


@refused(SHAPE, x=(1, 6))
def nonzero_returned(x):
    return (x > 0).nonzero()


@refused(SHAPE, x=integers(3, 6))
def unique_returned(x):
    return x.unique()


@refused(r"between the two nodes|between nodes|broken|undeclared edge|without declaring", x=(1, 3))
class ComputationOnEdge:
    """The value is scaled on its way from one node to the other."""

    def run(self, io, x):
        io.inputs("a", {"x": x})
        y = x + 1
        io.outputs("a", {"y": y})
        scaled = y * 2
        io.inputs("b", {"y": scaled})
        io.outputs("b", {"z": scaled - 1})


@refused(r"undeclared edge|without declaring", x=(1, 3))
class UndeclaredEdge:
    """The second node reads what the first computed, and does not say so."""

    def run(self, io, x):
        io.inputs("a", {"x": x})
        y = torch.tanh(x)
        hidden = y * 3
        io.outputs("a", {"y": y})
        io.inputs("b", {"y": y})
        io.outputs("b", {"z": y + hidden})


@refused(r"undeclared edge|without declaring", x=(1, 3))
class ReadsOtherNodesInput:
    def run(self, io, x):
        io.inputs("a", {"x": x})
        y = torch.tanh(x)
        io.outputs("a", {"y": y})
        io.inputs("b", {"y": y})
        io.outputs("b", {"z": y + x})


@refused(r"first value of state .* is computed from input|first step|initialis", x=(1, 3))
class InitialisedFromObservation:
    """The history starts filled with the first observation."""

    def __init__(self):
        self.history = None

    def step(self, x):
        if self.history is None:
            self.history = x.repeat(3, 1)
        self.history = torch.cat([self.history[1:], x])
        return self.history.flatten()


@refused(r".", x=(1, 3))
class FirstActionLatched:
    """The first observation is an offset for ever."""

    def __init__(self):
        self.offset = None

    def step(self, x):
        if self.offset is None:
            self.offset = x.clone()
        return x - self.offset


@refused(r"delay longer than the recording|another tensor|more steps", steps=3, x=(1, 3))
class DelayLongerThanRecording:
    """Three steps are recorded, the delay is five."""

    def __init__(self):
        self.queue = [torch.zeros(1, 3) for _ in range(5)]

    def step(self, x):
        self.queue.append(x * 2)
        return self.queue.pop(0)


@refused(r"sparse", x=(3, 3))
def sparse_tensors(x):
    return torch.sparse.mm(x.to_sparse(), x)


@refused(SHAPE, x=(1, 3))
class GrowingHistory:
    """The history gets longer in each step."""

    def __init__(self):
        self.history = torch.zeros(0, 3)

    def step(self, x):
        self.history = torch.cat([self.history, x])
        return self.history.sum(0)


@refused(r"not declared in step|same outputs", x=(1, 3))
class OutputOnlySometimes:
    def __init__(self):
        self.k = 0

    def step(self, x):
        self.k += 1
        return {"action": x * 2, "extra": x} if self.k > 2 else {"action": x * 2}
