"""Rows chosen by a mask, or by the places where it is set, as environments reset some of their robots."""

from __future__ import annotations

import torch

from tests.capture.case import exact, flags


@exact(x=(4, 3), m=flags(4))
class CommandsOfSomeRows:
    """New commands for those robots whose time has come."""

    def __init__(self):
        self.command = torch.zeros(4, 3)

    def step(self, x, m):
        self.command[m] = x[m] * torch.tensor([0.5, 1.0, 2.0]) + 0.1
        return self.command * 2


@exact(x=(4, 3), m=flags(4))
def rows_changed_in_place(x, m):
    y = x.clone()
    y[m] *= -2
    y[~m] += torch.tensor([1.0, 2.0, 3.0])
    return y


@exact(x=(2, 4, 3), m=flags(2, 4))
def rows_by_a_mask_of_two_axes(x, m):
    y = torch.zeros(2, 4, 3)
    y[m] = x[m].abs()
    return y


@exact(x=(4, 3), m=flags(4))
class ResetByIndex:
    """History of robots that fell is zeroed by their numbers."""

    def __init__(self):
        self.history = torch.zeros(4, 3)

    def step(self, x, m):
        fallen = m.nonzero(as_tuple=False).squeeze(-1)
        self.history[fallen] = 0.0
        self.history += x
        return self.history * 1.0


@exact(x=(4, 3), m=flags(4))
class DefaultsByIndex:
    """Numbers of robots, found in three ways, choose what is copied."""

    def __init__(self):
        self.pose = torch.zeros(4, 3)
        self.default = torch.arange(12.0).view(4, 3)

    def step(self, x, m):
        first = m.nonzero().flatten()
        self.pose[first] = self.default[first] * 2
        (second,) = torch.where(x[:, 0] > 0)
        self.pose[second, 1] = self.default[second, 2]
        third = (x[:, 1] < 0).nonzero(as_tuple=True)[0]
        self.pose[third] += 1
        return self.pose + x


@exact(x=(4, 3), m=flags(4))
def one_number_by_a_column_of_indices(x, m):
    y = x * 3
    y[m.nonzero()] = -1.0
    return y


@exact(x=(3, 4), m=flags(4))
def columns_by_index(x, m):
    y = x.clone()
    y[:, m.nonzero().view(-1)] = 0.25
    return y


@exact(x=(2, 5))
class HistoryOfSomeRobots:
    """A buffer whose robots are the second axis starts anew for some of them, with one row for all steps."""

    def __init__(self):
        self.history = torch.zeros(3, 2, 5)
        self.pushes = torch.zeros(2, dtype=torch.long)

    def step(self, x):
        self.history = torch.roll(self.history, 1, 0)
        self.history[0] = x
        first = self.pushes % 7 == 0
        self.history[:, first] = x[first] * 0.5 + 1
        self.pushes += 1
        return self.history.transpose(0, 1).flatten(1)


@exact(x=(3, 2, 2), m=flags(2))
class MaskOfEitherAxis:
    """The mask is as long as two axes; where it stands tells which one."""

    def __init__(self):
        self.kept = torch.zeros(3, 2, 2)

    def step(self, x, m):
        self.kept[:, m] = x[:, m] + self.kept[0][m]
        y = self.kept + x
        y[:, :, m] = x[:, :, m] * 2
        return y
