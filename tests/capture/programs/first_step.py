"""First steps: numbers that become state, and what only the first step does."""

from __future__ import annotations

from collections.abc import Callable

import torch

from tests.capture.case import exact, refused

OTHERWISE = r"step 0 computes something else than the others: on other inputs .* output 'action' of step [01] differs"


def zeros(*shape: int) -> Callable[[torch.Generator], torch.Tensor]:
    """Draw nothing: a command that nobody gave while the policy was captured."""
    return lambda _: torch.zeros(shape)


def within(*shape: int) -> Callable[[torch.Generator], torch.Tensor]:
    """Draw values between 0 and 1."""
    return lambda generator: torch.rand(shape, generator=generator)


@exact(x=(1, 3))
class PidOfNumbers:
    """A PID controller whose integral and last error begin as the number 0."""

    def __init__(self):
        self.integral, self.error = 0, 0.0

    def step(self, x):
        self.integral = self.integral + x * 0.02
        rate = (x - self.error) / 0.02
        self.error = x
        return x + 0.1 * torch.clamp(self.integral, -1, 1) + 0.01 * rate


@exact(x=(1, 3))
class PidInPlace:
    """The same, adding to the integral in place from the second step on."""

    def __init__(self):
        self.integral = 0.0

    def step(self, x):
        self.integral += x * 0.02
        return x + self.integral


@exact(x=(1, 3))
class MeanFromZero:
    """A mean that begins as the number 0."""

    def __init__(self):
        self.mean = 0.0

    def step(self, x):
        self.mean = 0.9 * self.mean + 0.1 * x
        return x - self.mean


@exact(x=(1, 3))
class ProductFromOne:
    """A product that begins as the number 1."""

    def __init__(self):
        self.product = 1

    def step(self, x):
        self.product = self.product * torch.tanh(x)
        return self.product + x


@exact(x=(1, 3))
class ScaleFromTwo:
    """A divisor that begins as the number 2."""

    def __init__(self):
        self.scale = 2.0

    def step(self, x):
        y = x / self.scale
        self.scale = x.abs() + 1
        return y


@refused(r"first step|does not give output|replaying", x=(1, 3))
class VarianceFromOne:
    """A variance that begins as the number 1, of which the first step keeps a part that no call computes."""

    def __init__(self):
        self.variance = 1.0

    def step(self, x):
        self.variance = 0.9 * self.variance + 0.1 * x * x
        return x / self.variance


@refused(OTHERWISE, at="return x + (command * 2 if", x=(1, 3), command=zeros(1, 3))
class CommandFromTheSecondStep:
    """The first step ignores a command, which was zero then."""

    def __init__(self):
        self.started, self.nothing = False, torch.zeros(1, 3)

    def step(self, x, command):
        started, self.started = self.started, True
        return x + (command * 2 if started else self.nothing)


@refused(OTHERWISE, x=(1, 3), command=zeros(1, 3))
class CommandAsItIsFromTheSecondStep:
    """The same, with nothing computed of the command."""

    def __init__(self):
        self.started, self.nothing = False, torch.zeros(1, 3)

    def step(self, x, command):
        started, self.started = self.started, True
        return x + (command if started else self.nothing)


@refused(OTHERWISE, x=within(1, 3))
class LimitsOfTheFirstStep:
    """The first step keeps readings within limits, in which they were."""

    def __init__(self):
        self.started = False

    def step(self, x):
        if not self.started:
            x = x.clamp(-1, 1)
        self.started = True
        return x * 2


@refused(OTHERWISE, x=(1, 3), command=zeros(1, 3))
class GainOfTheFirstStep:
    """The first step weighs a command otherwise, which was zero then."""

    def __init__(self):
        self.gain, self.later = torch.full((1, 3), 2.0), torch.full((1, 3), 3.0)

    def step(self, x, command):
        y = x + command * self.gain
        self.gain = self.later
        return y


@refused(r"another tensor in step 1 than the other steps lead to", x=within(1, 3))
class StateOfTheFirstStep:
    """What the first step keeps is cut off, which shows in the second."""

    def __init__(self):
        self.last = None

    def step(self, x):
        y = x + (torch.zeros(1, 3) if self.last is None else self.last)
        self.last = torch.relu(x) if self.last is None else x * 1.0
        return y
