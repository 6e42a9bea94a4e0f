"""Widths of a policy network, read off its weights: what it takes, its hidden layers, what it puts out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch

from leapp_rsl_rl.compat import ActorConfig

FIRST_LAYERS = ("rnn.rnn.weight_ih_l0", "mlp.0.weight")
_TWO_VALUES_PER_ACTION = ("HeteroscedasticGaussianDistribution", "BetaDistribution")


@dataclass(frozen=True)
class Widths:
    """Sizes of a network; ``None`` where its weights do not tell.

    Attributes:
        inputs: Values that its first layer takes.
        normalizer: Values that its normalizer takes.
        cell: Units of its recurrent network.
        hidden: Units of each hidden layer.
        actions: Values of an action.
    """

    inputs: int | None
    normalizer: int | None
    cell: int | None
    hidden: tuple[int, ...]
    actions: int | None


def widths_of(weights: Mapping[str, torch.Tensor], config: ActorConfig) -> Widths:
    """Return the widths of a network with these weights (keys as in rsl-rl-lib 5.x)."""
    numbered = sorted(
        (int(key.split(".")[1]), weight)
        for key, weight in weights.items()
        if key.startswith("mlp.") and key.endswith(".weight") and key.split(".")[1].isdigit() and weight.ndim == 2
    )
    layers = [int(weight.shape[0]) for _, weight in numbered]
    return Widths(
        next((_last(weights, key) for key in FIRST_LAYERS if key in weights), None),
        _last(weights, "obs_normalizer._mean"),
        _last(weights, "rnn.rnn.weight_hh_l0"),
        tuple(layers[:-1]),
        layers[-1] // values_per_action(config) if layers else None,
    )


def values_per_action(config: ActorConfig) -> int:
    """Return how many values the network puts out for each value of an action."""
    distribution = config.arguments.get("distribution_cfg") or {}
    return 2 if str(distribution.get("class_name")).split(".")[-1].split(":")[-1] in _TWO_VALUES_PER_ACTION else 1


def _last(weights: Mapping[str, torch.Tensor], key: str) -> int | None:
    weight = weights.get(key)
    return int(weight.shape[-1]) if weight is not None and weight.ndim else None
