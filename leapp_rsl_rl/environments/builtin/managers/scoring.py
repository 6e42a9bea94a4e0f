"""Reward and termination managers: how well it goes, and when it is over."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch

from leapp_rsl_rl.environments.builtin.managers.view import SceneView


@dataclass(frozen=True)
class RewardTerm:
    """A weighted reward, ``func(env, **params)`` of shape (num_envs,), counted per second."""

    name: str
    func: Callable[..., torch.Tensor]
    weight: float
    params: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class TerminationTerm:
    """A reason to end an episode, ``func(env, **params)`` of shape (num_envs,) and dtype bool."""

    name: str
    func: Callable[..., torch.Tensor]
    params: Mapping[str, Any] = field(default_factory=dict)
    time_out: bool = False
    """Whether this is the end of the time and not a failure."""


class RewardManager:
    """Sums the rewards of a step and of the episode."""

    def __init__(self, terms: tuple[RewardTerm, ...], env: SceneView) -> None:
        """Prepare the sums of ``terms``."""
        self._env = env
        self._terms = terms
        self._sums = {term.name: torch.zeros(env.num_envs, device=env.device) for term in terms}

    def compute(self) -> torch.Tensor:
        """Return the reward of this step. Shape: (num_envs,)."""
        total = torch.zeros(self._env.num_envs, device=self._env.device)
        for term in self._terms:
            value = term.func(self._env, **term.params) * (term.weight * self._env.step_dt)
            self._sums[term.name] += value
            total += value
        return total

    def reset(self, env_ids: torch.Tensor) -> dict[str, torch.Tensor]:
        """Return the mean episode sum of each term over ``env_ids``, then clear the sums."""
        log = {}
        for name, total in self._sums.items():
            log[f"Episode_Reward/{name}"] = total[env_ids].mean()
            total[env_ids] = 0.0
        return log


class TerminationManager:
    """Decides which episodes end."""

    def __init__(self, terms: tuple[TerminationTerm, ...], env: SceneView) -> None:
        """Allocate the flags."""
        self._env = env
        self._terms = terms
        self.terminated = torch.zeros(env.num_envs, dtype=torch.bool, device=env.device)
        self.time_outs = torch.zeros_like(self.terminated)

    def compute(self) -> torch.Tensor:
        """Evaluate all terms and return which episodes end now. Shape: (num_envs,), dtype bool."""
        self.terminated[:] = False
        self.time_outs[:] = False
        for term in self._terms:
            flags = self.time_outs if term.time_out else self.terminated
            flags |= term.func(self._env, **term.params)
        return self.terminated | self.time_outs
