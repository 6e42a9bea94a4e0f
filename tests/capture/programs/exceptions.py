"""Checks whose exception is caught: they decide what is computed, though none of them raised while recording."""

from __future__ import annotations

import contextlib
import weakref

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


CAUGHT = r"an error that this call raises for some values of a tensor .* is caught, where it decides"


@refused(CAUGHT, at="torch.linalg.cholesky(spread)", x=(3, 3))
def factorization_that_may_fail(x):
    """Falls back to a constant where there is none."""
    spread = torch.eye(3) * 90 - x @ x.T * 0.005
    try:
        return torch.linalg.cholesky(spread)
    except torch.linalg.LinAlgError:
        return torch.eye(3)


@refused(CAUGHT, at="torch.linalg.inv(x + 9 * torch.eye(3))", x=(3, 3))
class InverseThatMayFail:
    """The caller falls back."""

    def inverse(self, x):
        return torch.linalg.inv(x + 9 * torch.eye(3))

    def step(self, x):
        try:
            y = self.inverse(x)
        except RuntimeError:
            y = torch.eye(3)
        return y + 1


@refused(CAUGHT, at="return self.table[at]", x=(1, 4))
class IndexThatMayBeOutOfRange:
    """Falls back where a table ends."""

    def __init__(self):
        self.table = torch.arange(9.0)

    def step(self, x):
        at = x[0].abs().long()
        try:
            return self.table[at]
        except IndexError:
            return torch.zeros(4)


@exact(x=(1, 4))
class IndexWithinATable:
    """Nothing catches the error; indices that are constants raise at once or never."""

    def __init__(self):
        self.table, self.order = torch.arange(9.0), torch.tensor([2, 0, 1, 3])

    def step(self, x):
        try:
            y = x[:, self.order]
        except IndexError:
            y = torch.zeros(1, 4)
        return y + self.table[x[0].abs().long().clamp(max=8)]


@exact(x=(3, 3))
def factorization_that_is_asked_how_it_went(x):
    """``cholesky_ex`` raises nothing."""
    factor, failed = torch.linalg.cholesky_ex(x @ x.T + torch.eye(3))
    return torch.where(failed[..., None, None] > 0, torch.eye(3), factor)


@refused(r"has a weak reference and no other; the record keeps it alive", x=(1, 3))
class WeakReferenceToAResult:
    """Adds the last result if somebody still holds it."""

    def __init__(self):
        self.last = torch.zeros(1, 3)
        self.seen = weakref.ref(self.last)

    def step(self, x):
        last = self.seen()
        y = x if last is None else x + last
        self.last = x * 1
        if last is None:
            self.seen = weakref.ref(self.last)
        return y


@exact(x=(1, 3))
class WeakReferenceToWhatIsHeld:
    """The result is held by the program as well."""

    def __init__(self):
        self.last = torch.zeros(1, 3)
        self.seen = weakref.ref(self.last)

    def step(self, x):
        y = x + self.seen()
        self.last.copy_(y)
        return y
