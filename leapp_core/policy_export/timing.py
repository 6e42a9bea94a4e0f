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
        preparing: Rewriting the source that is followed before the first step, and putting it back after the last.
    """

    steps: int
    total: float
    first: float
    looking: float
    preparing: float

    @classmethod
    def of(cls, seconds: Sequence[float], looking: float, preparing: float) -> RecordingTime:
        """Return where the time went, given that of each step, what looking took, and what came before and after."""
        usual = median(seconds[1:]) if len(seconds) > 1 else 0.0
        first, stepped = max(0.0, seconds[0] - usual), sum(seconds)
        return cls(len(seconds), stepped + preparing, first, min(looking, stepped - first), preparing)

    @property
    def stepping(self) -> float:
        """What is left: the task's own steps, with each call of them noted."""
        return max(0.0, self.total - self.first - self.looking - self.preparing)

    def __str__(self) -> str:
        return (
            f"{counted(self.steps, 'step')} in {self.total:.1f} s: {self.first:.1f} s more for the first "
            f"(kernels are compiled, buffers made), {self.looking:.1f} s looking at Python "
            f"objects, {self.preparing:.1f} s rewriting source that is followed, {self.stepping:.1f} s stepping"
        )

    def to_json(self) -> dict[str, Any]:
        """Return plain values."""
        return {**asdict(self), "stepping": self.stepping}
