"""A condition on a tensor that never held while recording, and what it would change without an assignment."""

from __future__ import annotations

import contextlib
import heapq
import threading

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


@refused(DECIDES, x=(1, 3))
class HandsOverIfLarge:
    """A method that runs later."""

    def __init__(self):
        self.gain = 1.0

    def _double(self):
        self.gain = 2.0

    def step(self, x):
        with contextlib.ExitStack() as stack:
            if x.abs().max() > 20:
                stack.callback(self._double)
        return x * self.gain


@refused(DECIDES, x=(1, 3))
class SetsEventIfLarge:
    def __init__(self):
        self.fallen = threading.Event()

    def step(self, x):
        y = -x if self.fallen.is_set() else x * 2
        if x.abs().max() > 20:
            self.fallen.set()
        return y


@refused(DECIDES, at="heapq.heappush", x=(1, 3))
class PushedIntoHeap:
    def __init__(self):
        self.least = [20.0]

    def step(self, x):
        heapq.heappush(self.least, float(x.abs().max()))
        least = heapq.heappop(self.least)
        return x * 2 if least < 20 else x * 3


@refused(r"size of a tensor, another in each step, .* decides", at="self.track = torch.cat", x=(1, 3))
class LengthOfGrowingTensor:
    """A tensor that no output is computed from grows, and its length is compared."""

    def __init__(self):
        self.track = torch.zeros(0, 3)

    def step(self, x):
        self.track = torch.cat([self.track, x])
        return x * 2 if len(self.track) < 12 else x * 3


@exact(x=(1, 3))
class GrowsForPlot:
    def __init__(self):
        self.track, self.best = torch.zeros(0, 3), 0.0

    def step(self, x):
        self.track = torch.cat([self.track, x])
        if self.track.shape[0] % 8 == 0:
            self.best = self.track.norm()
            self.track = self.track[-5:]
        return x * 2


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
