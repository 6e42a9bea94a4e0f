"""Tensors that no output is computed from, and random numbers, decide in Python what is computed."""

from __future__ import annotations

import torch

from tests.capture.case import exact, refused

DECIDES = r"decides what is computed"


@refused(DECIDES, at="self.n > 12", x=(1, 3))
class TensorCounterInCondition:
    """A tensor counts steps, and only Python reads it."""

    def __init__(self):
        self.n = torch.zeros((), dtype=torch.long)

    def step(self, x):
        self.n += 1
        return x * 0 if self.n > 12 else x * 2


@refused(DECIDES, at="self.n.item()", x=(1, 3))
class TensorCounterReplaced:
    def __init__(self):
        self.n = torch.zeros(1)

    def step(self, x):
        self.n = self.n + 1
        late = self.n.item() > 12
        return x * 0 if late else x * 2


@refused(DECIDES, at="int(self.n) % 12", x=(1, 3))
class TensorCounterWraps:
    """The condition and what it guards share a line."""

    def __init__(self):
        self.n = torch.zeros(1)

    def step(self, x):
        self.n += 1
        if int(self.n) % 12 == 0: self.n.zero_()  # fmt: skip  # noqa: E701
        return x * self.n


@refused(DECIDES, at="torch.rand(())", x=(1, 3))
def rare_random_tensor(x):
    if torch.rand(()) < 1e-9:
        return x * 0
    return x * 2


@refused(DECIDES, at="torch.rand(1).item()", x=(1, 3))
def rare_random_number(x):
    return x * 0 if torch.rand(1).item() < 1e-9 else x * 2


@exact(x=(1, 3))
class TensorCounterIsLogged:
    """A tensor counts steps for a log line now and then."""

    def __init__(self):
        self.n, self.log = torch.zeros((), dtype=torch.long), []

    def step(self, x):
        self.n += 1
        if self.n % 100 == 0:
            self.log.append(self.n.item())
        return x * 2
