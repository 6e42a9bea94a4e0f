"""A loaded policy: acts as ``model.predict(observation, deterministic=True)`` does, on tensors."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from typing import Any

import torch
from gymnasium import spaces

from leapp_core.errors import CheckpointError
from leapp_core.plugins.policies import LoadedPolicy, PolicyRequest, Recorder, StandalonePolicy, StandaloneRequest
from leapp_sb3.archive import Archive
from leapp_sb3.network import build
from leapp_sb3.normalizer import PLAIN, Normalizer, read

GROUP = "observation"
"""Group of a task whose observation is no dictionary. Isaac Lab calls it ``policy``."""
STATES = ("actor_state_0", "actor_state_1")
"""Hidden and cell state of an LSTM."""


class Sb3Policy(LoadedPolicy):
    """Normalizer, preprocessing, network, and what ``predict`` does to its actions.

    Args:
        network: The policy, in evaluation mode.
        normalizers: By observation key.
        groups: Observation group of each key; a plain observation has the key ``""``.
        summary: One line about it.
    """

    def __init__(
        self, network: Any, normalizers: Mapping[str, Normalizer], groups: Mapping[str, str], summary: str
    ) -> None:
        self.obs_groups = tuple(groups.values())
        self.summary = summary
        self._network, self._normalizers, self._groups = network, normalizers, groups
        self._recurrent = hasattr(network, "lstm_actor")
        self._state: tuple[torch.Tensor, ...] | None = None

    def act(
        self, observations: Mapping[str, torch.Tensor], session: Recorder | None = None, node: str | None = None
    ) -> torch.Tensor:
        with torch.inference_mode(), _unchecked_distributions():
            seen = {key: self._prepared(observations[group], key) for key, group in self._groups.items()}
            given = seen.get(PLAIN, seen)
            if not self._recurrent:
                return self._limited(self._network._predict(given, deterministic=True))
            return self._limited(self._step(given, len(next(iter(seen.values()))), session, node))

    def reset(self) -> None:
        self._state = None

    def _step(self, given: Any, rows: int, session: Recorder | None, node: str | None) -> torch.Tensor:
        layers, _, size = self._network.lstm_hidden_state_shape
        device = self._network.device
        state = self._state or tuple(torch.zeros(layers, rows, size, device=device) for _ in STATES)
        if session is not None and node is not None:
            state = session.state_tensors(node, dict(zip(STATES, state, strict=True)))
        going_on = torch.zeros(rows, device=device)
        action, self._state = self._network._predict(given, state, going_on, deterministic=True)
        if session is not None and node is not None:
            session.update_state(node, dict(zip(STATES, self._state, strict=True)))
        return action

    def _prepared(self, value: torch.Tensor, key: str) -> torch.Tensor:
        if key in self._normalizers:  # VecNormalize sees images as the task gives them
            value = self._normalizers[key](value)
        space = self._network.observation_space
        space = space if key == PLAIN else space[key]
        if _turned(tuple(value.shape[1:]), space):
            value = value.permute(0, 3, 1, 2)
        return value.reshape(value.shape[0], *space.shape)

    def _limited(self, action: torch.Tensor) -> torch.Tensor:
        space = self._network.action_space
        rows = action.reshape(action.shape[0], -1)
        if not isinstance(space, spaces.Box):
            return rows
        low, high = (torch.as_tensor(end.reshape(1, -1), device=rows.device) for end in (space.low, space.high))
        low, high = low.to(rows.dtype), high.to(rows.dtype)
        if self._network.squash_output:
            return low + 0.5 * (rows + 1.0) * (high - low)
        return torch.maximum(torch.minimum(rows, high), low)


def load(request: PolicyRequest) -> Sb3Policy:
    """Load a checkpoint for a task."""
    archive = Archive(request.checkpoint)
    network = build(archive, request.device)
    groups = _groups(network.observation_space, request.observations, archive.where)
    for key, group in groups.items():
        space = network.observation_space if key == PLAIN else network.observation_space[key]
        shape = tuple(request.observations[group].shape[1:])
        if shape not in (space.shape, space.shape or (1,)) and not _turned(shape, space):
            raise CheckpointError(
                f"the policy was trained on {group} of shape {space.shape}, and the task gives {shape}",
                where=archive.where,
                expected="the task that the checkpoint was trained on",
            )
    actions = int(torch.Size(network.action_space.shape).numel())
    if request.num_actions not in (None, actions):
        raise CheckpointError(
            f"the policy has {actions} actions, and the task takes {request.num_actions}",
            where=archive.where,
            expected="the task that the checkpoint was trained on",
        )
    return _policy(archive, network, groups, request.device)


def load_alone(request: StandaloneRequest) -> StandalonePolicy:
    """Load a checkpoint without its task: its spaces are in the archive."""
    archive = Archive(request.checkpoint)
    network = build(archive, request.device)
    space = network.observation_space
    parts = dict(space.spaces) if isinstance(space, spaces.Dict) else {GROUP: space}
    groups = {key: key for key in parts} if isinstance(space, spaces.Dict) else {PLAIN: GROUP}
    policy = _policy(archive, network, groups, request.device)
    return StandalonePolicy(policy, {name: tuple(part.shape) or (1,) for name, part in parts.items()})


def _policy(archive: Archive, network: Any, groups: Mapping[str, str], device: str) -> Sb3Policy:
    normalizers, file = read(archive, device)
    unknown = sorted(set(normalizers) - set(groups))
    if unknown:
        raise CheckpointError(
            f"the VecNormalize file normalizes {unknown}, which the policy does not see",
            where=str(file),
            expected="the file that was saved with this checkpoint",
        )
    kind = type(network).__name__
    normalized = f"normalized by {file.name}" if file is not None and normalizers else "observations as they come"
    return Sb3Policy(network, normalizers, groups, f"{kind} of SB3 {archive.version}, {normalized}")


def _groups(space: spaces.Space[Any], observations: Mapping[str, Any], where: str) -> dict[str, str]:
    wanted = tuple(space.spaces) if isinstance(space, spaces.Dict) else None
    found = tuple(observations)
    if wanted is None:
        plain = [name for name in (GROUP, "policy") if name in found] or list(found)
        if len(plain) == 1 or plain[0] in (GROUP, "policy"):
            return {PLAIN: plain[0]}
    elif set(wanted) <= set(found):
        return {name: name for name in wanted}
    raise CheckpointError(
        f"the policy sees {', '.join(wanted or ('one observation',))}, and the task gives {', '.join(found)}",
        where=where,
        expected="the task that the checkpoint was trained on",
    )


def _turned(shape: tuple[int, ...], space: spaces.Space[Any]) -> bool:
    """Return whether a shape is an image with its channels last, of a space that has them first, as SB3 trains."""
    return len(shape) == 3 and shape != space.shape and (shape[2], *shape[:2]) == space.shape


@contextlib.contextmanager
def _unchecked_distributions() -> Iterator[None]:
    """Let distributions not check their arguments: that asks tensors for a Python value, and changes no action."""
    distribution = torch.distributions.Distribution
    before = distribution._validate_args
    distribution.set_default_validate_args(False)
    try:
        yield
    finally:
        distribution.set_default_validate_args(before)
