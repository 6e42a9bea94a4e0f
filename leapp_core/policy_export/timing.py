"""What the time of a recording went to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any

from leapp_core.words import counted


@dataclass(frozen=True)
class RecordingTime:
    """Seconds of a recording.

    Attributes:
        steps: Control steps recorded.
        total: All of it.
        first: What the first step took beyond the others: simulators compile kernels and make buffers in it.
        looking: Looking at the program's Python objects, of all steps.
    """

    steps: int
    total: float
    first: float
    looking: float

    @classmethod
    def of(cls, seconds: Sequence[float], looking: float) -> RecordingTime:
        """Return where the time of steps went, given that of each and what looking took."""
        usual = median(seconds[1:]) if len(seconds) > 1 else 0.0
        first, total = max(0.0, seconds[0] - usual), sum(seconds)
        return cls(len(seconds), total, first, min(looking, total - first))

    @property
    def stepping(self) -> float:
        """What is left: the task's own steps, with each call of them noted."""
        return max(0.0, self.total - self.first - self.looking)

    def __str__(self) -> str:
        return (
            f"{counted(self.steps, 'step')} in {self.total:.1f} s: {self.first:.1f} s more for the first "
            f"(kernels are compiled, buffers made), {self.looking:.1f} s looking at Python "
            f"objects, {self.stepping:.1f} s stepping"
        )

    def to_json(self) -> dict[str, Any]:
        """Return plain values."""
        return {**asdict(self), "stepping": self.stepping}
