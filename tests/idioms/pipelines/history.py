"""Observation history in front of a policy: stacks of the last frames."""

from __future__ import annotations

from collections import deque

import numpy as np
import torch

from tests.idioms.variant import variant

FRAMES = 4


def actor() -> torch.nn.Module:
    return torch.nn.Sequential(torch.nn.Linear(FRAMES * 8, 16), torch.nn.ReLU(), torch.nn.Linear(16, 4)).eval()


@variant(obs=(8,))
class RolledTensor:
    """history tensor rolled, last row written"""

    def __init__(self):
        self.policy = actor()
        self.history = torch.zeros(FRAMES, 8)

    def step(self, obs):
        self.history = torch.roll(self.history, -1, dims=0)
        self.history[-1] = obs
        with torch.no_grad():
            return self.policy(self.history.flatten())


@variant(obs=(8,))
class ZeroDeque:
    """deque(maxlen) of zeros, stacked each step"""

    def __init__(self):
        self.policy = actor()
        self.history = deque([torch.zeros(8) for _ in range(FRAMES)], maxlen=FRAMES)

    def step(self, obs):
        self.history.append(obs)
        with torch.no_grad():
            return self.policy(torch.cat(list(self.history)))


@variant(obs=(8,))
class FilledByFirstFrame:
    """empty deque is filled with copies of the first observation"""

    def __init__(self):
        self.policy = actor()
        self.history = deque(maxlen=FRAMES)

    def step(self, obs):
        if len(self.history) == 0:
            for _ in range(FRAMES):
                self.history.append(obs.clone())
        else:
            self.history.append(obs.clone())
        with torch.no_grad():
            return self.policy(torch.cat(list(self.history)))


@variant(obs=(8,))
class ExtendedByFirstFrame:
    """while not full: append, as frame-stack wrappers do"""

    def __init__(self):
        self.policy = actor()
        self.frames = deque(maxlen=FRAMES)

    def step(self, obs):
        self.frames.append(obs)
        while len(self.frames) < FRAMES:
            self.frames.append(obs)
        with torch.no_grad():
            return self.policy(torch.stack(tuple(self.frames)).reshape(-1))


@variant(obs=(8,))
class PythonRing:
    """ring buffer with a Python write index, read oldest first"""

    def __init__(self):
        self.policy = actor()
        self.buffer = torch.zeros(FRAMES, 8)
        self.index = 0

    def step(self, obs):
        self.buffer[self.index] = obs
        self.index = (self.index + 1) % FRAMES
        ordered = torch.roll(self.buffer, -self.index, 0)
        with torch.no_grad():
            return self.policy(ordered.flatten())


@variant(obs=(8,), arrays=True)
class NumpyDequeStack:
    """np.stack of a deque of arrays"""

    def __init__(self):
        self.policy = actor()
        self.history = deque([np.zeros(8, np.float32)] * FRAMES, maxlen=FRAMES)

    def step(self, obs):
        self.history.append(obs)
        stacked = np.stack(self.history)
        with torch.no_grad():
            return self.policy(torch.from_numpy(stacked.flatten())).numpy()


@variant(obs=(8,))
class NumpyDequeArray:
    """np.array(deque).flatten(), arrays from tensor.numpy()"""

    def __init__(self):
        self.policy = actor()
        self.history = deque(maxlen=FRAMES)
        for _ in range(FRAMES):
            self.history.append(np.zeros(8, dtype=np.float32))

    def step(self, obs):
        self.history.append(obs.numpy().copy())
        flat = np.array(self.history).flatten()
        with torch.no_grad():
            return self.policy(torch.from_numpy(flat).float())


@variant(obs=(8,))
class ListSlice:
    """list grown and cut: self.frames = (self.frames + [obs])[-4:]"""

    def __init__(self):
        self.policy = actor()
        self.frames = [torch.zeros(8)] * FRAMES

    def step(self, obs):
        self.frames = (self.frames + [obs])[-FRAMES:]
        with torch.no_grad():
            return self.policy(torch.cat(self.frames))
