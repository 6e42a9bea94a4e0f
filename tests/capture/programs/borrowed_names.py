"""A user's own methods with names that loggers and containers have, and real loggers and containers beside them."""

from __future__ import annotations

import logging
import math
from collections import deque

import torch
from torch import nn

from tests.capture.algos.torch.agent import Counting, Guarding, Reporting
from tests.capture.case import exact, refused

ESCAPES = "where it decides what is computed"
CHANGES = "changes from step to step and decides what is computed"


@refused(ESCAPES, at="math.log(1.0", x=(1, 3))
class LogarithmOfAReading:
    """A logarithm is no log line."""

    def step(self, x: torch.Tensor) -> torch.Tensor:
        return x * 0.0 if math.log(1.0 + x.abs().sum().item()) > 9.0 else x * 2.0


@refused(CHANGES, at="math.log(self.n)", x=(1, 3))
class LogarithmOfACounter:
    """Nor is that of a counter."""

    def __init__(self) -> None:
        self.n = 0

    def step(self, x: torch.Tensor) -> torch.Tensor:
        self.n += 1
        return x * (2.0 if math.log(self.n) > 9.0 else 1.0)


class Controller:
    """Methods of a controller."""

    def __init__(self) -> None:
        self.on, self.t = False, 0

    def error(self, value: float) -> float:
        return 1.0 if value > 5000.0 else 0.5

    def record(self, value: float) -> bool:
        return value > 5000.0

    def write(self, value: float) -> float:
        return min(value, 3000.0)

    def update(self, value: float) -> float:
        self.on = self.on or value > 5000.0
        return 2.0 if self.on else 1.0

    def add(self, step: int) -> float:
        self.t += step
        return 2.0 if self.t > 2000 else 1.0

    def info(self) -> int:
        self.t += 1
        return self.t


class Controlled:
    """Has a controller."""

    def __init__(self) -> None:
        self.pid, self.own = Controller(), {}


@refused(ESCAPES, x=(1, 3))
class ErrorOfAController(Controlled):
    """``error`` gives the error of a control loop."""

    def step(self, x: torch.Tensor) -> torch.Tensor:
        return x * self.pid.error(x[0, 0].item())


@refused(ESCAPES, x=(1, 3))
class RecordThatTells(Controlled):
    """``record`` says whether the value was too large."""

    def step(self, x: torch.Tensor) -> torch.Tensor:
        return x * 0 if self.pid.record(x.max().item()) else x


@refused(ESCAPES, x=(1, 3))
class WriteThatAnswers(Controlled):
    """``write`` gives back what was accepted."""

    def step(self, x: torch.Tensor) -> torch.Tensor:
        return x if self.pid.write(x.sum().item()) < 3000.0 else x * 0


@refused(ESCAPES, x=(1, 3))
class UpdateOfAFilter(Controlled):
    """``update`` latches."""

    def step(self, x: torch.Tensor) -> torch.Tensor:
        return x * self.pid.update(x[0, 0].item())


@refused(CHANGES, x=(1, 3))
class AddOfASchedule(Controlled):
    """``add`` counts."""

    def step(self, x: torch.Tensor) -> torch.Tensor:
        return x * self.pid.add(1)


@refused(CHANGES, x=(1, 3))
class InfoThatCounts(Controlled):
    """``info`` gives the step."""

    def step(self, x: torch.Tensor) -> torch.Tensor:
        return x * (2.0 if self.pid.info() > 2000 else 1.0)


@refused(CHANGES, x=(1, 3))
class SetDefaultAndACounter(Controlled):
    """The result of ``setdefault`` is used."""

    n = 0

    def step(self, x: torch.Tensor) -> torch.Tensor:
        self.n += 1
        return x * (2.0 if self.own.setdefault("k", 0) + self.n > 2000 else 1.0)


@refused(CHANGES, x=(1, 3))
class SetDefaultOfAListThatCounts(Controlled):
    """What ``setdefault`` gives is the list that the dictionary holds."""

    def step(self, x: torch.Tensor) -> torch.Tensor:
        seen = self.own.setdefault("seen", [0])
        seen[0] += 1
        return x * (2.0 if seen[0] > 2000 else 1.0)


@refused(CHANGES, x=(1, 3))
class SetDefaultOfTheObjectsDictionary(Controlled):
    """The same of the dictionary that an object's attributes are in."""

    def step(self, x: torch.Tensor) -> torch.Tensor:
        seen = self.__dict__.setdefault("seen", [0])
        seen[0] += 1
        return x * (2.0 if seen[0] > 2000 else 1.0)


class RealLogger:
    """What a service for metrics keeps for itself."""

    def __init__(self) -> None:
        self.step, self.rows = 0, []

    def log(self, **values: float) -> None:
        self.step += 1
        self.rows.append((self.step, values))
        if len(self.rows) > 100:
            self.rows.clear()

    def record(self, value: float) -> None:
        self.log(value=value)


@exact(x=(1, 3))
class RealLoggersAndContainers:
    """Nothing of them comes back."""

    def __init__(self) -> None:
        self.log, self.metrics, self.seen = RealLogger(), {}, set()
        self.recent = deque(maxlen=3)
        self.net, self.n = nn.Linear(3, 3), 0

    def step(self, x: torch.Tensor) -> torch.Tensor:
        self.n += 1
        y = self.net(x)
        value = y.norm().item()
        self.metrics.update(norm=value, log=math.log(1.0 + value))
        self.recent.append(value)
        self.seen.add(self.n)
        self.log.log(norm=value, mean=sum(self.recent) / len(self.recent))
        if self.n % 7 == 0:
            self.log.record(value)
            logging.getLogger(__name__).debug("%d %.3f", self.n, value)
        return y


@refused(CHANGES, x=(1, 3))
class CounterInAFolderCalledTorch:
    """A library is known by its folder, not by a part of a path."""

    def __init__(self) -> None:
        self.agent = Counting(2000)

    def step(self, x: torch.Tensor) -> torch.Tensor:
        return self.agent.act(x)


@refused(ESCAPES, x=(1, 3))
class ThresholdInAFolderCalledTorch:
    """So is a threshold on a reading."""

    def __init__(self) -> None:
        self.agent = Guarding()

    def step(self, x: torch.Tensor) -> torch.Tensor:
        return self.agent.act(x)


@exact(x=(1, 3))
class ReportInAFolderCalledTorch:
    """What is only printed decides nothing there either."""

    def __init__(self) -> None:
        self.agent = Reporting()

    def step(self, x: torch.Tensor) -> torch.Tensor:
        return self.agent.act(x)
