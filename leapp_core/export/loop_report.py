"""What running policy and bundle side by side came to."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from leapp_core.validation.report import LevelReport

CLOSED_LOOP = "closed loop"
OPEN_LOOP = "open loop"
NOTABLE_DRIFT = 0.01
"""Drift from which on the two runs are called different episodes: a hundredth of what a target reaches."""


@dataclass(frozen=True)
class Drift:
    """How far the run under the bundle came from the one under the policy, each in its own simulation.

    Attributes:
        relative: Largest difference of a target over the largest magnitude that its element reaches in the run.
        step: Control step where that was.
        target: Which target.
        since: What differed beyond its tolerance first, and where; ``None`` if nothing did.
    """

    relative: float = 0.0
    step: int = 0
    target: str = ""
    since: str | None = None


@dataclass
class ClosedLoopReport:
    """What two runs of one episode had in common.

    Attributes:
        level: The closed loop: what the deployment reads, and, where the open loop could not be run, targets.
        seed: Seed of the episode.
        open_loop: The verdict on the bundle: its targets where it is shown what the policy was shown, so that no
            simulation comes between; ``None`` if the training form does not give its readings.
        drift: How far the two runs came apart.
        state_error: Largest absolute difference of robot state by name.
        policy_reward: Mean reward per step under the policy, or ``None`` if the task does not say.
        bundle_reward: The same under the bundle.
        finished: The episode ended by itself before the steps were used up, in both runs alike.
    """

    level: LevelReport
    seed: int
    open_loop: LevelReport | None = None
    drift: Drift = Drift()
    state_error: dict[str, float] = field(default_factory=dict)
    policy_reward: float | None = None
    bundle_reward: float | None = None
    finished: bool = False

    @property
    def levels(self) -> tuple[LevelReport, ...]:
        """Both loops, in the form of the other levels of validation."""
        return (self.level,) if self.open_loop is None else (self.open_loop, self.level)

    @property
    def ok(self) -> bool:
        """Whether the bundle does what the policy does, and is shown what the policy is shown."""
        return all(level.ok for level in self.levels)

    @property
    def explanation(self) -> str | None:
        """One sentence on the drift, if there was any beyond tolerances."""
        if self.drift.since is None:
            return None
        text = f"the two simulations came apart by {self.drift.relative:.2g} of the range of {self.drift.target}"
        text += f" (step {self.drift.step}; {self.drift.since} differed first)"
        if self.open_loop is None or not self.ok:
            return text
        error = max(self.open_loop.max_error.values(), default=0.0)
        text += f": physics amplifies roundings; shown what the policy was shown, the bundle differs by {error:.2g}"
        if self.drift.relative < NOTABLE_DRIFT:
            return text
        return f"{text}. From there on these are two episodes of one task: compare their rewards, not their steps"

    def to_json(self) -> dict[str, Any]:
        """Return plain values."""
        return {
            **self.level.to_json(),
            "ok": self.ok,
            "seed": self.seed,
            "open_loop": None if self.open_loop is None else self.open_loop.to_json(),
            "drift": asdict(self.drift),
            "explanation": self.explanation,
            "state_error": dict(sorted(self.state_error.items())),
            "policy_reward": self.policy_reward,
            "bundle_reward": self.bundle_reward,
            "finished": self.finished,
        }
