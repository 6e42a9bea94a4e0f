"""What the adapters of this folder have in common: a network with or without recurrent state, and its weights."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

import torch

from leapp_core.errors import CheckpointError, UsageError
from leapp_core.plugins.policies import LoadedPolicy, Recorder
from leapp_rsl_rl.wrappers import bare_names, unwrapped

State = tuple[torch.Tensor, ...]
STATE_NAME = "actor_state"
"""Port name of recurrent state; with ``_0`` and ``_1`` where there are two tensors."""
_SHOWN = 4


class ActingNetwork(Protocol):
    """A policy's network as its trainer runs it, everything between observations and actions included."""

    def initial_state(self, batch: int) -> State:
        """Return the recurrent state of a new episode, empty without memory."""
        ...

    def act(self, observations: Mapping[str, torch.Tensor], state: State) -> tuple[torch.Tensor, State]:
        """Return the deterministic action ``[batch, actions]`` and the next state."""
        ...


class TrainerPolicy(LoadedPolicy):
    """A loaded policy around an acting network.

    Args:
        network: The network, in evaluation mode.
        obs_groups: Observation groups it reads, in order.
        summary: One line about it.
    """

    def __init__(self, network: ActingNetwork, obs_groups: tuple[str, ...], summary: str) -> None:
        self.network, self.obs_groups, self.summary = network, obs_groups, summary
        self._state: State | None = None

    def act(
        self, observations: Mapping[str, torch.Tensor], session: Recorder | None = None, node: str | None = None
    ) -> torch.Tensor:
        """Return the deterministic action; with a session, recurrent state is declared to it as state of ``node``.

        Raises:
            UsageError: there is a session but no node.
        """
        if session is not None and node is None:
            raise UsageError("a policy that is captured needs the name of its node", code="D003")
        with torch.inference_mode():
            state = self._state if self._state is not None else self.network.initial_state(_batch(observations))
            if session is not None and node is not None and state:
                declared: Any = session.state_tensors(node, _named(state))
                state = declared if isinstance(declared, tuple) else (declared,)
            action, following = self.network.act(observations, state)
            if session is not None and node is not None and following:
                session.update_state(node, _named(following))
        self._state = following
        return action

    def reset(self) -> None:
        """Forget recurrent state."""
        self._state = None


def _batch(observations: Mapping[str, Any]) -> int:
    first = next(iter(observations.values()))
    return len(first) if isinstance(first, torch.Tensor) else _batch(first)


def _named(state: State) -> dict[str, torch.Tensor]:
    if len(state) == 1:
        return {STATE_NAME: state[0]}
    return {f"{STATE_NAME}_{index}": part for index, part in enumerate(state)}


def load_weights(module: torch.nn.Module, weights: Any, where: str, part: str = "policy") -> None:
    """Fill a module with the weights of a checkpoint, all of them.

    Args:
        module: As it was configured.
        weights: State dict of the checkpoint; names that wrappers of modules leave in keys are removed.
        where: The checkpoint, for messages.
        part: What the weights are of, for messages.

    Raises:
        CheckpointError: they are no state dict, or keys or shapes differ; the first few are named.
    """
    if not isinstance(weights, Mapping) or not all(isinstance(value, torch.Tensor) for value in weights.values()):
        raise CheckpointError(
            f"the checkpoint's {part} is not a state dict", where=where, expected="tensors by name", code="K002"
        )
    names = bare_names(module.state_dict())
    found, expected = unwrapped(weights, where), {bare: module.state_dict()[key] for bare, key in names.items()}
    wrong = [
        f"{key} is {tuple(found[key].shape)}, expected {tuple(value.shape)}"
        for key, value in expected.items()
        if key in found and found[key].shape != value.shape
    ]
    wrong += [f"{key} {tuple(value.shape)} is missing" for key, value in expected.items() if key not in found]
    wrong += [f"{key} {tuple(value.shape)} has no place" for key, value in found.items() if key not in expected]
    if wrong:
        more = f", and {len(wrong) - _SHOWN} more" if len(wrong) > _SHOWN else ""
        raise CheckpointError(
            f"the checkpoint's {part} does not fit the network as it is configured",
            where=where,
            expected="; ".join(wrong[:_SHOWN]) + more,
            fix="export with the task and agent configuration that the checkpoint was trained with",
            code="K007",
        )
    module.load_state_dict({names[key]: value for key, value in found.items()})


def observation(observations: Mapping[str, torch.Tensor], group: str, where: str) -> Any:
    """Return an observation group.

    Raises:
        CheckpointError: the environment has no such group.
    """
    if group not in observations:
        raise CheckpointError(
            f"the policy reads observation group {group!r}, which the task does not have",
            where=where,
            expected=f"one of {', '.join(map(str, observations))}",
            code="K008",
        )
    return observations[group]
