"""A condition on a tensor that never held while recording, and what it would change without an assignment."""

from __future__ import annotations

import torch
from torch import nn

from tests.capture.case import exact, refused

DECIDES = r"decides what is computed"


@refused(DECIDES, x=(1, 3))
class AppendsIfLarge:
    def __init__(self):
        self.kept = [torch.zeros(1, 3)]

    def step(self, x):
        if x.abs().max() > 20:
            self.kept.append(x)
        return x + self.kept[-1]


@refused(DECIDES, x=(1, 3))
class ClearsIfLarge:
    def __init__(self):
        self.gains = {"walk": torch.ones(3)}

    def step(self, x):
        if x.abs().max() > 20:
            self.gains.clear()
        return x * self.gains.get("walk", 2.0)


@refused(DECIDES, x=(1, 3))
class ForgetsIfLarge:
    """The state is deleted, and made anew in the next step."""

    def step(self, x):
        if not hasattr(self, "sum"):
            self.sum = torch.zeros(1, 3)
        self.sum = self.sum + x
        y = self.sum * 1
        if x.abs().max() > 20:
            del self.sum
        return y


@refused(DECIDES, x=(1, 3))
class SetsAttributeIfLarge:
    def __init__(self):
        self.gain = 1.0

    def step(self, x):
        if x.abs().max() > 20:
            setattr(self, "gain", 2.0)  # noqa: B010
        return x * self.gain


@refused(DECIDES, x=(1, 3))
class WritesDictionaryOfAttributesIfLarge:
    def __init__(self):
        self.gain = 1.0

    def step(self, x):
        if x.abs().max() > 20:
            self.__dict__["gain"] = 2.0
        return x * self.gain


@refused(DECIDES, x=(1, 3))
class UpdatesVarsIfLarge:
    def __init__(self):
        self.gain = 1.0

    def step(self, x):
        if x.abs().max() > 20:
            vars(self).update(gain=2.0)
        return x * self.gain


@refused(DECIDES, x=(4, 3))
class StopsNormalizerIfLarge:
    """The module is put into another mode, no attribute of the program is assigned."""

    def __init__(self):
        self.norm = nn.BatchNorm1d(3)

    def step(self, x):
        y = self.norm(x)
        if x.abs().max() > 20:
            self.norm.eval()
        return y


@refused(DECIDES, x=(1, 3))
class AssignsInExpression:
    def step(self, x):
        gain = 1.0
        (x.abs().max() > 20) and (gain := 2.0)
        return x * gain


@refused(DECIDES, x=(1, 3))
class ResetsInExpression:
    def __init__(self):
        self.sum = torch.zeros(1, 3)

    def reset(self):
        self.sum = torch.zeros(1, 3)
        return True

    def step(self, x):
        self.sum = self.sum + x
        y = self.sum * 1
        _ = self.reset() if x.abs().max() > 20 else False
        return y


@exact(x=(1, 3))
class KeepsStatisticsIfLarge:
    """What is kept is not read by the program."""

    def __init__(self):
        self.gain, self.peaks, self.last = torch.ones(3), [], {}

    def step(self, x):
        if x.abs().max() > 20:
            self.peaks.append(x.clone())
            self.last.update(peak=x)
        x.isnan().any() and self.peaks.clear()
        return x * self.gain
