"""Policies that predict a chunk of actions, as ACT and diffusion policies are run."""

from __future__ import annotations

from collections import deque

import torch

from tests.idioms.variant import variant

CHUNK = 4


def chunker(horizon: int = CHUNK) -> torch.nn.Module:
    return torch.nn.Sequential(
        torch.nn.Linear(9, 16), torch.nn.ReLU(), torch.nn.Linear(16, horizon * 2), torch.nn.Unflatten(-1, (horizon, 2))
    ).eval()


@variant(steps=9, obs=(1, 9))
class ActQueue:
    """LeRobot's select_action: a deque refilled when it is empty"""

    def __init__(self):
        self.model = chunker()
        self.reset()

    def reset(self):
        self._action_queue = deque([], maxlen=CHUNK)

    @torch.no_grad()
    def step(self, obs):
        if len(self._action_queue) == 0:
            actions = self.model(obs)[:, :CHUNK]
            self._action_queue.extend(actions.transpose(0, 1))
        return self._action_queue.popleft()


@variant(steps=9, obs=(1, 9))
class ListQueue:
    """list of actions, pop(0), refilled by `if not queue`"""

    def __init__(self):
        self.model = chunker()
        self.queue = []

    def step(self, obs):
        if not self.queue:
            with torch.no_grad():
                self.queue = list(self.model(obs)[0])
        return self.queue.pop(0)


@variant(steps=9, obs=(1, 9))
class IndexIntoChunk:
    """chunk kept as a tensor, read at a Python index"""

    def __init__(self):
        self.model = chunker()
        self.chunk = None
        self.index = CHUNK

    def step(self, obs):
        if self.index >= CHUNK:
            with torch.no_grad():
                self.chunk = self.model(obs)[0]
            self.index = 0
        action = self.chunk[self.index]
        self.index += 1
        return action


@variant(steps=9, obs=(1, 9))
class OpenLoopHalf:
    """only half of each chunk is executed before the next one is asked for"""

    def __init__(self):
        self.model = chunker()
        self.plan = torch.zeros(CHUNK, 2)
        self.t = 0

    def step(self, obs):
        if self.t % 2 == 0:
            with torch.no_grad():
                self.plan = self.model(obs).squeeze(0)
        action = self.plan[self.t % 2]
        self.t = self.t + 1
        return action


@variant(steps=6, obs=(1, 9))
class TemporalEnsemble:
    """ACT's online temporal ensemble: exponential weights over overlapping chunks, None at first"""

    def __init__(self):
        self.model = chunker()
        self.weights = torch.exp(-0.01 * torch.arange(CHUNK))
        self.cumsum = torch.cumsum(self.weights, dim=0)
        self.ensembled = None
        self.count = None

    @torch.no_grad()
    def step(self, obs):
        actions = self.model(obs)
        if self.ensembled is None:
            self.ensembled = actions.clone()
            self.count = torch.ones((CHUNK, 1), dtype=torch.long)
        else:
            self.ensembled *= self.cumsum[self.count - 1]
            self.ensembled += actions[:, :-1] * self.weights[self.count]
            self.ensembled /= self.cumsum[self.count]
            self.count = torch.clamp(self.count + 1, max=CHUNK)
            self.ensembled = torch.cat([self.ensembled, actions[:, -1:]], dim=1)
            self.count = torch.cat([self.count, torch.ones_like(self.count[-1:])])
        action, self.ensembled, self.count = self.ensembled[:, 0], self.ensembled[:, 1:], self.count[1:]
        return action


@variant(obs=(1, 9))
class RowsEnsemble:
    """original ACT: all chunks written into a table over time, the diagonal is averaged"""

    def __init__(self):
        self.model = chunker()
        self.table = torch.zeros(CHUNK, CHUNK, 2)

    @torch.no_grad()
    def step(self, obs):
        shifted = torch.zeros_like(self.table)
        shifted[:-1, :-1] = self.table[1:, 1:]
        shifted[-1] = self.model(obs)[0]
        self.table = shifted
        return self.table[:, 0].mean(dim=0)
