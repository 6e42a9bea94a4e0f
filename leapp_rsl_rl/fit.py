"""Compare a checkpoint's weights with those the configured model has, and say what differs."""

from __future__ import annotations

from collections.abc import Mapping

import torch

from leapp_core.errors import CheckpointError
from leapp_rsl_rl.compat import ActorConfig, ActorState

_EXPLORATION_ONLY = "distribution."
_SHOWN = 3
_GATES = {3: "GRU", 4: "LSTM"}


def check_fit(expected: Mapping[str, torch.Tensor], state: ActorState, config: ActorConfig, where: str) -> None:
    """Make sure that loading the weights fills the whole model and leaves nothing over.

    Parameters of the exploration noise are not compared: the exported action does not depend on them.

    Args:
        expected: State dict of the model as configured.
        state: Weights of the checkpoint.
        config: The configuration, for messages.
        where: The checkpoint, for messages.

    Raises:
        CheckpointError: Keys or shapes differ; the first few are named with what was expected and found.
    """
    found = {key: value for key, value in state.weights.items() if not key.startswith(_EXPLORATION_ONLY)}
    wanted = {key: value for key, value in expected.items() if not key.startswith(_EXPLORATION_ONLY)}
    wrong_shape = [key for key in wanted if key in found and wanted[key].shape != found[key].shape]
    missing = [key for key in wanted if key not in found]
    surplus = [key for key in found if key not in wanted]
    if not (wrong_shape or missing or surplus):
        return
    problems = [
        f"{key} has shape {tuple(found[key].shape)} where {tuple(wanted[key].shape)} is expected" for key in wrong_shape
    ]
    problems += [f"{key} {tuple(wanted[key].shape)} is missing" for key in missing]
    problems += [f"{key} {tuple(found[key].shape)} has no place" for key in surplus]
    more = f"; and {len(problems) - _SHOWN} more" if len(problems) > _SHOWN else ""
    raise CheckpointError(
        f"the checkpoint does not fit the policy: {'; '.join(problems[:_SHOWN])}{more}",
        where=where,
        expected=f"weights of {config.class_name} on {', '.join(config.obs_groups)} as the agent configuration says",
        fix=_advice(wanted, found),
    )


def _advice(wanted: Mapping[str, torch.Tensor], found: Mapping[str, torch.Tensor]) -> str:
    """Return the most likely reason and what to do about it."""
    for reason in (_recurrence, _observation_width, _normalizer):
        text = reason(wanted, found)
        if text is not None:
            return text
    return "use the params/agent.yaml of the training run that wrote this checkpoint, and the task it was trained on"


def _recurrence(wanted: Mapping[str, torch.Tensor], found: Mapping[str, torch.Tensor]) -> str | None:
    configured, trained = _cell(wanted), _cell(found)
    if configured == trained:
        return None
    return f"the checkpoint holds {trained or 'no recurrent network'}, the configuration says {configured or 'none'}"


def _cell(weights: Mapping[str, torch.Tensor]) -> str | None:
    weight = weights.get("rnn.rnn.weight_hh_l0")
    if weight is None:
        return None
    gates = weight.shape[0] // weight.shape[1]
    return f"{_GATES.get(gates, 'an unknown cell')} with {weight.shape[1]} units"


def _normalizer(wanted: Mapping[str, torch.Tensor], found: Mapping[str, torch.Tensor]) -> str | None:
    configured, trained = (any(key.startswith("obs_normalizer.") for key in part) for part in (wanted, found))
    if configured == trained:
        return None
    return (
        "the policy was trained with normalized observations: set 'obs_normalization: true'"
        if trained
        else "the policy was trained without normalized observations: set 'obs_normalization: false'"
    )


def _observation_width(wanted: Mapping[str, torch.Tensor], found: Mapping[str, torch.Tensor]) -> str | None:
    for key in ("rnn.rnn.weight_ih_l0", "mlp.0.weight"):
        if key in wanted and key in found and wanted[key].shape[-1] != found[key].shape[-1]:
            return (
                f"the policy was trained on {found[key].shape[-1]} observations and the task gives "
                f"{wanted[key].shape[-1]}: is it the right task, with the same observation terms?"
            )
    return None
