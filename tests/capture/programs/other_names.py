"""Clocks and random numbers kept under other names, attributes that are calls, and settings of PyTorch's modules."""

from __future__ import annotations

import datetime
import functools
import random
import time
import time as watch
from collections.abc import Callable
from typing import Any

import torch
from torch import nn

from tests.capture.case import exact, refused

DECIDES = "changes from step to step and decides what is computed"
BEGUN = time.time()
wall = time.time


@refused(r"self\.clock\(\) " + DECIDES, at="self.clock() - self.begun", x=(1, 3))
class ClockInAnAttribute:
    """The clock is handed over."""

    def __init__(self, clock: Callable[[], float] = time.perf_counter) -> None:
        self.clock = clock
        self.begun = clock()

    def step(self, x: torch.Tensor) -> torch.Tensor:
        late = self.clock() - self.begun > 1000
        return x * 3 if late else x * 2


@exact(x=(1, 3))
class ClockForStatistics:
    """It is only measured how long steps take."""

    def __init__(self) -> None:
        self.clock, self.total, self.slow = time.perf_counter, 0.0, 0

    def step(self, x: torch.Tensor) -> torch.Tensor:
        begin = self.clock()
        y = x * 2
        self.total += self.clock() - begin
        if self.total > 100:
            self.slow += 1
        return y


@refused(r"watch\.monotonic\(\) " + DECIDES, x=(1, 3))
def clock_of_a_renamed_module(x: torch.Tensor) -> torch.Tensor:
    """``import time as watch``."""
    return x * 3 if watch.monotonic() > 1e12 else x * 2


@refused(r"wall\(\) " + DECIDES, x=(1, 3))
def clock_of_the_module(x: torch.Tensor) -> torch.Tensor:
    """A global name of a clock."""
    return x * 3 if wall() - BEGUN > 1e6 else x * 2


@refused(r"clock\(\) " + DECIDES, x=(1, 3))
def clock_in_a_local_name(x: torch.Tensor) -> torch.Tensor:
    """A local name of a clock."""
    clock = time.perf_counter
    return x * 3 if clock() > 1e12 else x * 2


@refused(r"self\._now\(\) " + DECIDES, x=(1, 3))
class ClockBehindAMethod:
    """A method that computes no tensor reads the clock."""

    def __init__(self) -> None:
        self._now = datetime.datetime.now
        self._begun = self._now()

    def elapsed(self) -> float:
        return (self._now() - self._begun).total_seconds()

    def step(self, x: torch.Tensor) -> torch.Tensor:
        return x * 3 if self.elapsed() > 1000 else x * 2


@refused(r"self\.(draw|rand)(\(\))? " + DECIDES, x=(1, 3))
class DrawInAnAttribute:
    """Random functions of Python, bound and partly applied."""

    def __init__(self) -> None:
        self.rand, self.draw = random.random, functools.partial(random.uniform, 0, 1)

    def step(self, x: torch.Tensor) -> torch.Tensor:
        return x * 3 if self.rand() + self.draw() > 5 else x * 2


class _Scheduled:
    def __get__(self, holder: Any, kind: type) -> float:
        holder.count += 1
        return 2.0 if holder.count < 100 else 3.0


@refused(r"holder\.count " + DECIDES, x=(1, 3))
class Descriptor:
    """The attribute of the class is a call."""

    gain = _Scheduled()

    def __init__(self) -> None:
        self.count = 0

    def step(self, x: torch.Tensor) -> torch.Tensor:
        return x * self.gain


@refused(r"self\.count " + DECIDES, x=(1, 3))
class MadeUpAttribute:
    """The attribute is there when it is asked for."""

    def __init__(self) -> None:
        self.count = 0

    def __getattr__(self, name: str) -> float:
        if name != "made_up_gain":
            raise AttributeError(name)
        self.count += 1
        return 2.0 if self.count < 100 else 3.0

    def step(self, x: torch.Tensor) -> torch.Tensor:
        return x * self.made_up_gain


@refused(r"self\.count " + DECIDES, at="if self.count > 100", x=(1, 3))
class DropoutSetLater:
    """An attribute of a module of PyTorch is set after the captured steps."""

    def __init__(self) -> None:
        self.dropout, self.count = nn.Dropout(0.0), 0

    def step(self, x: torch.Tensor) -> torch.Tensor:
        self.count += 1
        if self.count > 100:
            self.dropout.p = 0.5
        return self.dropout(x)


@refused(r"self\.count " + DECIDES, at="if self.count > 100", x=(1, 3))
class TrainingSetLater:
    """The mode of a network is set as an attribute."""

    def __init__(self) -> None:
        self.net, self.count = nn.Sequential(nn.Linear(3, 3), nn.Dropout(0.5)).eval(), 0

    def step(self, x: torch.Tensor) -> torch.Tensor:
        self.count += 1
        if self.count > 100:
            self.net[1].training = True
        return self.net(x)


@refused(r"self\.count " + DECIDES, at="if self.count == 100", x=(1, 3))
class SlopeSetLater:
    """``setattr`` does, too."""

    def __init__(self) -> None:
        self.activation, self.count = nn.LeakyReLU(0.1), 0

    def step(self, x: torch.Tensor) -> torch.Tensor:
        self.count += 1
        if self.count == 100:
            setattr(self.activation, "negative_slope", 0.5)  # noqa: B010 - this is what is looked for
        return self.activation(x)


@exact(x=(1, 3))
class LabelOfAModuleOfOnesOwn:
    """An attribute of one's own module that only logs read."""

    def __init__(self) -> None:
        self.net, self.count = _Labelled(), 0

    def step(self, x: torch.Tensor) -> torch.Tensor:
        self.count += 1
        if self.count % 50 == 0:
            self.net.label = f"after {self.count}"
        return self.net(x)


class _Labelled(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.label, self.linear = "new", nn.Linear(3, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.linear(x)
