"""Recurrent policies: LSTM and GRU state, with and without a first step."""

from __future__ import annotations

import torch

from tests.idioms.variant import variant

HIDDEN = 12


@variant(obs=(1, 8))
class HiddenAttribute:
    """hidden state tensors made in the constructor"""

    def __init__(self):
        self.lstm = torch.nn.LSTM(8, HIDDEN)
        self.head = torch.nn.Linear(HIDDEN, 3)
        self.state = (torch.zeros(1, 1, HIDDEN), torch.zeros(1, 1, HIDDEN))

    @torch.no_grad()
    def step(self, obs):
        out, self.state = self.lstm(obs.unsqueeze(0), self.state)
        return self.head(out.squeeze(0))


@variant(obs=(1, 8))
class HiddenNone:
    """hidden state None, which nn.LSTM takes as zeros"""

    def __init__(self):
        self.lstm = torch.nn.LSTM(8, HIDDEN)
        self.head = torch.nn.Linear(HIDDEN, 3)
        self.hidden = None

    @torch.no_grad()
    def step(self, obs):
        out, self.hidden = self.lstm(obs.unsqueeze(0), self.hidden)
        return self.head(out.squeeze(0))


@variant(obs=(1, 8))
class HiddenIfNone:
    """if self.hidden is None: zeros of the batch's size"""

    def __init__(self):
        self.gru = torch.nn.GRUCell(8, HIDDEN)
        self.head = torch.nn.Linear(HIDDEN, 3)
        self.hidden = None

    @torch.no_grad()
    def step(self, obs):
        if self.hidden is None:
            self.hidden = torch.zeros(obs.shape[0], HIDDEN)
        self.hidden = self.gru(obs, self.hidden)
        return self.head(self.hidden)


@variant(obs=(1, 8))
class CopiedInPlace:
    """hidden state copied into buffers of the module, as exported rsl_rl policies do"""

    def __init__(self):
        self.lstm = torch.nn.LSTM(8, HIDDEN)
        self.head = torch.nn.Linear(HIDDEN, 3)
        self.h = torch.zeros(1, 1, HIDDEN)
        self.c = torch.zeros(1, 1, HIDDEN)

    @torch.no_grad()
    def step(self, obs):
        out, (h, c) = self.lstm(obs.unsqueeze(0), (self.h, self.c))
        self.h[:] = h
        self.c[:] = c
        return self.head(out.squeeze(0))


@variant(obs=(1, 8))
class DictOfStates:
    """a dictionary of states, filled by the first step"""

    def __init__(self):
        self.cells = torch.nn.ModuleList([torch.nn.GRUCell(8, HIDDEN), torch.nn.GRUCell(HIDDEN, HIDDEN)])
        self.head = torch.nn.Linear(HIDDEN, 3)
        self.states = {}

    @torch.no_grad()
    def step(self, obs):
        x = obs
        for i, cell in enumerate(self.cells):
            if i not in self.states:
                self.states[i] = torch.zeros(1, HIDDEN)
            x = self.states[i] = cell(x, self.states[i])
        return self.head(x)


@variant(script=True, obs=(1, 8))
def script_hidden_local(capture, robot):
    """hidden state is a local of main(), None at first"""
    gru = torch.nn.GRU(8, HIDDEN)
    hidden = None
    with capture("recurrent") as session:
        for _ in range(robot.steps):
            now = robot.read()
            session.input_tensors("policy", now)
            with torch.no_grad():
                out, hidden = gru(now["obs"].unsqueeze(0), hidden)
            session.output_tensors("policy", {"action": out[0]})
