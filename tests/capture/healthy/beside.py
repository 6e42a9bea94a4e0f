"""What stands beside the computation: calls counted and timed, warnings given once, recorders, lines of progress."""
# ruff: noqa: T201

from __future__ import annotations

import functools
import logging
import time
import warnings

import torch

from tests.capture.case import exact

logger = logging.getLogger(__name__)
CALLS = 0


def counted(function):
    """Count calls of a function."""

    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        wrapper.calls += 1
        return function(*args, **kwargs)

    wrapper.calls = 0
    return wrapper


def timed(function):
    """Note how long calls take."""
    times = []

    @functools.wraps(function)
    def wrapper(self, *args, **kwargs):
        begin = time.perf_counter()
        result = function(self, *args, **kwargs)
        times.append(time.perf_counter() - begin)
        if len(times) % 100 == 0:
            logger.info("%s took %.6f s", function.__name__, sum(times) / len(times))
        return result

    return wrapper


@counted
def _deadband(x, width):
    return torch.where(x.abs() < width, torch.zeros_like(x), x)


@exact(x=(1, 3))
class Decorated:
    """Functions wrapped to count and time their calls."""

    def __init__(self):
        self.warned = False

    @timed
    def _shape(self, x):
        return _deadband(x, 0.1)

    def step(self, x):
        if _deadband.calls > 3 and not self.warned:
            self.warned = True
            logger.debug("many calls")
        return self._shape(x) * 2


@exact(x=(1, 3))
def global_call_counter(x):
    """A module counts calls in a global."""
    global CALLS
    CALLS += 1
    if CALLS % 50 == 0:
        logger.info("%d calls", CALLS)
    return x.sin()


@exact(x=(1, 3))
class WarnsOnce:
    """A warning is given once, values far off are counted and told."""

    def __init__(self):
        self.warned, self.far = False, 0

    def step(self, x):
        if (x.abs() > 100).any():
            self.far += 1
            if not self.warned:
                warnings.warn(f"far off: {x.abs().max().item():.1f}", stacklevel=2)
                self.warned = True
        if torch.isnan(x).any():
            raise ValueError(f"not a number in {x}")
        return x * 2


@exact(x=(1, 3))
class ActionRecorder:
    """Every action is kept for a plot; the list is cut."""

    def __init__(self):
        self.actions, self.max_len = [], 200

    def step(self, x):
        action = torch.tanh(x)
        self.actions.append(action.detach().cpu().numpy().copy())
        if len(self.actions) > self.max_len:
            self.actions.pop(0)
        return action


@exact(x=(1, 3))
class ProgressLine:
    """A line of progress with times per step."""

    def __init__(self):
        self.i, self.start, self.total = 0, time.time(), 100

    def step(self, x):
        self.i += 1
        done = self.i / self.total
        if self.i % max(self.total // 10, 1) == 0:
            rate = self.i / (time.time() - self.start)
            print(f"\r{'#' * int(done * 20):<20} {done:4.0%} {rate:.1f}/s", end="")
        return x - 1


@exact(x=(1, 3))
class Rollout:
    """What a trainer stores, with a write pointer in Python, is never read by the program."""

    def __init__(self):
        self.storage, self.pointer, self.full = torch.zeros(24, 1, 3), 0, False

    def step(self, x):
        return x.tanh()

    def after(self):
        self.pointer += 1
        if self.pointer == 24:
            self.full, self.pointer = True, 0


@exact(x=(1, 3))
class EarlyStop:
    """Best value and patience of a search, kept beside."""

    def __init__(self):
        self.best, self.patience, self.stopped = float("inf"), 0, False

    def step(self, x):
        y = x.pow(2)
        loss = y.mean().item()
        if loss < self.best:
            self.best, self.patience = loss, 0
        else:
            self.patience += 1
        self.stopped = self.patience > 50
        return y
