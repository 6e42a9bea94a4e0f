"""Command manager: what the robot is asked to do, resampled from time to time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch

from leapp_rsl_rl.environments.builtin.managers.view import SceneView, uniform

Sampler = Callable[[SceneView, int], torch.Tensor]
"""Draws commands: ``sampler(env, count)`` returns shape (count, width)."""


@dataclass(frozen=True)
class CommandTerm:
    """A command that is drawn anew after a random time."""

    name: str
    sample: Sampler
    width: int
    resampling_range_s: tuple[float, float]


class CommandManager:
    """Holds the current command of every term."""

    def __init__(self, terms: tuple[CommandTerm, ...], env: SceneView) -> None:
        """Allocate the commands of ``terms``; they are drawn at the first reset."""
        self._env = env
        self._terms = terms
        self._commands = {t.name: torch.zeros(env.num_envs, t.width, device=env.device) for t in terms}
        self._time_left = {t.name: torch.zeros(env.num_envs, device=env.device) for t in terms}

    def command(self, name: str) -> torch.Tensor:
        """Return the current command of a term. Shape: (num_envs, width)."""
        return self._commands[name]

    def reset(self, env_ids: torch.Tensor) -> None:
        """Draw new commands for ``env_ids``."""
        for term in self._terms:
            self._resample(term, env_ids)

    def step(self) -> None:
        """Let one policy step pass and draw new commands where the time is up."""
        for term in self._terms:
            time_left = self._time_left[term.name]
            time_left -= self._env.step_dt
            expired = (time_left <= 0.0).nonzero().flatten()
            if expired.numel() > 0:
                self._resample(term, expired)

    def _resample(self, term: CommandTerm, env_ids: torch.Tensor) -> None:
        count = int(env_ids.numel())
        self._commands[term.name][env_ids] = term.sample(self._env, count)
        self._time_left[term.name][env_ids] = uniform(self._env, (count,), *term.resampling_range_s)
