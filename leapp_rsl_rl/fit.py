"""Compare a checkpoint's weights with those the configured model has, and say what differs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import torch

from leapp_core.errors import CheckpointError
from leapp_core.plugins.policies import NO_TERMS, Terms
from leapp_rsl_rl.compat import EXPLORATION_ONLY, ActorConfig, ActorState
from leapp_rsl_rl.widths import Widths, values_per_action, widths_of

_SHOWN = 3
_GATES = {3: "GRU", 4: "LSTM"}
_NORMALIZER = "obs_normalizer."
_SPREAD = ("distribution.std_param", "distribution.log_std_param")


@dataclass(frozen=True)
class Task:
    """What the task gives and takes.

    Attributes:
        observations: Example observations by group, each (num_envs, ...).
        num_actions: Size of an action, or ``None`` if it is not known.
        terms: What both are made of.
    """

    observations: Mapping[str, torch.Tensor]
    num_actions: int | None = None
    terms: Terms = NO_TERMS


def check_fit(
    expected: Mapping[str, torch.Tensor], state: ActorState, config: ActorConfig, task: Task, where: str
) -> None:
    """Make sure that loading the weights fills the whole model and leaves nothing over.

    Parameters of the exploration noise are not compared: the exported action does not depend on them.

    Args:
        expected: State dict of the model as configured.
        state: Weights of the checkpoint.
        config: The configuration.
        task: What the task gives and takes.
        where: The checkpoint, for messages.

    Raises:
        CheckpointError: Keys or shapes differ; the first few are named with what was expected and found, and the
            widths that differ are set beside each other.
    """
    found = {key: value for key, value in state.weights.items() if not key.startswith(EXPLORATION_ONLY)}
    wanted = {key: value for key, value in expected.items() if not key.startswith(EXPLORATION_ONLY)}
    wrong_shape = [key for key in wanted if key in found and wanted[key].shape != found[key].shape]
    missing = [key for key in wanted if key not in found]
    surplus = [key for key in found if key not in wanted]
    if not (wrong_shape or missing or surplus):
        return
    if missing and all(key.startswith(_NORMALIZER) for key in missing) and not (wrong_shape or surplus):
        raise _lost_normalizer(missing, wanted, where)
    problems = [
        f"{key} has shape {tuple(found[key].shape)} where {tuple(wanted[key].shape)} is expected" for key in wrong_shape
    ]
    problems += [f"{key} {tuple(wanted[key].shape)} is missing" for key in missing]
    problems += [f"{key} {tuple(found[key].shape)} has no place" for key in surplus]
    more = f"; and {len(problems) - _SHOWN} more" if len(problems) > _SHOWN else ""
    meant = f"weights of {config.class_name} on {', '.join(config.obs_groups)} as the agent configuration says"
    compared = list(_compared(widths_of(found, config), widths_of(wanted, config), config, task))
    raise CheckpointError(
        f"the checkpoint does not fit the policy: {'; '.join(problems[:_SHOWN])}{more}",
        where=where,
        expected="\n    ".join((meant, *compared)),
        fix=_advice(wanted, found),
        code="K007",
    )


def check_spread(state: ActorState, config: ActorConfig, where: str) -> None:
    """Make sure that a network that puts out actions alone is not taken for one that puts out their spread beside them.

    Where the task does not say how many actions there are, half of them would be left out without a word.

    Raises:
        CheckpointError: The checkpoint holds the spread as a parameter, and the configuration says otherwise.
    """
    spread = [weight for key, weight in state.weights.items() if key in _SPREAD]
    if spread and values_per_action(config) != 1:
        raise CheckpointError(
            f"the checkpoint holds the spread of actions as a parameter of {spread[0].numel()} values",
            where=where,
            expected="none, since the agent configuration says that the network puts it out beside the actions",
            fix=(
                "in params/agent.yaml set 'state_dependent_std: false', which rsl-rl-lib before 3.1 does not know and "
                "ignores, or 'class_name: GaussianDistribution' (5.x), if the checkpoint is of this run"
            ),
            code="K007",
        )


def _lost_normalizer(missing: list[str], wanted: Mapping[str, torch.Tensor], where: str) -> CheckpointError:
    """Say what is missing and nothing more: a policy without its normalizer sees other numbers and still acts."""
    named = ", ".join(f"{key} {tuple(wanted[key].shape)}" for key in missing)
    return CheckpointError(
        f"the checkpoint lacks the normalizer of observations, in whole or in part: {named}",
        where=where,
        expected="the statistics of the normalizer that the agent configuration says the policy was trained with",
        fix="use the file that the runner saved: a copy of the weights alone loses them, and nothing can replace them",
        code="K011",
    )


def _compared(trained: Widths, built: Widths, config: ActorConfig, task: Task) -> Iterator[str]:
    """Set widths beside each other, those that differ only."""
    if trained.inputs != built.inputs:
        groups = "; ".join(_group(name, task) for name in config.obs_groups)
        yield f"observations: {trained.inputs} in the checkpoint, {built.inputs} in the task ({groups})"
    if trained.normalizer != built.normalizer and None not in (trained.normalizer, built.normalizer):
        yield f"normalizer: {trained.normalizer} values in the checkpoint, {built.normalizer} in the model"
    if trained.cell != built.cell and None not in (trained.cell, built.cell):
        yield f"recurrent units: {trained.cell} in the checkpoint, {built.cell} in the agent configuration"
    if trained.hidden != built.hidden:
        yield (
            f"hidden layers: {_sizes(trained.hidden)} in the checkpoint, {_sizes(built.hidden)} in the agent "
            "configuration"
        )
    if trained.actions != built.actions:
        yield f"actions: {trained.actions} in the checkpoint, {task.terms.of_actions(built.actions)} in the task"


def _group(name: str, task: Task) -> str:
    return task.terms.of_group(name, task.observations[name].shape[1:] if name in task.observations else None)


def _sizes(layers: tuple[int, ...]) -> str:
    return "-".join(map(str, layers)) or "none"


def _advice(wanted: Mapping[str, torch.Tensor], found: Mapping[str, torch.Tensor]) -> str:
    """Return the most likely reason and what to do about it."""
    for reason in (_recurrence, _observation_width, _action_width, _normalizer):
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
    configured, trained = (any(key.startswith(_NORMALIZER) for key in part) for part in (wanted, found))
    if trained and not configured:
        return "the policy was trained with normalized observations: set 'obs_normalization: true'"
    return None


def _action_width(wanted: Mapping[str, torch.Tensor], found: Mapping[str, torch.Tensor]) -> str | None:
    keys = [key for key in wanted if key.startswith("mlp.") and key.endswith(".bias")]
    differing = [key for key in keys if key in found and wanted[key].shape != found[key].shape]
    if differing != keys[-1:]:
        return None
    return "the policy was trained with another number of actions than the task takes: is it the right task?"


def _observation_width(wanted: Mapping[str, torch.Tensor], found: Mapping[str, torch.Tensor]) -> str | None:
    for key in ("rnn.rnn.weight_ih_l0", "mlp.0.weight"):
        if key in wanted and key in found and wanted[key].shape[-1] != found[key].shape[-1]:
            return (
                f"the policy was trained on {found[key].shape[-1]} observations and the task gives "
                f"{wanted[key].shape[-1]}: is it the right task, with the same observation terms?"
            )
    return None
