"""Python state that decides where no line of a step names it: in hooks, queues, and functions imported by name."""

from __future__ import annotations

import dataclasses
import queue
from random import uniform
from time import time as seconds

import torch
from torch import nn

from tests.capture.case import exact, refused

DECIDES = r"decides what is computed"


@refused(DECIDES, x=(1, 3))
class HookThatCounts:
    """It makes no call in the captured steps."""

    def __init__(self):
        self.layer, self.n = nn.Linear(3, 3), 0
        self.layer.register_forward_hook(self._watch)

    def _watch(self, module, given, result):
        self.n += 1
        return result * 2 if self.n > 12 else None

    def step(self, x):
        return self.layer(x)


@exact(x=(1, 3))
class HookThatOnlyCounts:
    """What a hook counts for statistics decides nothing."""

    def __init__(self):
        self.layer, self.n, self.seen = nn.Linear(3, 3), 0, []
        self.layer.register_forward_hook(self._watch)

    def _watch(self, module, given, result):
        self.n += 1
        if self.n % 100 == 0:
            self.seen.append(self.n)

    def step(self, x):
        return self.layer(x)


@refused(DECIDES, x=(1, 3))
class QueueLength:
    def __init__(self):
        self.waiting = queue.Queue()

    def step(self, x):
        self.waiting.put(0)
        return x * 2 if self.waiting.qsize() < 12 else x * 3


@refused(DECIDES, x=(1, 3))
class ImportedDraw:
    def step(self, x):
        return x * 2 if uniform(0.0, 1.0) < 2.0 else x * 3


@refused(DECIDES, x=(1, 3))
class ImportedClock:
    def step(self, x):
        return x * 2 if seconds() > 0.0 else x * 3


@exact(x=(1, 3))
class QueueOfMessages:
    """A queue that is only written to."""

    def __init__(self):
        self.messages = queue.Queue()

    def step(self, x):
        self.messages.put("stepped")
        return torch.tanh(x)


@dataclasses.dataclass
class _Episode:
    steps: int = 0


@refused(DECIDES, at="self.episode != self.longest", x=(1, 3))
class DataclassCompared:
    def __init__(self):
        self.episode, self.longest = _Episode(), _Episode(12)

    def step(self, x):
        self.episode.steps += 1
        return x * 2 if self.episode != self.longest else x * 3
