"""Checks whose exception is caught: they decide what is computed, though none of them raised while recording."""

from __future__ import annotations

import contextlib

import torch

from tests.capture.case import exact, refused

DECIDES = r"decides what is computed"


class FallenError(RuntimeError):
    """What a check of the robot raises."""


class Guard:
    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        return kind is ValueError


@contextlib.contextmanager
def guarded():
    try:
        yield
    except ValueError:
        print("ignored")  # noqa: T201


def safe(function):
    def wrapped(self, x):
        try:
            return function(self, x)
        except ValueError:
            return torch.zeros_like(x)

    return wrapped


class _Checked:
    def check(self, x):
        if x.abs().max() > 20:
            raise FallenError("beyond the limits")


@refused(DECIDES, at="assert (x < 20).all()", x=(1, 3))
class AssertionCaught:
    def step(self, x):
        try:
            assert (x < 20).all()
            return x + 0
        except AssertionError:
            return -x


@refused(DECIDES, at="if x.abs().max() > 20", x=(1, 3))
class ErrorOfHelperCaught(_Checked):
    """By a class above the one that is raised."""

    def step(self, x):
        try:
            self.check(x)
        except RuntimeError:
            x = torch.zeros_like(x)
        return x * 2


@refused(DECIDES, at="if x.abs().max() > 20", x=(1, 3))
class ErrorSetsFlag(_Checked):
    """What catches it computes nothing: the next step does something else."""

    def __init__(self):
        self.safe = False

    def step(self, x):
        if self.safe:
            return torch.zeros_like(x)
        try:
            self.check(x)
        except FallenError:
            self.safe = True
        return x * 2


@refused(DECIDES, x=(1, 3))
class ErrorSuppressed:
    def step(self, x):
        y = -x
        with contextlib.suppress(ValueError):
            if (x > 20).any():
                raise ValueError("too large")
            y = x + 0
        return y


@refused(DECIDES, x=(1, 3))
class ErrorSwallowedByContext:
    def step(self, x):
        y = x * 0
        with Guard():
            if x.abs().max() > 20:
                raise ValueError("too large")
            y = x * 2
        return y + 1


@refused(DECIDES, x=(1, 3))
class ErrorSwallowedByGenerator:
    def step(self, x):
        y = x * 0
        with guarded():
            if x.abs().max() > 20:
                raise ValueError("too large")
            y = x * 2
        return y + 1


@refused(DECIDES, x=(1, 3))
class ErrorCaughtByDecorator:
    @safe
    def step(self, x):
        if x.abs().max() > 20:
            raise ValueError("too large")
        return x * 2


@refused(DECIDES, at="torch.distributions.Normal(x, 30 - x.abs(), validate_args=True)", x=(1, 3))
class CheckOfDistributionCaught:
    """PyTorch checks the arguments of a distribution, and raises."""

    def step(self, x):
        try:
            normal = torch.distributions.Normal(x, 30 - x.abs(), validate_args=True)
        except ValueError:
            normal = torch.distributions.Normal(x * 0, torch.ones_like(x))
        return normal.mean / normal.stddev


@refused(DECIDES, at="next(self.schedule)", x=(1, 3))
class EndOfIteratorCaught:
    def __init__(self):
        self.schedule = iter(range(12))

    def step(self, x):
        try:
            next(self.schedule)
            gain = 1.0
        except StopIteration:
            gain = 2.0
        return x * gain


@refused(DECIDES, at="assert self.steps < 12", x=(1, 3))
class AssertionOnCounterCaught:
    def __init__(self):
        self.steps = 0

    def step(self, x):
        self.steps += 1
        try:
            assert self.steps < 12
        except AssertionError:
            x = -x
        return x * 2


@exact(x=(1, 3))
class ErrorCaughtAndCounted(_Checked):
    """Nothing of the program depends on it."""

    def __init__(self):
        self.bad = 0

    def step(self, x):
        try:
            self.check(x)
        except FallenError:
            self.bad += 1
        return x * 2


@exact(x=(1, 3))
class ErrorRaisedAgain:
    def step(self, x):
        try:
            if torch.isnan(x).any():
                raise ValueError("not a number")
            y = x * 2
        except ValueError as error:
            raise RuntimeError("the observation is broken") from error
        return y


@exact(x=(1, 3))
class ErrorOfAnotherTypeCaught:
    def __init__(self):
        self.gains = {"walk": 2.0}

    def step(self, x):
        try:
            assert not torch.isnan(x).any()
            y = x * self.gains["walk"]
        except KeyError:
            y = x * 3
        return y
