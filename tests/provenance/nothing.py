"""Control steps in which something is ``None`` again and again: goals, frames, countdowns; each exact as it is."""

from __future__ import annotations

from dataclasses import dataclass

import torch

torch.manual_seed(3)
CELL = torch.nn.GRUCell(3, 3)
NET = torch.nn.Linear(3, 6)


class Goal:
    """None at first."""

    def __init__(self):
        self.goal = None


class GoalByEvent(Goal):
    """A reading sets the goal, another lets go of it."""

    def step(self, x):
        if x[0] > 1.0:
            self.goal = x.clone()
        elif x[0] < -1.0:
            self.goal = None
        if self.goal is None:
            return x * 0.1
        return self.goal - x


class HeldUntilMoved(Goal):
    def step(self, x):
        if x.abs().max() > 1.5:
            self.goal = None
            return x
        if self.goal is None:
            self.goal = x.clone()
        return 0.5 * (self.goal - x)


class UnderAnotherName(Goal):
    def step(self, x):
        if x[1] > 0.5:
            self.goal = x * 2
        if x[2] > 0.5:
            self.goal = None
        goal = self.goal
        error = torch.zeros(3) if goal is None else goal - x
        return error + 1


class BothMustBe(Goal):
    def __init__(self):
        super().__init__()
        self.start = None

    def step(self, x):
        if x[0] > 0.5:
            self.goal = x
        if x[1] > 0.5:
            self.start = x * 0.5
        if x[2] > 1.0:
            self.goal = self.start = None
        if self.goal is not None and self.start is not None:
            return self.goal - self.start
        if self.goal is None or x[0] < 0:
            return x
        return self.goal * 2


class Smoothed:
    """A filter that an event empties."""

    def __init__(self):
        self.kept = None

    def __call__(self, x):
        self.kept = x if self.kept is None else 0.3 * x + 0.7 * self.kept
        return self.kept

    def reset(self):
        self.kept = None


class TwoFilters:
    def __init__(self):
        self.first, self.second = Smoothed(), Smoothed()

    def step(self, x):
        if x[0] > 1.0:
            self.first.reset()
        if x[1] > 1.0:
            self.second.reset()
        return self.second(self.first(x) * 2)


class CellAnew:
    """A recurrent state that is ``None`` after an event, which the module takes as zeros."""

    def __init__(self):
        self.hidden = None

    def step(self, x):
        if x[2] > 1.0:
            self.hidden = None
        self.hidden = CELL(x[None], None if self.hidden is None else self.hidden)
        return self.hidden[0]


class CellTakesNone:
    def __init__(self):
        self.hidden = None

    def step(self, x):
        if x[2] > 1.0:
            self.hidden = None
        self.hidden = CELL(x[None], self.hidden)
        return self.hidden[0]


class Countdown:
    """A number that is ``None`` while nothing is due."""

    def __init__(self):
        self.left, self.stored = None, torch.zeros(3)

    def step(self, x):
        if self.left is None:
            if x[0] > 1.0:
                self.left, self.stored = 3, x
            return x * 0.1
        self.left -= 1
        if self.left == 0:
            self.left = None
            return self.stored
        return torch.zeros(3)


class Chunk:
    """Actions for three steps, or until a reading is large."""

    def __init__(self):
        self.chunk, self.at = None, 0

    def step(self, x):
        if self.chunk is None:
            self.chunk, self.at = NET(x).view(2, 3), 0
        action = self.chunk[self.at]
        self.at += 1
        if self.at == 2 or x[1] > 1.0:
            self.chunk = None
        return action


class NumberAndTruth:
    """Asked for its truth, for which zero counts as ``None``."""

    def __init__(self):
        self.gain = None

    def step(self, x):
        if x[0] > 1.0:
            self.gain = 0.0
        elif x[1] > 1.0:
            self.gain = float(x[1])
        elif x[2] > 1.0:
            self.gain = None
        if self.gain:
            return x * self.gain
        return x if self.gain is None else -x


@dataclass
class Plan:
    target: torch.Tensor | None = None
    steps: int = 0


class InADataclass:
    def __init__(self):
        self.plan = Plan()

    def step(self, x):
        plan = self.plan
        if plan.target is None:
            if x[0] > 0.5:
                plan.target, plan.steps = x.clone(), 0
            return torch.zeros(3)
        plan.steps += 1
        if plan.steps > 4:
            plan.target = None
            return x
        return (plan.target - x) * plan.steps


class GivenToAFunction(Goal):
    def difference(self, goal, x):
        if goal is None:
            return torch.zeros(3)
        return goal - x

    def step(self, x):
        if x[0] > 1.0:
            self.goal = x.clone()
        if x[1] > 1.0:
            self.goal = None
        return self.difference(self.goal, x) * 2


class Latest:
    """The last large reading, which is none at first; a local name that may be ``None``."""

    def __init__(self):
        self.last = None

    def step(self, x):
        found = None
        if x.norm() > 1.5:
            found = x
        if found is not None:
            self.last = found.clone()
        return x if self.last is None else self.last


PROGRAMS = [thing for thing in list(globals().values()) if isinstance(thing, type) and hasattr(thing, "step")]
