"""Keep a record of a deployment under way, film it, and say how far it is."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from leapp_core.deploy.film import Film
from leapp_core.deploy.records import Track
from leapp_core.deploy.saving import Saved
from leapp_core.errors import EnvError
from leapp_core.plugins.environments import DeploymentEnvironment, StepOutcome
from leapp_core.words import counted

if TYPE_CHECKING:
    import numpy as np

    from leapp_core.export.closed_loop import StepPair
    from leapp_core.export.log import Progress

_SECONDS_BETWEEN_NEWS = 0.25


class Watch:
    """Told about every control step.

    Args:
        scene: What to film.
        steps: Control steps to come.
        film: Where frames go, or ``None``.
        progress: Told how far it is.
        saved: Told what came of each step, or ``None``.
    """

    def __init__(
        self,
        scene: DeploymentEnvironment,
        steps: int,
        film: Film | None,
        progress: Progress | None,
        saved: Saved | None = None,
    ) -> None:
        self.track = Track()
        self._saved = saved
        self._scene, self._steps, self._film, self._progress = scene, steps, film, progress
        self._start = self._told = time.perf_counter()
        self._tell()

    def stepped(self, outcome: StepOutcome) -> None:
        """Note a step of a deployment that runs by itself."""
        self.track.add(outcome)
        self._after(outcome)

    def stepped_beside(self, pair: StepPair) -> None:
        """Note a step of both forms."""
        self.track.add_pair(pair)
        self._after(pair.deployed)

    def close(self) -> None:
        """Finish the film and say that the run is over."""
        if self._film is not None:
            self._film.close()
        if self._progress is not None and self.track.steps:
            self._progress(f"run {counted(self.track.steps, 'control step')}", time.perf_counter() - self._start)

    def _after(self, outcome: StepOutcome) -> None:
        if self._saved is not None:
            self._saved.outcome(outcome)
        if self._film is not None and (self.track.steps - 1) % self._film.every == 0:
            self._film.add(_picture(self._scene))
        if time.perf_counter() - self._told > _SECONDS_BETWEEN_NEWS:
            self._tell()

    def _tell(self) -> None:
        self._told = time.perf_counter()
        if self._progress is None:
            return
        reward = self.track.rewards[-1] if self.track.rewards else None
        news = "" if reward is None else f", reward {reward:.3f}"
        self._progress(f"run {counted(self._steps, 'control step')}: {self.track.steps} done{news}", None)


def _picture(scene: DeploymentEnvironment) -> np.ndarray[Any, Any]:
    picture = scene.render()
    if picture is None:
        raise EnvError(
            "the environment gave no picture of the scene, so there is nothing to film",
            fix="leave --video out; --plot FILE.png shows the targets over time",
            code="E004",
        )
    return picture
