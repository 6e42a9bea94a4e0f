"""What a deployment in simulation came to."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from leapp_core.deploy.records import Agreement, Track, mean_reward
from leapp_core.validation.report import LevelReport, ValidationReport

if TYPE_CHECKING:
    from leapp_core.export.loop_report import ClosedLoopReport


@dataclass(frozen=True)
class Timing:
    """How fast it ran.

    Attributes:
        steps_per_second: Control steps of scene and bundle together; the policy beside it is not counted.
        bundle_ms: Mean time of a step of the bundle.
        bundle_worst_ms: Longest time of a step of the bundle.
        period_ms: Time that a control step has on the robot, if the bundle states its frequency.
        overruns: Steps of the bundle that took longer than that.
    """

    steps_per_second: float
    bundle_ms: float
    bundle_worst_ms: float
    period_ms: float | None
    overruns: int | None


def timing(bundle_seconds: list[float], scene_seconds: float, frequency: float | None) -> Timing:
    """Return how fast a run was."""
    total = sum(bundle_seconds)
    period = 1.0 / frequency if frequency else None
    return Timing(
        len(bundle_seconds) / (total + scene_seconds) if bundle_seconds else 0.0,
        1e3 * total / max(1, len(bundle_seconds)),
        1e3 * max(bundle_seconds, default=0.0),
        None if period is None else 1e3 * period,
        None if period is None else sum(seconds > period for seconds in bundle_seconds),
    )


@dataclass(frozen=True)
class DeployResult:
    """What a deployment in simulation came to.

    Attributes:
        bundle: The bundle.
        environment: Environment provider.
        task: Task name.
        seed: Seed of the first episode.
        track: Everything kept of its steps.
        timing: How fast it ran.
        checkpoint: Policy that ran beside it, or ``None``.
        agreement: How far the two were apart, or ``None``.
        loops: Each episode compared.
        plot: Picture written, or ``None``.
        video: Film written, or ``None``.
        save: File that holds every step, or ``None``.
        notes: What the user should know.
    """

    bundle: Path
    environment: str
    task: str
    seed: int
    track: Track
    timing: Timing
    checkpoint: Path | None = None
    agreement: Agreement | None = None
    loops: tuple[ClosedLoopReport, ...] = ()
    plot: Path | None = None
    video: Path | None = None
    save: Path | None = None
    notes: tuple[str, ...] = ()

    @property
    def reward(self) -> float | None:
        """Mean reward per step under the bundle, or ``None`` where the task does not say."""
        return mean_reward(self.track.rewards)

    @property
    def policy_reward(self) -> float | None:
        """The same under the policy."""
        return mean_reward(self.track.policy_rewards)

    @property
    def levels(self) -> tuple[LevelReport, ...]:
        """Both loops of each compared episode, in the form of levels of validation."""
        return tuple(level for loop in self.loops for level in loop.levels)

    @property
    def open_loop_error(self) -> float | None:
        """Largest difference of a target where the bundle is shown what the policy was shown, if that was run."""
        opened = [loop.open_loop for loop in self.loops if loop.open_loop is not None]
        return max((error for level in opened for error in level.max_error.values()), default=None)

    def raise_if_wrong(self) -> None:
        """Raise if the bundle did not do what the policy did.

        Raises:
            ValidationError: naming port, step, element and the likely cause.
        """
        ValidationReport(self.levels).raise_if_wrong(f"bundle {self.bundle}")

    def to_json(self) -> dict[str, Any]:
        """Return plain values."""
        return {
            "bundle": str(self.bundle),
            "environment": self.environment,
            "task": self.task,
            "seed": self.seed,
            "steps": self.track.steps,
            "episodes_ended": len(self.track.ends),
            "reward_per_step": self.reward,
            "timing": asdict(self.timing),
            "compare": None if self.agreement is None else self._compared(self.agreement),
            "plot": None if self.plot is None else str(self.plot),
            "video": None if self.video is None else str(self.video),
            "save": None if self.save is None else str(self.save),
            "notes": list(self.notes),
        }

    def _compared(self, found: Agreement) -> dict[str, Any]:
        return {
            "checkpoint": str(self.checkpoint),
            "ok": all(level.ok for level in self.levels),
            "policy_reward_per_step": self.policy_reward,
            "open_loop_action_difference": self.open_loop_error,
            "largest_action_difference": found.action,
            "largest_relative_action_difference": found.relative,
            "largest_state_difference": dict(found.state),
            "worst_steps": [asdict(row) for row in found.worst],
            "episodes": [loop.to_json() for loop in self.loops],
        }
