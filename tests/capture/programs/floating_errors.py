"""NumPy told to raise for some values: what catches that decides, though nothing was raised while recording."""

from __future__ import annotations

import warnings

import numpy as np
import torch

from tests.capture.case import exact, refused

DECIDES = r"NumPy is told to raise (FloatingPointError|RuntimeWarning) for some values, and catching it decides"


@refused(DECIDES, at="y = np.log(a)", x=(1, 3))
def division_errors_caught(x):
    a = np.abs(x.numpy()) + 1
    try:
        with np.errstate(divide="raise"):
            y = np.log(a)
    except FloatingPointError:
        y = np.zeros_like(a)
    return torch.from_numpy(y)


@refused(DECIDES, at="return torch.from_numpy(a /", x=(1, 3))
class ErrorsCaughtByTheCaller:
    """The helper divides under ``errstate``; its caller keeps the last action whatever happens."""

    def __init__(self):
        self.last = torch.zeros(1, 3)

    def scaled(self, a):
        with np.errstate(all="raise"):
            return torch.from_numpy(a / (np.abs(a).sum() + 1))

    def action(self, x):
        return self.scaled(x.numpy())

    def step(self, x):
        try:
            self.last = self.action(x) * 2
        except Exception:  # noqa: BLE001
            print("kept the last action")  # noqa: T201
        return self.last + 0


@refused(DECIDES, at="y = np.sqrt(a)", x=(1, 3))
def warnings_made_errors(x):
    a = np.abs(x.numpy())
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            y = np.sqrt(a)
    except RuntimeWarning:
        return x * 0
    return torch.from_numpy(y)


@exact(x=(1, 3))
def errors_nobody_catches(x):
    a = np.abs(x.numpy()) + 1
    with np.errstate(all="raise"):
        return torch.from_numpy(np.log(a))


@exact(x=(1, 3))
def errors_raised_again(x):
    a = np.abs(x.numpy()) + 1
    try:
        with np.errstate(divide="raise"):
            y = np.log(a)
    except FloatingPointError as error:
        raise ValueError("a joint is at its limit") from error
    return torch.from_numpy(y)
