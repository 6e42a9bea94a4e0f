"""Observation manager: from raw robot state to what the policy sees.

Each term goes through ``func -> noise -> clip -> scale -> delay -> history``; the terms of a group are then
concatenated in order, the history of each term flattened oldest frame first.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

import torch

from leapp_rsl_rl.environments.builtin.managers.buffers import DelayBuffer, HistoryBuffer
from leapp_rsl_rl.environments.builtin.managers.view import EnvView, uniform


@runtime_checkable
class StatefulTerm(Protocol):
    """A term that keeps tensors of its own from step to step."""

    def __call__(self, env: EnvView) -> torch.Tensor:
        """Return the value of the term. Shape: (num_envs, width)."""
        ...

    def reset(self, env_ids: torch.Tensor) -> None:
        """Start anew for ``env_ids``."""
        ...

    def state(self) -> dict[str, torch.Tensor]:
        """Return the tensors that are carried from step to step, by name."""
        ...


@dataclass(frozen=True)
class ObservationTerm:
    """One signal of an observation group.

    ``func`` is called as ``func(env, **params)``. If it is a class, it is instantiated once as
    ``func(env, **params)`` and the instance, a :class:`StatefulTerm`, is called with the environment.
    """

    name: str
    func: Callable[..., Any]
    params: Mapping[str, Any] = field(default_factory=dict)
    noise: float = 0.0
    """Half width of additive uniform noise, in the unit of the raw signal."""
    clip: tuple[float, float] | None = None
    """Limits applied before scaling."""
    scale: float | tuple[float, ...] | None = None
    """Factor, or one factor for each element."""
    delay_steps: int = 0
    """Policy steps by which the signal arrives late."""
    history_length: int = 0
    """Frames to stack; 0 stacks nothing."""


@dataclass(frozen=True)
class ObservationGroup:
    """Terms that are concatenated into one observation tensor."""

    name: str
    terms: tuple[ObservationTerm, ...]
    enable_corruption: bool = False
    """Whether noise is added, which training wants and deployment does not."""


class ObservationManager:
    """Computes every observation group of an environment."""

    def __init__(self, groups: tuple[ObservationGroup, ...], env: EnvView) -> None:
        """Prepare the terms of ``groups``; each is evaluated once to learn its width."""
        self._env = env
        self._groups = groups
        self._pipelines = {
            group.name: tuple(_TermPipeline(term, env, group.enable_corruption) for term in group.terms)
            for group in groups
        }

    def compute(self) -> dict[str, torch.Tensor]:
        """Evaluate all groups and advance delays and histories by one step.

        Returns:
            One tensor for each group. Shape: (num_envs, width).
        """
        return {name: self.compute_group(name) for name in self._pipelines}

    def compute_group(self, name: str) -> torch.Tensor:
        """Evaluate one group and advance its delays and histories. Shape: (num_envs, width)."""
        return torch.cat([pipeline.compute() for pipeline in self._pipelines[name]], dim=-1)

    def reset(self, env_ids: torch.Tensor) -> None:
        """Forget what delays, histories and stateful terms hold of ``env_ids``."""
        for pipelines in self._pipelines.values():
            for pipeline in pipelines:
                pipeline.reset(env_ids)

    def state(self, name: str) -> dict[str, torch.Tensor]:
        """Return the tensors that a group carries from step to step, named ``<term>_<part>_<tensor>``."""
        return {key: value for pipeline in self._pipelines[name] for key, value in pipeline.state().items()}

    def layout(self, name: str) -> tuple[tuple[str, int], ...]:
        """Return the terms of a group in order with the elements each contributes."""
        return tuple((pipeline.term.name, pipeline.width) for pipeline in self._pipelines[name])


class _TermPipeline:
    """A term with the buffers it needs."""

    def __init__(self, term: ObservationTerm, env: EnvView, corrupt: bool) -> None:
        self.term = term
        self._env = env
        self._corrupt = corrupt and term.noise > 0.0
        self._func: Callable[..., Any] = term.func
        self._params = dict(term.params)
        if isinstance(term.func, type):
            self._func, self._params = term.func(env, **term.params), {}
        frame_width = int(self._func(env, **self._params).shape[-1])
        self.width = frame_width * max(term.history_length, 1)
        self._scale = _scale_tensor(term, frame_width, env.device)
        self._delay = _maybe(DelayBuffer, env, term.delay_steps, frame_width)
        self._history = _maybe(HistoryBuffer, env, term.history_length, frame_width)
        self.reset(torch.arange(env.num_envs, device=env.device))

    def compute(self) -> torch.Tensor:
        """Return the processed signal. Shape: (num_envs, width)."""
        value: torch.Tensor = self._func(self._env, **self._params).clone()
        if self._corrupt:
            value.add_(uniform(self._env, tuple(value.shape), -self.term.noise, self.term.noise))
        if self.term.clip is not None:
            value.clamp_(*self.term.clip)
        if self._scale is not None:
            value.mul_(self._scale)
        if self._delay is not None:
            value = self._delay.push(value)
        if self._history is not None:
            self._history.push(value)
            value = self._history.frames.reshape(self._env.num_envs, -1)
        return value

    def reset(self, env_ids: torch.Tensor) -> None:
        """Forget what is held of ``env_ids``."""
        for part in self._stateful_parts().values():
            part.reset(env_ids)

    def state(self) -> dict[str, torch.Tensor]:
        """Return the tensors that are carried from step to step, by name."""
        return {
            f"{self.term.name}{suffix}_{name}": tensor
            for suffix, part in self._stateful_parts().items()
            for name, tensor in part.state().items()
        }

    def _stateful_parts(self) -> dict[str, DelayBuffer | HistoryBuffer | StatefulTerm]:
        parts = {"": self._func, "_delay": self._delay, "_history": self._history}
        kinds = (DelayBuffer, HistoryBuffer, StatefulTerm)
        return {suffix: part for suffix, part in parts.items() if isinstance(part, kinds)}


def _maybe(kind: type[Any], env: EnvView, length: int, width: int) -> Any:
    return kind(env.num_envs, length, width, env.device) if length > 0 else None


def _scale_tensor(term: ObservationTerm, width: int, device: torch.device) -> torch.Tensor | None:
    if term.scale is None:
        return None
    scale = torch.tensor(term.scale, dtype=torch.float32, device=device)
    if scale.ndim == 1 and scale.numel() != width:
        raise ValueError(f"observation term {term.name!r} has {width} elements, but {scale.numel()} scale factors")
    return scale
