"""Curves of the closed loop: the policy and the bundle in the same simulator."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from leapp_core.report.series import MAX_ELEMENTS, columns, element_labels, short_number
from leapp_core.spec.names import PortRef
from leapp_core.spec.pipeline import PipelineSpec

if TYPE_CHECKING:
    import numpy as np

MAX_POINTS = 250
"""Steps kept of an episode: of a longer one, every second, third ... step is."""


class Outcome(Protocol):
    """What is needed of :class:`leapp_core.plugins.environments.StepOutcome`."""

    @property
    def targets(self) -> Mapping[str, np.ndarray[Any, Any]]:
        """Targets put out, by name."""
        ...

    @property
    def reward(self) -> float | None:
        """Reward of the step."""
        ...


class Pair(Protocol):
    """What is needed of :class:`leapp_core.export.closed_loop.StepPair`."""

    @property
    def trained(self) -> Outcome:
        """Under the policy."""
        ...

    @property
    def deployed(self) -> Outcome:
        """Under the bundle."""
        ...

    @property
    def refs(self) -> Mapping[str, PortRef]:
        """The bundle's output for each target."""
        ...

    @property
    def outputs(self) -> Mapping[str, np.ndarray[Any, Any]]:
        """Everything the bundle put out, by ``node/port``."""
        ...

    @property
    def shown(self) -> Mapping[str, np.ndarray[Any, Any]] | None:
        """What it puts out where it is shown what the policy was shown, if that is known."""
        ...


@dataclass
class _Curves:
    """One target, step by step: of the policy, of the bundle in its own simulation, and shown the policy's readings."""

    ref: PortRef
    wanted: list[Any] = field(default_factory=list)
    found: list[Any] = field(default_factory=list)
    shown: list[Any] = field(default_factory=list)


@dataclass
class LoopTrace:
    """Keeps targets and rewards of both sides, step by step.

    Attributes:
        pipeline: The bundle's, for the names of elements.
    """

    pipeline: PipelineSpec
    _targets: dict[str, _Curves] = field(default_factory=dict)
    _rewards: tuple[list[float | None], list[float | None]] = field(default_factory=lambda: ([], []))

    def add(self, pair: Pair) -> None:
        """Take one control step."""
        for name, expected in pair.trained.targets.items():
            ref = pair.refs[name]
            curves = self._targets.setdefault(name, _Curves(ref))
            curves.wanted.append(expected.reshape(-1).copy())
            curves.found.append(pair.outputs[str(ref)].reshape(-1).copy())
            if pair.shown is not None:
                curves.shown.append(pair.shown[str(ref)].reshape(-1).copy())
        self._rewards[0].append(pair.trained.reward)
        self._rewards[1].append(pair.deployed.reward)

    def to_json(self) -> dict[str, Any]:
        """Return curves as :func:`leapp_core.report.series.play` does, and the rewards."""
        steps = len(self._rewards[0])
        stride = max(1, -(-steps // MAX_POINTS))
        return {
            "stride": stride,
            "ports": [self._port(name, stride) for name in self._targets],
            "reward": self._reward(stride),
        }

    def _reward(self, stride: int) -> dict[str, Any] | None:
        if any(reward is None for side in self._rewards for reward in side):
            return None
        policy, bundle = ([short_number(r or 0.0) for r in side[::stride]] for side in self._rewards)
        return {"policy": policy, "bundle": bundle}

    def _port(self, name: str, stride: int) -> dict[str, Any]:
        import numpy as np

        curves = self._targets[name]
        expected = np.stack(curves.wanted).astype(np.float64)
        count = expected.shape[1]
        names = self.pipeline.output_spec(curves.ref).element_names
        open_loop = {"open_loop": _held(expected, curves.shown, stride)} if len(curves.shown) == len(expected) else {}
        return {
            "port": name,
            "state": False,
            "elements": element_labels(names, count)[:MAX_ELEMENTS],
            "left_out": max(0, count - MAX_ELEMENTS),
            "expected": columns(expected[::stride]),
            **_held(expected, curves.found, stride),
            **open_loop,
        }


def _held(expected: np.ndarray[Any, Any], values: list[Any], stride: int) -> dict[str, Any]:
    """Return the bundle's curve and its largest difference; of steps that stand for several, the worst is shown."""
    import numpy as np

    given = np.stack(values).astype(np.float64)
    error = np.abs(expected - given).max(axis=1, initial=0.0)
    worst = [float(error[at : at + stride].max()) for at in range(0, len(error), stride)]
    return {"found": columns(given[::stride]), "error": [short_number(value) for value in worst]}
