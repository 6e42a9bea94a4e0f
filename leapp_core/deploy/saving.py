"""Keep every step of a deployment in one file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

    from leapp_core.plugins.environments import StepOutcome


class Saved:
    """Readings, outputs and state of each step, for an ``.npz`` file with steps along axis 0.

    Arrays are called ``in/NODE/PORT`` (what the bundle was shown), ``out/NODE/PORT`` (what it said), ``state/NAME``
    (the scene after the step), ``time`` (s, when the step began) and ``episode`` (the step ended an episode).
    """

    def __init__(self) -> None:
        self._kept: dict[str, list[Any]] = {}

    def step(self, inputs: Mapping[str, Any], outputs: Mapping[str, Any]) -> None:
        """Keep what a step was shown and what it said."""
        for side, values in (("in", inputs), ("out", outputs)):
            for name, value in values.items():
                self._keep(f"{side}/{name}", value)

    def outcome(self, outcome: StepOutcome) -> None:
        """Keep what came of a step."""
        for name, value in outcome.state.items():
            self._keep(f"state/{name}", value)
        self._keep("episode", outcome.done)

    def write(self, path: Path, frequency: float | None) -> None:
        """Write the file; without a frequency (Hz), ``time`` counts steps."""
        import numpy as np

        steps = max((len(values) for values in self._kept.values()), default=0)
        arrays: dict[str, Any] = {name: np.stack(values) for name, values in self._kept.items()}
        with path.open("wb") as stream:
            np.savez(stream, time=np.arange(steps) / (frequency or 1.0), **arrays)

    def _keep(self, name: str, value: np.ndarray[Any, Any] | bool) -> None:
        import numpy as np

        self._kept.setdefault(name, []).append(np.array(value))
