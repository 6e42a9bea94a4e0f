"""The policy and its bundle in one episode: closed loop, open loop, and what the physics makes of a rounding.

All runs start from the same seed. In the closed loop each controls its own form of the task, so that physics acts on
every difference. In the open loop the deployment's robot does what the policy said, and the bundle is shown what this
robot measures: what is left is the difference of the export. Where the closed loop differs by more than the goal, the
policy runs once more with each of its actions moved to the next floating-point number: how far that run comes from its
first is the task's own doing.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import torch

from leapp_core.plugins.environments import StepOutcome
from tests.simulators.cases import LIMIT

LEAST_REACH = 1e-3
"""Differences of an element that never gets this large are taken relative to this."""
Array = np.ndarray[Any, Any]


@dataclass
class Episode:
    """What one run did, step by step.

    Attributes:
        targets: By name, of each step.
        states: By name, after each step.
        rewards: Of each step.
        ends: Whether an episode ended with the step.
    """

    targets: list[dict[str, Array]] = field(default_factory=list)
    states: list[dict[str, Array]] = field(default_factory=list)
    rewards: list[float | None] = field(default_factory=list)
    ends: list[bool] = field(default_factory=list)

    def add(self, outcome: StepOutcome) -> None:
        """Keep a step."""
        self.targets.append({name: value.copy() for name, value in outcome.targets.items()})
        self.states.append({name: value.copy() for name, value in outcome.state.items()})
        self.rewards.append(outcome.reward)
        self.ends.append(outcome.done)

    def first(self, steps: int) -> Episode:
        """Return its first steps."""
        return Episode(self.targets[:steps], self.states[:steps], self.rewards[:steps], self.ends[:steps])

    @property
    def reward(self) -> float | None:
        """Mean per step, if each is known."""
        return None if any(r is None for r in self.rewards) else float(np.mean(np.array(self.rewards, float)))


@dataclass(frozen=True)
class Compared:
    """How the runs of a case compare.

    Attributes:
        action_error: Closed loop: largest difference of a target, relative to the largest value of that element.
        state_error: Closed loop: largest difference of the robot's state (rad, m and their rates).
        open_error: Open loop: largest difference of a target, likewise relative.
        replay_error: Open loop: largest difference of state, which is nothing if simulators repeat exactly.
        nudge_error: The policy's own run against itself with actions one rounding off: as ``action_error``; only where
            that is larger than the goal.
        nudge_state_error: The same of the robot's state.
        policy_reward: Mean reward per step of the policy.
        bundle_reward: The same of the bundle, if the deployment knows it.
        loop_rate: Steps per second of the deployment with its simulator.
    """

    action_error: float
    state_error: float
    open_error: float
    replay_error: float
    nudge_error: float | None
    nudge_state_error: float | None
    policy_reward: float | None
    bundle_reward: float | None
    loop_rate: float


class Nudged:
    """A policy whose actions are each moved to a neighbouring float32, up or down at random."""

    def __init__(self, policy: Any, seed: int) -> None:
        self._policy = policy
        self._random = torch.Generator().manual_seed(seed)
        self.reset, self.clip_actions = policy.reset, policy.clip_actions

    def act(self, observations: Mapping[str, torch.Tensor], *more: Any) -> torch.Tensor:
        """Return the action, one rounding off."""
        action: torch.Tensor = self._policy.act(observations, *more)
        up = torch.rand(action.shape, generator=self._random) < 0.5
        return torch.nextafter(action, torch.where(up, torch.inf, -torch.inf))


class Course:
    """The policy's own episode, which bundles of all backends are held against.

    Args:
        env: The task in training form.
        policy: What controls it.
        seed: Of the episode.
        steps: Its length.
    """

    def __init__(self, env: Any, policy: Any, seed: int, steps: int) -> None:
        self._env, self._policy, self.seed, self._steps = env, policy, seed, steps
        self.trained = run_trained(env, policy, seed, steps)

    @cached_property
    def nudged(self) -> Episode:
        """The same with each action one rounding off."""
        return run_trained(self._env, Nudged(self._policy, self.seed), self.seed, self._steps)


def compare_runs(course: Course, scene: Any, runtime: Any, steps: int) -> Compared:
    """Run the bundle in every way and hold it against the policy's first ``steps``."""
    trained = course.trained.first(steps)
    deployed, rate = run_deployed(scene, runtime, course.seed, steps)
    shown, followed = run_shown(scene, runtime, course.seed, trained)
    assert trained.ends == followed.ends
    difference = relative_difference(trained, deployed)
    nudged = course.nudged.first(steps) if difference > LIMIT else None
    return Compared(
        difference,
        state_difference(trained, deployed),
        relative_difference(trained, shown),
        state_difference(trained, followed),
        None if nudged is None else relative_difference(trained, nudged),
        None if nudged is None else state_difference(trained, nudged),
        trained.reward,
        deployed.reward,
        rate,
    )


def run_trained(env: Any, policy: Any, seed: int, steps: int) -> Episode:
    """Run the training form."""
    env.reset(seed)
    policy.reset()
    episode = Episode()
    for _ in range(steps):
        episode.add(env.step(policy))
        if episode.ends[-1]:
            policy.reset()
    return episode


def run_deployed(scene: Any, runtime: Any, seed: int, steps: int) -> tuple[Episode, float]:
    """Run the deployment form under the bundle; return steps per second too."""
    scene.reset(seed)
    runtime.reset()
    episode, spent = Episode(), 0.0
    for _ in range(steps):
        began = time.perf_counter()
        outcome = scene.step(runtime.step(scene.read()))
        spent += time.perf_counter() - began
        episode.add(outcome)
        if outcome.done:
            runtime.reset()
    return episode, steps / spent


def run_shown(scene: Any, runtime: Any, seed: int, trained: Episode) -> tuple[Episode, Episode]:
    """Run the deployment form under the targets that were recorded; return what the bundle said, and what happened."""
    scene.reset(seed)
    runtime.reset()
    ports = {ref.port: str(ref) for ref in runtime.pipeline.outputs}
    said, happened = Episode(), Episode()
    for targets in trained.targets:
        outputs = dict(runtime.step(scene.read()))
        said.add(StepOutcome({name: outputs[ports[name]] for name in targets}, None, False))
        recorded = {ports[name]: value.reshape(outputs[ports[name]].shape) for name, value in targets.items()}
        happened.add(scene.step(outputs | recorded))
        if happened.ends[-1]:
            runtime.reset()
    return said, happened


def relative_difference(one: Episode, other: Episode) -> float:
    """Return the largest difference of a target, relative to the largest value of its element in the first episode."""
    largest = 0.0
    for name in one.targets[0]:
        expected = np.array([step[name].ravel() for step in one.targets], np.float64)
        found = np.array([step[name].ravel() for step in other.targets], np.float64)
        reach = np.maximum(np.abs(expected).max(axis=0), LEAST_REACH)
        largest = max(largest, float((np.abs(expected - found) / reach).max()))
    return largest


def state_difference(one: Episode, other: Episode) -> float:
    """Return the largest difference of state."""
    pairs = ((a[name], b[name]) for a, b in zip(one.states, other.states, strict=True) for name in a)
    return max((float(np.abs(a.astype(np.float64) - b).max(initial=0.0)) for a, b in pairs), default=0.0)
