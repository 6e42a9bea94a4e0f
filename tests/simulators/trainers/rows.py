"""What is exported of each trainer: algorithm by network."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

LIMIT = 1e-5
"""Largest difference of a target, relative to what that target reaches in the episode."""


@dataclass(frozen=True)
class Row:
    """A policy to make and to export.

    Attributes:
        adapter: Policy adapter.
        algorithm: Algorithm, as the trainer calls it.
        network: Its network: ``MLP``, ``LSTM`` or ``GRU``.
        normalized: Observations are normalized with statistics that are not those of a fresh start.
        settings: What is special about the agent, by dotted path of its configuration.
    """

    adapter: str
    algorithm: str
    network: str = "MLP"
    normalized: bool = False
    settings: dict[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Unique name."""
        return f"{self.adapter} {self.algorithm} {self.network}{' normalized' if self.normalized else ''}"


_SEPARATE = {"models.separate": True}
_RNN = "params.network.rnn"


def _rnn(kind: str, **more: Any) -> dict[str, Any]:
    return {_RNN: {"name": kind, "units": 16, "layers": 1, **more}}


ROWS = (
    Row("sb3", "PPO"),
    Row("sb3", "PPO", normalized=True),
    Row("sb3", "A2C"),
    Row("sb3", "SAC", normalized=True),
    Row("sb3", "TD3"),
    Row("sb3", "TQC"),
    Row("sb3", "RecurrentPPO", "LSTM"),
    Row("sb3", "RecurrentPPO", "LSTM", normalized=True),
    Row("rl-games", "PPO"),
    Row("rl-games", "PPO", normalized=True),
    Row("rl-games", "PPO", "LSTM", settings=_rnn("lstm")),
    Row("rl-games", "PPO", "LSTM", normalized=True, settings=_rnn("lstm", before_mlp=True, layer_norm=True)),
    Row("rl-games", "PPO", "GRU", settings=_rnn("gru")),
    Row("rl-games", "SAC"),
    Row("skrl", "PPO"),
    Row("skrl", "PPO", normalized=True),
    Row("skrl", "A2C", settings=_SEPARATE),
    Row("skrl", "SAC", normalized=True, settings=_SEPARATE),
    Row("skrl", "PPO_RNN", "LSTM", normalized=True),
    Row("skrl", "PPO_RNN", "GRU"),
)
