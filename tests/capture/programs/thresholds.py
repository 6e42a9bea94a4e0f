"""Python decides, at a threshold that the captured steps do not reach: each would be wrong later, and silently."""

from __future__ import annotations

import math
import random
import time
from collections import deque

import torch

from tests.capture.case import refused

DECIDES = r"decides what is computed"


@refused(DECIDES, at="x.norm().item()", x=(1, 3))
def item_against_threshold(x):
    size = x.norm().item()
    if size > 40.0:
        return x * 0
    return x * 2


@refused(DECIDES, at="float(x[0, 0]) > 20", x=(1, 3))
def float_in_condition(x):
    if float(x[0, 0]) > 20:
        return x * 0
    return x * 2


@refused(DECIDES, at="self.height = x[0, 0].item()", x=(1, 3))
class HeightKeptInPython:
    """A fall is noticed in Python, a step late."""

    def __init__(self):
        self.height = 1.0

    def step(self, x):
        y = x * 2 if self.height < 20.0 else x * 0
        self.height = x[0, 0].item()
        return y


@refused(DECIDES, at="self._fallen(x[0, 0].item())", x=(1, 3))
class ThresholdInHelper:
    def _fallen(self, height):
        return height > 20.0

    def step(self, x):
        if self._fallen(x[0, 0].item()):
            return x * 0
        return x * 2


@refused(DECIDES, at="x[0].tolist()", x=(1, 3))
def list_against_threshold(x):
    return x * (0.0 if any(v > 20.0 for v in x[0].tolist()) else 1.0)


@refused(DECIDES, at="round(x[0, 0].item() / 60)", x=(1, 3))
def rounded_in_python(x):
    return x * (1 + round(x[0, 0].item() / 60))


@refused(DECIDES, at="round(x.numpy()[0, 0] / 60)", x=(1, 3))
def rounded_numpy_scalar(x):
    return x * (1 + round(x.numpy()[0, 0] / 60))


@refused(DECIDES, at="self.flags.append", x=(1, 3))
class FlagsInList:
    """What is appended to a list is read again."""

    def __init__(self):
        self.flags = []

    def step(self, x):
        self.flags.append(float(x[0, 0] > 20.0))
        return x + torch.tensor([sum(self.flags[-3:])])


@refused(DECIDES, at="(x > 20.0).nonzero()", x=(4,))
class SizeOfSelection:
    """A reset only if any index was selected."""

    def __init__(self):
        self.h = torch.zeros(4)

    def step(self, x):
        ids = (x > 20.0).nonzero().flatten()
        if len(ids) > 0:
            self.h = torch.ones(4)
        return x + self.h


@refused(DECIDES, at="torch.where(x > 20.0)", x=(4,))
def loop_over_selection(x):
    y = x * 2
    for i in torch.where(x > 20.0)[0]:
        y[i] = 0.0
    return y


@refused(DECIDES, at="self.k % 20", x=(1, 3))
class PythonResampling:
    """A command is drawn anew every 20 steps, counted in Python."""

    def __init__(self):
        self.k = 0
        self.command = torch.zeros(1, 3)

    def step(self, x):
        self.k += 1
        if self.k % 20 == 0:
            self.command = x.clone()
        return x + self.command


@refused(DECIDES, at="min(1.0, max(0.0", x=(1, 3))
class PythonRamp:
    """A ramp that starts after the captured steps."""

    def __init__(self):
        self.t = 0.0

    def step(self, x):
        self.t += 0.02
        return x * min(1.0, max(0.0, (self.t - 0.3) * 5))


@refused(DECIDES, at="len(self.queue) == 10", x=(1, 3))
class WarmUpOfQueue:
    """Ten steps pass before the oldest value counts."""

    def __init__(self):
        self.queue = deque(maxlen=10)

    def step(self, x):
        self.queue.append(x)
        return x + (self.queue[0] if len(self.queue) == 10 else 0 * x)


@refused(r"history or delay longer than the recording", at="return old + x", x=(3,))
class SharedFirstValue:
    """A delay of eight steps that starts with one and the same tensor eight times."""

    def __init__(self):
        self.queue = deque([torch.zeros(3)] * 8, maxlen=8)

    def step(self, x):
        old = self.queue[0]
        self.queue.append(x * 2)
        return old + x


@refused(DECIDES, at="self.random.random()", x=(1, 3))
class RareEvent:
    def __init__(self):
        self.random = random.Random(3)

    def step(self, x):
        return x * 0 if self.random.random() < 1e-9 else x * 2


@refused(DECIDES, at="time.time()", x=(1, 3))
class TimeOut:
    def __init__(self):
        self.start = time.time()

    def step(self, x):
        return x * (1.0 if time.time() - self.start < 1e6 else 0.0)


@refused(DECIDES, at="self.module(x)", x=(1, 3))
class ScriptedThreshold:
    """TorchScript reads a value and branches on it."""

    def __init__(self):
        import warnings

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            self.module = torch.jit.script(_scripted_threshold)

    def step(self, x):
        return self.module(x)


def _scripted_threshold(x: torch.Tensor) -> torch.Tensor:
    if float(x[0, 0]) > 20.0:
        return x * 0
    return x * 2


@refused(DECIDES, at="math.copysign", x=(1, 3))
def sign_in_python(x):
    return x * math.copysign(1.0, x[0, 0].item() + 20.0)


@refused(DECIDES, at="self.bytes[0] = ", x=(3,))
class SaturatedMessage:
    """A number is packed into bytes that a tensor is made of."""

    def __init__(self):
        self.bytes = bytearray(3)

    def step(self, x):
        self.bytes[0] = int(max(0, min(255, x[0].item() * 10 - 220)))
        return torch.frombuffer(self.bytes, dtype=torch.uint8).float() + x


@refused(r"gradients are asked for inside", at="loss.backward()", x=(1, 3))
class TrainsInside:
    def __init__(self):
        self.net = torch.nn.Linear(3, 3)

    def step(self, x):
        with torch.enable_grad():
            y = self.net(x)
            loss = (y**2).sum()
            loss.backward()
        return y.detach()


@refused(r"is a part of, or another view of, output 'y'", x=(1, 6))
class EdgeOfAPart:
    """The second node is given a part of what the first one put out."""

    def run(self, io, x):
        io.inputs("a", {"x": x})
        y = x * 2
        io.outputs("a", {"y": y})
        part = y[:, :3]
        io.inputs("b", {"h": part})
        io.outputs("b", {"z": part - 1})


@refused(r"is computed from input 'x' of node 'a'", at="x.mul_(2)", x=(1, 3))
class InputWrittenBetween:
    """The second node is given an input that the first one wrote."""

    def run(self, io, x):
        io.inputs("a", {"x": x})
        x.mul_(2)
        io.outputs("a", {"y": x + 1})
        io.inputs("b", {"x": x})
        io.outputs("b", {"z": x - 1})
