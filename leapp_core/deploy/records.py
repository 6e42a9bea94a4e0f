"""What a deployment did, step by step, and what follows from it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

    from leapp_core.export.closed_loop import StepPair
    from leapp_core.plugins.environments import StepOutcome


@dataclass
class Track:
    """Everything kept of the control steps of one run, over all of its episodes.

    Attributes:
        targets: What the bundle wrote to the robot, per target one array per step.
        expected: What the policy wrote beside it; empty without a comparison.
        rewards: Reward of each step under the bundle, ``None`` where the task does not say.
        policy_rewards: The same under the policy.
        state_errors: Largest difference of robot state per step, with what it is a difference of.
        ends: Steps with which an episode ended.
    """

    targets: dict[str, list[np.ndarray[Any, Any]]] = field(default_factory=dict)
    expected: dict[str, list[np.ndarray[Any, Any]]] = field(default_factory=dict)
    rewards: list[float | None] = field(default_factory=list)
    policy_rewards: list[float | None] = field(default_factory=list)
    state_errors: list[tuple[float, str]] = field(default_factory=list)
    ends: list[int] = field(default_factory=list)

    @property
    def steps(self) -> int:
        """Control steps made."""
        return len(self.rewards)

    def add(self, outcome: StepOutcome) -> None:
        """Keep a step of a deployment that runs by itself."""
        for name, value in outcome.targets.items():
            self.targets.setdefault(name, []).append(_flat(value))
        self._judge(outcome)

    def add_pair(self, pair: StepPair) -> None:
        """Keep a step of both forms; targets are named as the training form names them."""
        for name, value in pair.trained.targets.items():
            self.expected.setdefault(name, []).append(_flat(value))
            self.targets.setdefault(name, []).append(_flat(pair.outputs[str(pair.refs[name])]))
        self.policy_rewards.append(pair.trained.reward)
        self.state_errors.append(_state_error(pair.trained.state, pair.deployed.state))
        self._judge(pair.deployed)

    def _judge(self, outcome: StepOutcome) -> None:
        if outcome.done:
            self.ends.append(self.steps)
        self.rewards.append(outcome.reward)


@dataclass(frozen=True)
class WorstStep:
    """A control step in which bundle and policy differed most.

    Attributes:
        step: From 0, over all episodes.
        target: Which target.
        element: Its element, by name where the bundle has one.
        policy: Value under the policy.
        bundle: Value under the bundle.
        difference: Between them.
        relative: The difference over the largest magnitude that the element reaches in the run.
        state: Largest difference of robot state after that step.
        state_name: What it is a difference of.
    """

    step: int
    target: str
    element: str
    policy: float
    bundle: float
    difference: float
    relative: float
    state: float
    state_name: str


@dataclass(frozen=True)
class Agreement:
    """How far bundle and policy were apart.

    Attributes:
        action: Largest absolute difference of a target.
        relative: Largest difference of a target over the largest magnitude that its element reaches in the run.
        state: Largest absolute difference of robot state, by name.
        worst: Steps with the largest relative differences, largest first.
    """

    action: float
    relative: float
    state: Mapping[str, float]
    worst: tuple[WorstStep, ...]


def agreement(
    track: Track, names: Mapping[str, Sequence[str]], state: Mapping[str, float], count: int = 5
) -> Agreement:
    """Return how far bundle and policy were apart in a compared run.

    Args:
        track: The run.
        names: Element names by target.
        state: Largest difference of robot state, by name.
        count: How many of the worst steps to list.
    """
    rows = [row for target in track.expected for row in _rows(track, target, names.get(target, ()))]
    by_step: dict[int, WorstStep] = {}
    for row in rows:
        if row.step not in by_step or row.relative > by_step[row.step].relative:
            by_step[row.step] = row
    worst = sorted(by_step.values(), key=lambda row: (-row.relative, row.step))[:count]
    return Agreement(
        max((row.difference for row in rows), default=0.0),
        max((row.relative for row in rows), default=0.0),
        dict(sorted(state.items())),
        tuple(worst),
    )


def _rows(track: Track, target: str, names: Sequence[str]) -> list[WorstStep]:
    """Return each step's worst difference in relation and its worst absolute one (often the same)."""
    import numpy as np

    expected = np.stack(track.expected[target]).astype(np.float64)
    found = np.stack(track.targets[target]).astype(np.float64)
    difference = np.abs(expected - found)
    reach = np.abs(expected).max(axis=0, initial=0.0)
    relative = difference / np.where(reach > 0.0, reach, 1.0)
    return [
        WorstStep(
            step,
            target,
            names[index] if index < len(names) else str(index),
            float(expected[step, index]),
            float(found[step, index]),
            float(difference[step, index]),
            float(relative[step, index]),
            *track.state_errors[step],
        )
        for step in range(len(expected) if reach.size else 0)
        for index in sorted({int(relative[step].argmax()), int(difference[step].argmax())})
    ]


def mean_reward(rewards: Sequence[float | None]) -> float | None:
    """Return the mean of the rewards that are known, or ``None`` if none is."""
    known = [reward for reward in rewards if reward is not None]
    return sum(known) / len(known) if known else None


def _flat(value: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    flat: np.ndarray[Any, Any] = value.reshape(-1).copy()
    return flat


def _state_error(expected: Mapping[str, Any], found: Mapping[str, Any]) -> tuple[float, str]:
    import numpy as np

    errors = [
        (float(np.abs(expected[name].astype(np.float64) - found[name].astype(np.float64)).max(initial=0.0)), name)
        for name in sorted(set(expected) & set(found))
    ]
    return max(errors, default=(0.0, ""), key=lambda error: error[0])
