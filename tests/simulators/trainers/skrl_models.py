"""Recurrent models of skrl, as its documentation writes them: classes of the user's."""

from __future__ import annotations

import torch
from skrl.models.torch import DeterministicMixin, GaussianMixin, Model

UNITS = 16


class _Recurrent(GaussianMixin, Model):
    cell: type[torch.nn.Module]
    tensors: int

    def __init__(self, observation_space, state_space, action_space, device):
        Model.__init__(
            self,
            observation_space=observation_space,
            state_space=state_space,
            action_space=action_space,
            device=device,
        )
        GaussianMixin.__init__(self)
        self.rnn = self.cell(self.num_observations, UNITS, 1)
        self.head = torch.nn.Linear(UNITS, self.num_actions)
        self.log_std_parameter = torch.nn.Parameter(torch.zeros(self.num_actions))
        self.to(device)

    def get_specification(self):
        return {"rnn": {"sizes": [(1, 1, UNITS)] * self.tensors, "sequence_length": 1}}

    def compute(self, inputs, role):
        states = inputs["rnn"]
        out, following = self.rnn(inputs["observations"].unsqueeze(0), tuple(states) if len(states) > 1 else states[0])
        following = list(following) if len(states) > 1 else [following]
        return self.head(out.squeeze(0)), {"log_std": self.log_std_parameter, "rnn": following}


class Lstm(_Recurrent):
    """A policy with an LSTM."""

    cell, tensors = torch.nn.LSTM, 2


class Gru(_Recurrent):
    """A policy with a GRU."""

    cell, tensors = torch.nn.GRU, 1


class Value(DeterministicMixin, Model):
    """The value that training needs."""

    def __init__(self, observation_space, action_space, device):
        Model.__init__(self, observation_space=observation_space, action_space=action_space, device=device)
        DeterministicMixin.__init__(self)
        self.net = torch.nn.Linear(self.num_observations, 1)

    def compute(self, inputs, role):
        return self.net(inputs["observations"]), {}
