"""The control loop of a deployment in simulation, alone or beside the policy, over one or several episodes."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from leapp_core.export.closed_loop import Loop, Steppable, StepPair, run_closed_loop
from leapp_core.export.loop_report import ClosedLoopReport
from leapp_core.plugins.environments import DeploymentEnvironment, StepOutcome

if TYPE_CHECKING:
    import numpy as np

    Arrays = Mapping[str, np.ndarray[Any, Any]]

T = TypeVar("T")


class Watcher(Protocol):
    """Who is told about every step."""

    def stepped(self, outcome: StepOutcome) -> None:
        """Note a step of a deployment that runs by itself."""
        ...

    def stepped_beside(self, pair: StepPair) -> None:
        """Note a step of both forms."""
        ...


class TimedRuntime:
    """A runtime whose steps are timed, and kept where that is asked for.

    Args:
        runtime: What is stepped.
        keep: Told inputs and outputs of each step, by ``node/port``.

    Attributes:
        seconds: Duration of each step.
    """

    def __init__(self, runtime: Steppable, keep: Callable[[Arrays, Arrays], None] | None = None) -> None:
        self._runtime = runtime
        self._keep = keep
        self.pipeline = runtime.pipeline
        self.seconds: list[float] = []

    def reset(self) -> None:
        """Go back to the initial state."""
        self._runtime.reset()

    def step(self, inputs: Mapping[str, Any]) -> Mapping[str, np.ndarray[Any, Any]]:
        """Make one control step."""
        start = time.perf_counter()
        outputs = self._runtime.step(inputs)
        self.seconds.append(time.perf_counter() - start)
        if self._keep is not None:
            self._keep(inputs, outputs)
        return outputs


class TimedScene(DeploymentEnvironment):
    """A scene whose reading and stepping are timed together; resets and pictures are not.

    Attributes:
        seconds: Time taken so far.
    """

    def __init__(self, scene: DeploymentEnvironment) -> None:
        self._scene = scene
        self.max_episode_steps = scene.max_episode_steps
        self.notes = scene.notes
        self.seconds = 0.0

    def reset(self, seed: int) -> None:
        """Start an episode."""
        self._scene.reset(seed)

    def read(self) -> dict[str, np.ndarray[Any, Any]]:
        """Return the readings."""
        return self._timed(self._scene.read)

    def step(self, outputs: Mapping[str, np.ndarray[Any, Any]]) -> StepOutcome:
        """Write the outputs and advance physics."""
        return self._timed(lambda: self._scene.step(outputs))

    def render(self) -> np.ndarray[Any, Any] | None:
        """Return a picture of the scene."""
        return self._scene.render()

    def close(self) -> None:
        """Release the scene."""
        self._scene.close()

    def _timed(self, call: Callable[[], T]) -> T:
        start = time.perf_counter()
        result = call()
        self.seconds += time.perf_counter() - start
        return result


def run_alone(scene: DeploymentEnvironment, runtime: Steppable, seed: int, steps: int, watcher: Watcher) -> None:
    """Let the bundle control the scene; an episode that ends is followed by one from the next seed.

    Args:
        scene: What is controlled.
        runtime: The bundle, loaded with ``full_names=True``.
        seed: Seed of the first episode.
        steps: Control steps over all episodes.
        watcher: Told about every step.
    """
    done = True
    for _ in range(steps):
        if done:
            scene.reset(seed)
            runtime.reset()
            seed += 1
        outcome = scene.step(runtime.step(scene.read()))
        watcher.stepped(outcome)
        done = outcome.done


def run_beside(
    loop: Loop, seed: int, steps: int, watcher: Watcher, max_drift: float | None = None
) -> list[ClosedLoopReport]:
    """Let policy and bundle each control its form of the task from the same seeds; return one report per episode.

    See :func:`run_alone`. It ends early where the two part so far that an episode ends under one of them only.

    Args:
        loop: Both forms of the task and what controls each.
        seed: Seed of the first episode.
        steps: Control steps over all episodes.
        watcher: Told about every step.
        max_drift: See :func:`~leapp_core.export.closed_loop.run_closed_loop`.
    """
    reports: list[ClosedLoopReport] = []
    left = steps
    while left > 0:
        number = seed + len(reports)
        report = run_closed_loop(loop, seed=number, steps=left, max_drift=max_drift, observe=watcher.stepped_beside)
        reports.append(report)
        left -= report.level.steps
        if left > 0 and not report.finished:
            break
    return reports
