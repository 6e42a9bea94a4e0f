"""Recurrent state of a policy as declared state of a capture."""

from __future__ import annotations

from typing import Any

import torch
from rsl_rl.models import MLPModel

from leapp_core.plugins.policies import Recorder

STATE_NAME = "actor_state"
"""Port name of the state; with ``_0`` and ``_1`` for hidden and cell state of an LSTM."""


def ensure_state(model: MLPModel, num_envs: int) -> None:
    """Give a recurrent model that was just reset a state of zeros, which is what it starts from anyway.

    Args:
        model: A recurrent model of rsl_rl.
        num_envs: Number of environments it acts in.
    """
    if model.get_hidden_state() is not None:
        return
    network = model.rnn.rnn
    weight = network.weight_hh_l0
    shape = (network.num_layers, num_envs, network.hidden_size)
    zeros = tuple(torch.zeros(shape, dtype=weight.dtype, device=weight.device) for _ in range(_count(network)))
    model.reset(hidden_state=_packed(zeros))


def declare_state(model: MLPModel, session: Recorder, node: str) -> None:
    """Tell a capture session which state the model reads in this step."""
    declared: Any = session.state_tensors(node, named_state(model))
    model.reset(hidden_state=_packed(declared if isinstance(declared, tuple) else (declared,)))


def update_state(model: MLPModel, session: Recorder, node: str) -> None:
    """Tell a capture session what the state is for the next step."""
    session.update_state(node, named_state(model))


def named_state(model: MLPModel) -> dict[str, torch.Tensor]:
    """Return the state by port name, each of shape (num_layers, num_envs, hidden_size)."""
    state = model.get_hidden_state()
    if isinstance(state, tuple):
        return {f"{STATE_NAME}_{index}": part for index, part in enumerate(state)}
    return {STATE_NAME: state}


def _packed(parts: tuple[torch.Tensor, ...]) -> torch.Tensor | tuple[torch.Tensor, ...]:
    return parts[0] if len(parts) == 1 else parts


def _count(network: torch.nn.Module) -> int:
    return 2 if isinstance(network, torch.nn.LSTM) else 1
