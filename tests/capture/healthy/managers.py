"""Environments of managers and terms, in the style of manager-based simulators: counters, modes, intervals beside."""
# ruff: noqa: T201

from __future__ import annotations

import inspect
import math
import re
from collections.abc import Callable, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import nn

from tests.capture.case import exact


@dataclass
class TermCfg:
    """One term of an observation."""

    func: Callable[..., torch.Tensor]
    params: dict[str, Any] = field(default_factory=dict)
    scale: float | None = None
    clip: tuple[float, float] | None = None
    history_length: int = 0
    noise: Callable[[torch.Tensor], torch.Tensor] | None = None


class CircularBuffer:
    """A history with a Python count of what was pushed and a pointer in a tensor."""

    def __init__(self, max_len: int, batch: int) -> None:
        self._max_len, self._batch = max_len, batch
        self._num_pushes = torch.zeros(batch, dtype=torch.long)
        self._pointer = -1
        self._buffer: torch.Tensor | None = None

    @property
    def buffer(self) -> torch.Tensor:
        """Oldest first."""
        return self._buffer

    def append(self, data: torch.Tensor) -> None:
        """Add the newest."""
        if data.shape[0] != self._batch:
            raise ValueError(f"the batch is {data.shape[0]}, not {self._batch}")
        if self._buffer is None:
            self._buffer = torch.zeros((self._batch, self._max_len, *data.shape[1:]), dtype=data.dtype)
        self._buffer = torch.cat([self._buffer[:, 1:], data.unsqueeze(1)], dim=1)
        self._num_pushes += 1

    def reset(self, ids: Sequence[int] | None = None) -> None:
        """Forget."""
        ids = slice(None) if ids is None else ids
        self._num_pushes[ids] = 0
        if self._buffer is not None:
            self._buffer[:, ids] = 0.0


class ObservationManager:
    """Computes groups of terms."""

    def __init__(self, cfg: dict[str, dict[str, TermCfg]], env: Any) -> None:
        self._env, self._cfg = env, cfg
        self._group_obs_term_names = {group: list(terms) for group, terms in cfg.items()}
        self._group_obs_concatenate = {group: True for group in cfg}
        self._history = {
            (group, name): CircularBuffer(term.history_length, 1)
            for group, terms in cfg.items()
            for name, term in terms.items()
            if term.history_length > 0
        }
        self._obs_buffer: dict[str, torch.Tensor] | None = None
        self._num_computed = 0

    def compute(self, update_history: bool = True) -> dict[str, torch.Tensor]:
        """Compute all groups."""
        buffer = {}
        for group in self._group_obs_term_names:
            buffer[group] = self.compute_group(group, update_history)
        self._obs_buffer = buffer
        self._num_computed += 1
        return buffer

    def compute_group(self, group: str, update_history: bool) -> torch.Tensor:
        """Compute one group."""
        if group not in self._group_obs_term_names:
            raise ValueError(f"no group {group!r}; there are {list(self._group_obs_term_names)}")
        obs = dict.fromkeys(self._group_obs_term_names[group], None)
        for name, term in zip(self._group_obs_term_names[group], self._cfg[group].values(), strict=True):
            value = term.func(self._env, **term.params).clone()
            if term.noise is not None:
                value = term.noise(value)
            if term.clip:
                value = value.clip_(min=term.clip[0], max=term.clip[1])
            if term.scale is not None:
                value = value.mul_(term.scale)
            if term.history_length > 0:
                circular = self._history[group, name]
                if update_history or circular.buffer is None:
                    circular.append(value)
                value = circular.buffer.reshape(1, -1)
            obs[name] = value
        return torch.cat(list(obs.values()), dim=-1) if self._group_obs_concatenate[group] else obs


class RewardManager:
    """Sums weighted rewards."""

    def __init__(self, env: Any) -> None:
        self._env = env
        self._terms = {"alive": (lambda env: torch.ones(1), 1.0), "lin": (lambda env: env.data["vel"][:, 0], 0.5)}
        self._episode_sums = {name: torch.zeros(1) for name in self._terms}
        self._step_reward = torch.zeros(1, 2)
        self.num_calls = 0

    def compute(self, dt: float) -> torch.Tensor:
        """Return the reward."""
        total = torch.zeros(1)
        for index, (name, (func, weight)) in enumerate(self._terms.items()):
            if weight == 0.0:
                self._step_reward[:, index] = 0.0
                continue
            value = func(self._env) * weight * dt
            total += value
            self._episode_sums[name] += value
            self._step_reward[:, index] = value / dt
        self.num_calls += 1
        return total


class EventManager:
    """Applies terms at intervals counted in Python."""

    def __init__(self, env: Any) -> None:
        self._env, self._interval, self._left, self.triggered = env, 200.0, 200.0, 0

    @property
    def available_modes(self) -> list[str]:
        """Modes."""
        return ["interval", "reset"]

    def apply(self, mode: str, dt: float) -> None:
        """Apply the terms of a mode."""
        if mode not in self.available_modes:
            return
        if mode == "interval":
            self._left -= dt
            if self._left < 1e-6:
                self._left = self._interval
                self.triggered += 1
                self._push()

    def _push(self) -> None:
        self._env.extras["pushed"] = self.triggered


def base_lin_vel(env):
    """Velocity of the base."""
    return env.data["vel"]


def projected_gravity(env):
    """Gravity seen from the base."""
    return env.data["gravity"]


def last_action(env, name: str | None = None):
    """The last action."""
    return env.action if name is None else env.actions[name]


def generated_phase(env, period: float):
    """Phase of the gait, from a tensor of steps."""
    t = env.episode_length_buf.unsqueeze(1) * 0.02
    return torch.cat([torch.sin(2 * math.pi * t / period), torch.cos(2 * math.pi * t / period)], dim=-1)


class ManagedEnv:
    """The environment."""

    def __init__(self) -> None:
        self.extras: dict[str, Any] = {}
        self.common_step_counter = 0
        self._sim_step_counter = 0
        self.decimation = 2
        self.step_dt = 0.02
        self.render_interval = 4
        self.max_episode_length = math.ceil(20.0 / self.step_dt)
        self.episode_length_buf = torch.zeros(1, dtype=torch.long)
        self.data: dict[str, torch.Tensor] = {}
        self.action = torch.zeros(1, 2)
        terms = {
            "vel": TermCfg(base_lin_vel, scale=2.0, clip=(-100.0, 100.0)),
            "gravity": TermCfg(projected_gravity, history_length=3),
            "phase": TermCfg(generated_phase, params={"period": 0.8}),
            "action": TermCfg(last_action),
        }
        self.observation_manager = ObservationManager({"policy": terms}, self)
        self.reward_manager = RewardManager(self)
        self.event_manager = EventManager(self)

    def physics(self) -> None:
        """Step physics and all that is counted there."""
        is_rendering = self.extras.get("gui", False)
        for _ in range(self.decimation):
            self._sim_step_counter += 1
            if self._sim_step_counter % self.render_interval == 0 and is_rendering:
                self.extras["frame"] = self._sim_step_counter
        self.episode_length_buf += 1
        self.common_step_counter += 1
        reward = self.reward_manager.compute(dt=self.step_dt)
        self.extras["reward"] = reward.item()
        reset = (self.episode_length_buf >= self.max_episode_length).nonzero(as_tuple=False).squeeze(-1)
        if len(reset) > 0:
            self.extras["resets"] = self.extras.get("resets", 0) + len(reset)
        if "interval" in self.event_manager.available_modes:
            self.event_manager.apply(mode="interval", dt=self.step_dt)


@exact(vel=(1, 3), gravity=(1, 3))
class ManagerBased:
    """Managers of observations, rewards and events around a policy."""

    def __init__(self):
        self.env = ManagedEnv()
        self.policy = nn.Sequential(nn.Linear(16, 8), nn.ELU(), nn.Linear(8, 2))

    def step(self, vel, gravity):
        self.env.data = {"vel": vel, "gravity": gravity}
        obs = self.env.observation_manager.compute()["policy"]
        action = self.policy(obs)
        self.env.action = action
        return action * 0.5

    def after(self):
        self.env.physics()


class ActionTerm:
    """Scales raw actions, joints by name."""

    def __init__(self, names, pattern, scale, offset, clip=None):
        self.ids = [i for i, n in enumerate(names) if re.fullmatch(pattern, n)]
        if len(self.ids) == len(names):
            self.ids = slice(None)
        self._raw = torch.zeros(1, len(names))
        self._processed = torch.zeros_like(self._raw)
        self._scale = torch.full((1, len(names)), scale)
        self._offset, self._clip = offset, clip
        self.export_calls = 0

    def process(self, actions):
        self._raw[:] = actions
        if isinstance(self._scale, float) and self._scale == 1.0:
            self._processed = self._raw.clone()
        else:
            self._processed = self._raw * self._scale + self._offset
        if self._clip is not None:
            self._processed = torch.clamp(self._processed, min=self._clip[0], max=self._clip[1])
        self.export_calls += 1
        return self._processed


@exact(x=(1, 4))
class ActionTerms:
    """Two terms that share a vector of actions, split by a running Python index."""

    def __init__(self):
        self.terms = {
            "legs": ActionTerm(["hip", "knee"], ".*", 0.5, 0.1),
            "arms": ActionTerm(["elbow", "wrist"], ".*", 0.3, 0.0, (-0.2, 0.2)),
        }
        self.num_calls = 0

    def step(self, x):
        self.num_calls += 1
        index = 0
        targets = []
        for term in self.terms.values():
            size = term._raw.shape[1]
            targets.append(term.process(x[:, index : index + size]))
            index += size
        if index != x.shape[1]:
            raise ValueError(f"{index} actions used of {x.shape[1]}")
        return torch.cat(targets, dim=1)


class CommandTerm:
    """A command that is resampled by its own clock, in tensors; metrics beside."""

    def __init__(self):
        self.time_left = torch.full((1,), 0.1)
        self.command_counter = torch.zeros(1, dtype=torch.long)
        self.metrics = {"error": torch.zeros(1)}
        self.command = torch.tensor([[1.0, 0.0]])
        self.debug_vis = False

    def compute(self, dt, x):
        self._update_metrics(x)
        self.time_left -= dt
        due = self.time_left <= 0.0
        self.command = torch.where(due.unsqueeze(1), -self.command, self.command)
        self.time_left = torch.where(due, torch.full((1,), 0.1), self.time_left)
        self.command_counter += due
        if self.debug_vis:
            print(self.command)

    def _update_metrics(self, x):
        self.metrics["error"] += torch.norm(self.command - x[:, :2], dim=-1)


@exact(x=(1, 3))
class ResampledCommand:
    def __init__(self):
        self.term, self.counter = CommandTerm(), 0

    def step(self, x):
        self.term.compute(0.02, x)
        self.counter += 1
        return torch.cat([x, self.term.command], dim=1)


@exact(x=(1, 3))
class CallsBySignature:
    """Functions are called with what their signature asks for."""

    def __init__(self):
        self.functions = [lambda x: x * 2, lambda x, gain: x * gain]
        self.known, self.looked_up = {"gain": 3.0}, 0

    def step(self, x):
        parts = []
        for function in self.functions:
            names = list(inspect.signature(function).parameters)[1:]
            self.looked_up += len(names)
            parts.append(function(x, **{n: self.known[n] for n in names}))
        return torch.cat(parts, dim=1)


@exact(x=(1, 3))
class TimersAsContext:
    """Sections are timed by a context manager that sums up."""

    def __init__(self):
        self.totals, self.entered = {}, 0

    @contextmanager
    def _section(self, name):
        self.entered += 1
        self.totals[name] = self.totals.get(name, 0) + 1
        yield
        if self.totals[name] > 1000:
            self.totals.clear()

    def step(self, x):
        with self._section("scale"):
            y = x * 2
        with self._section("clip"):
            return y.clamp(-1, 1)
