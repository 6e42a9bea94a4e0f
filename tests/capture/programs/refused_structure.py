"""Programs that capture must refuse: random numbers, shapes, edges, first steps."""

from __future__ import annotations

import torch
from torch import nn

from tests.capture.case import integers, refused

RANDOM = r"random"
SHAPE = r"depends on values|shape"


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


@refused(r"output 'action' .* shape \[\d\] in step", at="return x[x > 0]", x=(1, 6))
def selection_returned(x):
    return x[x > 0]


@refused(r"output 'action' .* shape", at="(x > 0).nonzero()", x=(1, 6))
def nonzero_returned(x):
    return (x > 0).nonzero()


@refused(r"output 'action' .* shape", at="x.unique()", x=integers(3, 6))
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


@refused(r"value of state .* is computed from input|first step|initialis", x=(1, 3))
class InitialisedFromObservation:
    """The history starts filled with the first observation."""

    def __init__(self):
        self.history = None

    def step(self, x):
        if self.history is None:
            self.history = x.repeat(3, 1)
        self.history = torch.cat([self.history[1:], x])
        return self.history.flatten()


@refused(r"first step", x=(1, 3))
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


@refused(r"does not give output 'action' of step 0", at="return x + 0.1 * slope", x=(1, 3))
class SlopeFromSecondStep:
    """What the first step leaves out no first value of a state stands for."""

    def __init__(self):
        self.before = None

    def step(self, x):
        slope = torch.zeros_like(x) if self.before is None else x - self.before
        self.before = x.clone()
        return x + 0.1 * slope


@refused(r"node 'fast' ran 5 times and node 'slow' 3 times", x=(1, 3))
class NodesOfTwoRates:
    def __init__(self):
        self.k = 0

    def run(self, io, x):
        io.inputs("fast", {"x": x})
        y = x * 2
        io.outputs("fast", {"y": y})
        if self.k % 2 == 0:
            io.inputs("slow", {"y": y})
            io.outputs("slow", {"z": y + 1})
        self.k += 1
