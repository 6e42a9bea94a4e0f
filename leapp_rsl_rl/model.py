"""Build the acting model from its configuration with rsl_rl's own classes, and fill in the weights."""

from __future__ import annotations

import copy
import inspect
from collections.abc import Mapping
from typing import Any

import torch
from rsl_rl.models import MLPModel
from rsl_rl.utils import resolve_callable
from tensordict import TensorDict

from leapp_core.errors import CheckpointError
from leapp_core.suggest import suggest
from leapp_rsl_rl.compat import ActorConfig, ActorState
from leapp_rsl_rl.fit import check_fit

_TWO_VALUES_PER_ACTION = ("HeteroscedasticGaussianDistribution", "BetaDistribution")


def build_model(
    config: ActorConfig,
    state: ActorState,
    observations: Mapping[str, torch.Tensor],
    num_actions: int | None,
    where: str,
) -> MLPModel:
    """Return the acting model in evaluation mode with the checkpoint's weights.

    Args:
        config: How it is built.
        state: Its weights.
        observations: Example observations by group, each (num_envs, ...).
        num_actions: Size of an action, or None to take it from the weights.
        where: The checkpoint, for messages.

    Raises:
        CheckpointError: The configuration cannot be built, or the weights do not fit it.
    """
    count = num_actions or _actions_in(state.weights, config, where)
    model = construct(config, state.role, observations, count, where)
    check_fit(model.state_dict(), state, config, where)
    # noise settings only matter for exploration, so those that a configuration does not have are left out
    model.load_state_dict(state.weights, strict=False)
    return model.eval()


def construct(
    config: ActorConfig, role: str, observations: Mapping[str, torch.Tensor], num_actions: int, where: str
) -> MLPModel:
    """Return the acting model as configured, with fresh weights.

    Raises:
        CheckpointError: The configuration cannot be built.
    """
    try:
        model_class: Any = resolve_callable(config.class_name)
    except (ImportError, AttributeError, ValueError) as error:
        raise CheckpointError(
            f"the agent configuration names the model class {config.class_name!r}, which cannot be found",
            where=where,
            expected=suggest(config.class_name, ("MLPModel", "RNNModel", "CNNModel")),
            fix="install the package that defines it, or correct 'class_name' in params/agent.yaml",
        ) from error
    arguments = copy.deepcopy(_accepted(model_class, config.arguments, where))  # rsl_rl takes keys out of them
    batch = len(next(iter(observations.values())))
    example = TensorDict(dict(observations), batch_size=[batch])
    try:
        model: MLPModel = model_class(example, {role: list(config.obs_groups)}, role, num_actions, **arguments)
    except (TypeError, ValueError, AttributeError) as error:
        raise CheckpointError(
            f"{config.class_name} cannot be built from the agent configuration: {error}", where=where
        ) from error
    return model


def _accepted(model_class: Any, arguments: Mapping[str, Any], where: str) -> dict[str, Any]:
    """Drop settings that are empty and that the class does not know (left over from other versions)."""
    known = inspect.signature(model_class).parameters
    if any(parameter.kind is inspect.Parameter.VAR_KEYWORD for parameter in known.values()):
        return dict(arguments)
    unknown = [name for name, value in arguments.items() if name not in known and value is not None]
    if unknown:
        raise CheckpointError(
            f"{model_class.__name__} has no setting {unknown[0]!r}",
            where=where,
            expected=suggest(unknown[0], [name for name in known if name not in ("obs", "obs_groups", "obs_set")]),
            fix="use the rsl-rl-lib version the policy was trained with, or correct params/agent.yaml",
        )
    return {name: value for name, value in arguments.items() if name in known}


def _actions_in(weights: Mapping[str, torch.Tensor], config: ActorConfig, where: str) -> int:
    """Return the size of an action, which the last layer of the multi-layer perceptron tells."""
    layers = [key.split(".") for key in weights if key.startswith("mlp.") and key.endswith(".weight")]
    numbers = [int(parts[1]) for parts in layers if len(parts) == 3 and parts[1].isdigit()]
    if not numbers:
        raise CheckpointError("the checkpoint has no weights under 'mlp.'", where=where)
    width = int(weights[f"mlp.{max(numbers)}.weight"].shape[0])
    distribution = config.arguments.get("distribution_cfg") or {}
    return width // 2 if distribution.get("class_name") in _TWO_VALUES_PER_ACTION else width
