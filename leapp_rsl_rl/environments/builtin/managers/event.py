"""Event manager: what happens to the robot at resets and from time to time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch

from leapp_rsl_rl.environments.builtin.managers.view import SceneView, uniform


@dataclass(frozen=True)
class EventTerm:
    """Something done to the environments ``env_ids`` as ``func(env, env_ids, **params)``.

    Without ``interval_range_s`` the event happens at every reset, with it after each random interval. Interval
    events disturb training and are left out when a policy is exported or evaluated.
    """

    name: str
    func: Callable[..., None]
    params: Mapping[str, Any] = field(default_factory=dict)
    interval_range_s: tuple[float, float] | None = None


class EventManager:
    """Runs reset and interval events."""

    def __init__(self, terms: tuple[EventTerm, ...], env: SceneView) -> None:
        """Prepare the events; the intervals start at the first reset."""
        self._env = env
        self._on_reset = tuple(term for term in terms if term.interval_range_s is None)
        self._interval = tuple(
            (term, torch.zeros(env.num_envs, device=env.device)) for term in terms if term.interval_range_s is not None
        )

    def reset(self, env_ids: torch.Tensor) -> None:
        """Run the reset events for ``env_ids`` and restart their intervals."""
        for term in self._on_reset:
            term.func(self._env, env_ids, **term.params)
        for term, time_left in self._interval:
            self._restart(term, time_left, env_ids)

    def step(self) -> None:
        """Let one policy step pass and run the interval events that are due."""
        for term, time_left in self._interval:
            time_left -= self._env.step_dt
            due = (time_left <= 0.0).nonzero().flatten()
            if due.numel() > 0:
                term.func(self._env, due, **term.params)
                self._restart(term, time_left, due)

    def _restart(self, term: EventTerm, time_left: torch.Tensor, env_ids: torch.Tensor) -> None:
        low, high = term.interval_range_s or (0.0, 0.0)
        time_left[env_ids] = uniform(self._env, (int(env_ids.numel()),), low, high)
