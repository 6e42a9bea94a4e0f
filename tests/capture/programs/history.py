"""Histories, circular buffers and recurrent layers."""

from __future__ import annotations

import torch
from torch import nn

from tests.capture.case import exact


@exact(x=(1, 3))
class HistoryCat:
    """History by concatenation."""

    def __init__(self):
        self.history = torch.zeros(4, 3)

    def step(self, x):
        self.history = torch.cat([self.history[1:], x])
        return self.history.flatten()


@exact(x=(1, 3))
class HistoryRoll:
    """History by roll and write."""

    def __init__(self):
        self.history = torch.zeros(4, 3)

    def step(self, x):
        self.history = self.history.roll(-1, 0)
        self.history[-1] = x[0]
        return self.history.flatten()


@exact(x=(1, 3))
class HistoryShift:
    """History by a slice shift in place."""

    def __init__(self):
        self.history = torch.zeros(4, 3)

    def step(self, x):
        self.history[:-1] = self.history[1:].clone()
        self.history[-1] = x[0]
        return self.history.reshape(1, -1)


@exact(x=(1, 3))
class HistoryIndexCopy:
    """Circular buffer whose pointer is a tensor."""

    def __init__(self):
        self.buffer = torch.zeros(4, 3)
        self.pointer = torch.zeros(1, dtype=torch.int64)

    def step(self, x):
        self.buffer.index_copy_(0, self.pointer, x)
        self.pointer.add_(1).remainder_(4)
        return self.buffer.sum(0) + self.pointer


@exact(x=(3,))
class CircularIndexPut:
    """Circular buffer written and read by a tensor pointer."""

    def __init__(self):
        self.buffer = torch.zeros(4, 3)
        self.pointer = torch.tensor(0)

    def step(self, x):
        self.buffer[self.pointer] = x
        oldest = self.buffer[(self.pointer + 1) % 4]
        self.pointer = (self.pointer + 1) % 4
        return oldest + x


@exact(steps=6, x=(2, 3))
class HistoryList:
    """A Python list of the last three observations."""

    def __init__(self):
        self.past = [torch.full((2, 3), float(k)) for k in range(3)]

    def step(self, x):
        self.past.append(x)
        self.past.pop(0)
        return torch.cat(self.past, 1)


@exact(x=(1, 4))
class GruCellKept:
    """The module keeps the hidden state of a GRU cell."""

    def __init__(self):
        self.cell = nn.GRUCell(4, 6)
        self.hidden = torch.zeros(1, 6)

    def step(self, x):
        self.hidden = self.cell(x, self.hidden)
        return self.hidden[:, :3]


@exact(x=(1, 4))
class GruKept:
    """A GRU whose hidden state starts as None."""

    def __init__(self):
        self.gru = nn.GRU(4, 6)
        self.hidden = torch.zeros(1, 1, 6)

    def step(self, x):
        out, self.hidden = self.gru(x.unsqueeze(0), self.hidden)
        return out.squeeze(0)


@exact(x=(1, 4))
class LstmKept:
    """An LSTM with both states kept in a tuple."""

    def __init__(self):
        self.lstm = nn.LSTM(4, 5, num_layers=2)
        self.states = (torch.zeros(2, 1, 5), torch.zeros(2, 1, 5))

    def step(self, x):
        out, self.states = self.lstm(x.unsqueeze(0), self.states)
        return out[0]


@exact(x=(1, 4))
class LazyHidden:
    """The first step differs: it allocates the hidden state."""

    def __init__(self):
        self.gru = nn.GRU(4, 6)
        self.hidden = None

    def step(self, x):
        if self.hidden is None:
            self.hidden = torch.zeros(1, x.shape[0], 6)
        out, self.hidden = self.gru(x.unsqueeze(0), self.hidden)
        return out[0]


@exact(x=(1, 4))
class HiddenNone:
    """The first step hands ``None`` to the GRU, which makes its own zeros."""

    def __init__(self):
        self.gru = nn.GRU(4, 6)
        self.hidden = None

    def step(self, x):
        out, self.hidden = self.gru(x.unsqueeze(0), self.hidden)
        return out[0]
