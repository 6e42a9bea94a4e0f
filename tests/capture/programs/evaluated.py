"""Values that are read by text: ``eval`` and ``exec``."""

from __future__ import annotations

import torch
from torch import nn

from tests.capture.case import exact, refused

DECIDES = r"changes from step to step and decides what is computed"


class _Counting:
    rule = "self.n > 12"

    def __init__(self):
        self.net = nn.Linear(3, 3)
        self.n = 0


@refused(DECIDES, at="if eval(", x=(1, 3))
class EvaluatedCounter(_Counting):
    """A counter is compared in text."""

    def step(self, x):
        self.n += 1
        if eval("self.n > 12"):
            return x
        return self.net(x)


@refused(DECIDES, at="late = eval(", x=(1, 3))
class EvaluatedRule(_Counting):
    """The text is an attribute."""

    def step(self, x):
        self.n += 1
        late = eval(self.rule)
        return x if late else self.net(x)


@refused(DECIDES, at="exec(", x=(1, 3))
class ExecutedRule(_Counting):
    """Text that is executed gives the decision."""

    def step(self, x):
        self.n += 1
        names = {"self": self}
        exec("late = self.n > 12", names)
        return x if names["late"] else self.net(x)


@refused(r"is read by code whose source is not there", x=(1, 3))
class EvaluatedThreshold(_Counting):
    """Text takes a value out of a tensor."""

    def step(self, x):
        y = self.net(x)
        if eval("y.norm().item() > 100"):
            return x
        return y


@exact(x=(1, 3))
class EvaluatedActivation(_Counting):
    """Text names a function, beside a counter that is logged."""

    def __init__(self):
        super().__init__()
        self.activation = "torch.nn.functional.elu"
        self.kept = torch.zeros(1, 3)

    def step(self, x):
        self.n += 1
        self.kept = self.kept * 0.5 + x
        return eval("torch.tanh")(self.net(self.kept))
