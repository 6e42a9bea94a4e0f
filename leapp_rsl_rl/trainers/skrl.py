"""skrl: weights in a file of ``torch.save``; the agent configuration describes the network or names its class."""

from __future__ import annotations

import contextlib
import importlib
import io
from collections.abc import Mapping
from typing import Any

import torch

from leapp_core.checkpoints import read_torch_file
from leapp_core.errors import CheckpointError, UsageError
from leapp_core.plugins.policies import PolicyRequest
from leapp_rsl_rl.trainers.network import State, TrainerPolicy, load_weights, observation
from leapp_rsl_rl.trainers.runs import agent_of_run, section
from leapp_rsl_rl.trainers.skrl_config import check_model
from leapp_rsl_rl.trainers.spaces import box, space_of

GROUP = "policy"
_ROLE = "policy"
_INSTANTIATORS = {
    "gaussianmixin": "gaussian_model",
    "deterministicmixin": "deterministic_model",
    "multivariategaussianmixin": "multivariate_gaussian_model",
}
_NORMALIZER = "observation_preprocessor"
_FORMER_NORMALIZER = "state_preprocessor"
"""What versions before 2.0 called the normalizer of observations."""


class SkrlNetwork:
    """A policy model behind its preprocessor, acting as skrl's evaluation does: by the mean of its distribution.

    Args:
        model: The model, in evaluation mode.
        normalize: The preprocessor of observations, or ``None``.
        group: Observation group it reads.
        where: The checkpoint, for messages.
    """

    def __init__(self, model: Any, normalize: Any, group: str, where: str) -> None:
        self._model, self._normalize, self._group, self._where = model, normalize, group, where
        self.sizes = tuple(model.get_specification().get("rnn", {}).get("sizes", ()))

    def initial_state(self, batch: int) -> State:
        """Return the recurrent state of a new episode, zero: tensors ``[layers, batch, size]``."""
        device = self._model.device
        return tuple(torch.zeros(size[0], batch, size[2], device=device) for size in self.sizes)

    def act(self, observations: Mapping[str, torch.Tensor], state: State) -> tuple[torch.Tensor, State]:
        """See :class:`leapp_rsl_rl.trainers.network.ActingNetwork`."""
        seen = flattened(observation(observations, self._group, self._where))
        inputs: dict[str, Any] = {"observations": seen if self._normalize is None else self._normalize(seen)}
        if state:
            inputs["rnn"] = list(state)
        action, outputs = self._model.act(inputs, role=_ROLE)
        return outputs.get("mean_actions", action), tuple(outputs["rnn"]) if state else ()


def flattened(seen: Any) -> torch.Tensor:
    """Return an observation as skrl's wrapper gives it: ``[num_envs, features]``, parts in order of their names."""
    if isinstance(seen, torch.Tensor):
        return seen.flatten(1)
    return torch.cat([flattened(seen[name]) for name in sorted(seen)], dim=-1)


def load_skrl(request: PolicyRequest) -> TrainerPolicy:
    """Load a checkpoint of skrl.

    Raises:
        CheckpointError: missing, damaged, unsafe, or not fitting the agent configuration or the task.
    """
    where = str(request.checkpoint)
    content = read_torch_file(request.checkpoint, device=request.device)
    if not isinstance(content, Mapping) or _ROLE not in content:
        raise CheckpointError(
            "the file is not a checkpoint of skrl", where=where, expected=f"an entry {_ROLE!r}", code="K004"
        )
    agent = agent_of_run(request)
    with contextlib.redirect_stdout(io.StringIO()):
        model = _model(agent, request)
    load_weights(model, content[_ROLE], where)
    model.eval()
    seen = flattened(observation(request.observations, GROUP, where))
    normalize = _normalizer(section(agent, "agent", where), content, seen.shape[1], request)
    network = SkrlNetwork(model, normalize, GROUP, where)
    parts = [str(section(agent, "agent", where).get("class", "skrl"))]
    parts += [f"recurrent state {' '.join(map(str, network.sizes))}"] if network.sizes else []
    parts.append("no normalizer" if normalize is None else "normalized observations")
    return TrainerPolicy(network, (GROUP,), f"{', '.join(parts)} on {GROUP} (checkpoint of skrl)")


def _model(agent: Mapping[str, Any], request: PolicyRequest) -> Any:
    where = str(request.checkpoint)
    models = section(agent, "models", where)
    if request.num_actions is None:
        raise CheckpointError(
            "the number of actions is not known", where=where, expected="a task that tells it", code="K010"
        )
    spaces = {
        "observation_space": space_of(observation(request.observations, GROUP, where)),
        "state_space": None,
        "action_space": box((request.num_actions,)),
        "device": request.device,
    }
    policy = section(agent, f"models.{_ROLE}", where)
    if ":" in str(policy.get("class")):
        return _own_class(policy, spaces, request)
    parts = {role: dict(part) for role, part in models.items() if isinstance(part, Mapping)}
    for part in parts.values():
        check_model(part, where)
    try:
        return _separate(policy, spaces, where) if models.get("separate", True) else _shared(parts, spaces)
    except (TypeError, ValueError, KeyError, AttributeError, RuntimeError, NotImplementedError) as error:
        raise CheckpointError(
            f"skrl cannot build the model that is configured: {type(error).__name__}: {error}", where=where, code="K006"
        ) from error


def _separate(policy: dict[str, Any], spaces: dict[str, Any], where: str) -> Any:
    from skrl.utils.model_instantiators import torch as instantiators

    kind = str(policy.pop("class", "")).lower()
    if kind not in _INSTANTIATORS:
        raise CheckpointError(
            f"the policy's model is {kind or 'not named'}",
            where=where,
            expected=f"one of {', '.join(_INSTANTIATORS)}",
            code="K006",
        )
    model = getattr(instantiators, _INSTANTIATORS[kind])(**spaces, **policy)
    model.init_state_dict(role=_ROLE)
    return model


def _shared(parts: dict[str, dict[str, Any]], spaces: dict[str, Any]) -> Any:
    from skrl.utils.model_instantiators.torch import shared_model

    structure = [part.pop("class") for part in parts.values()]
    roles = list(parts)
    model = shared_model(**spaces, structure=structure, roles=roles, parameters=list(parts.values()))
    for role in roles:
        model.init_state_dict(role=role)
    return model


def _own_class(policy: dict[str, Any], spaces: dict[str, Any], request: PolicyRequest) -> Any:
    """Make a model of a class of the user's, ``module:Class``, which is how skrl's recurrent models are written.

    Only the user or the task may name one: a file beside a checkpoint comes from wherever the checkpoint comes from.
    """
    named = str(policy.pop("class"))
    override = request.agent_changes.get(f"models.{_ROLE}.class")
    registered = ((request.agent or {}).get("models") or {}).get(_ROLE) or {}
    if named not in (override, registered.get("class")):
        raise CheckpointError(
            f"the agent configuration beside the checkpoint names the class {named}, which would run its code",
            where=str(request.checkpoint),
            fix=f"if it is yours, name it yourself: agent.models.{_ROLE}.class={named}",
            code="K003",
        )
    module, _, name = named.partition(":")
    try:
        model_class = getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError) as error:
        raise UsageError(f"the model class {named} cannot be imported: {error}", code="U008") from error
    arguments = {key: value for key, value in policy.items() if key not in ("network", "output")}
    return model_class(**spaces, **arguments)


def _normalizer(agent: Mapping[str, Any], content: Mapping[str, Any], size: int, request: PolicyRequest) -> Any:
    from skrl.resources.preprocessors.torch import RunningStandardScaler

    where = str(request.checkpoint)
    key = _NORMALIZER if _NORMALIZER in agent else _FORMER_NORMALIZER
    name = agent.get(key)
    saved = content.get(_NORMALIZER, content.get(_FORMER_NORMALIZER) if key == _FORMER_NORMALIZER else None)
    if not name:
        if saved:
            raise CheckpointError(
                "the checkpoint was trained with normalized observations, the agent configuration has no normalizer",
                where=where,
                expected=f"{_NORMALIZER}: RunningStandardScaler in the section 'agent'",
                code="K011",
            )
        return None
    if name != "RunningStandardScaler":
        raise CheckpointError(
            f"the preprocessor of observations is {name!r}", where=where, expected="RunningStandardScaler", code="K006"
        )
    if not saved:
        raise CheckpointError(
            "the agent normalizes observations and the checkpoint has no normalizer",
            where=where,
            expected=f"an entry {_NORMALIZER!r}",
            code="K011",
        )
    settings = {k: v for k, v in (agent.get(f"{key}_kwargs") or {}).items() if k in ("epsilon", "clip_threshold")}
    scaler = RunningStandardScaler(size=size, device=request.device, **settings)
    load_weights(scaler, saved, where, "normalizer")
    return scaler.eval()
