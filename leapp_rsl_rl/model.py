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
from leapp_core.plugins.policies import NO_TERMS, Terms
from leapp_core.suggest import suggest
from leapp_rsl_rl.compat import ActorConfig, ActorState
from leapp_rsl_rl.fit import Task, check_fit, check_spread
from leapp_rsl_rl.widths import values_per_action
from leapp_rsl_rl.wrappers import bare_names

_DISTRIBUTIONS = ("GaussianDistribution", "HeteroscedasticGaussianDistribution", "BetaDistribution")


def build_model(
    config: ActorConfig,
    state: ActorState,
    observations: Mapping[str, torch.Tensor],
    num_actions: int | None,
    where: str,
    terms: Terms = NO_TERMS,
) -> MLPModel:
    """Return the acting model in evaluation mode with the checkpoint's weights.

    Args:
        config: How it is built.
        state: Its weights.
        observations: Example observations by group, each (num_envs, ...).
        num_actions: Size of an action, or None to take it from the weights.
        where: The checkpoint, for messages.
        terms: What observations and actions are made of, for messages.

    Raises:
        CheckpointError: The configuration cannot be built, or the weights do not fit it.
    """
    check_spread(state, config, where)
    count = num_actions or _actions_in(state.weights, config, where)
    model = construct(config, state.role, observations, count, where)
    names = bare_names(model.state_dict())
    wanted = {bare: model.state_dict()[name] for bare, name in names.items()}
    check_fit(wanted, state, config, Task(observations, num_actions, terms), where)
    # Noise settings only matter for exploration: those that a configuration does not have, or not like that, are left.
    fitting = {names[k]: w for k, w in state.weights.items() if k in wanted and wanted[k].shape == w.shape}
    model.load_state_dict(fitting, strict=False)
    return model.eval()


def construct(
    config: ActorConfig, role: str, observations: Mapping[str, torch.Tensor], num_actions: int, where: str
) -> MLPModel:
    """Return the acting model as configured, with fresh weights.

    Raises:
        CheckpointError: The configuration cannot be built.
    """
    model_class = _class("model", config.class_name, ("MLPModel", "RNNModel", "CNNModel"), where)
    distribution = config.arguments.get("distribution_cfg")
    if isinstance(distribution, Mapping) and isinstance(distribution.get("class_name"), str):
        _class("distribution", distribution["class_name"], _DISTRIBUTIONS, where)
    arguments = copy.deepcopy(_accepted(model_class, config.arguments, where))  # rsl_rl takes keys out of them
    batch = len(next(iter(observations.values())))
    example = TensorDict(dict(observations), batch_size=[batch])
    try:
        model: MLPModel = model_class(example, {role: list(config.obs_groups)}, role, num_actions, **arguments)
    except (TypeError, ValueError, AttributeError) as error:
        raise CheckpointError(
            f"{config.class_name} cannot be built from the agent configuration: {error}", where=where, code="K006"
        ) from error
    return model


def _class(what: str, name: str, known: tuple[str, ...], where: str) -> Any:
    """Return the class that a configuration names. The file may be anybody's: nothing but a module is ever called."""
    fix = "install the package that defines it, or correct 'class_name' in params/agent.yaml"
    try:
        found: Any = resolve_callable(name)
    except (ImportError, AttributeError, ValueError) as error:
        raise CheckpointError(
            f"the agent configuration names the {what} class {name!r}, which cannot be found",
            where=where,
            expected=suggest(name, known),
            fix=fix,
            code="K006",
        ) from error
    if not isinstance(found, type) or not issubclass(found, torch.nn.Module):
        raise CheckpointError(
            f"the agent configuration names {name!r} as {what} class, which is not a module of PyTorch",
            where=where,
            expected=f"a class such as {', '.join(known)}",
            fix="correct 'class_name' in params/agent.yaml",
            code="K006",
        )
    return found


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
            code="K006",
        )
    return {name: value for name, value in arguments.items() if name in known}


def _actions_in(weights: Mapping[str, torch.Tensor], config: ActorConfig, where: str) -> int:
    """Return the size of an action, which the last layer of the multi-layer perceptron tells."""
    layers = [key.split(".") for key in weights if key.startswith("mlp.") and key.endswith(".weight")]
    numbers = [int(parts[1]) for parts in layers if len(parts) == 3 and parts[1].isdigit()]
    if not numbers:
        raise CheckpointError("the checkpoint has no weights under 'mlp.'", where=where, code="K007")
    width = int(weights[f"mlp.{max(numbers)}.weight"].shape[0])
    return width // values_per_action(config)
