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


@dataclass
class LoopTrace:
    """Keeps targets and rewards of both sides, step by step.

    Attributes:
        pipeline: The bundle's, for the names of elements.
    """

    pipeline: PipelineSpec
    _targets: dict[str, tuple[PortRef, list[Any], list[Any]]] = field(default_factory=dict)
    _rewards: tuple[list[float | None], list[float | None]] = field(default_factory=lambda: ([], []))

    def add(self, pair: Pair) -> None:
        """Take one control step."""
        for name, expected in pair.trained.targets.items():
            ref = pair.refs[name]
            _, wanted, found = self._targets.setdefault(name, (ref, [], []))
            wanted.append(expected.reshape(-1).copy())
            found.append(pair.outputs[str(ref)].reshape(-1).copy())
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

        ref, wanted, found = self._targets[name]
        expected, given = np.stack(wanted).astype(np.float64), np.stack(found).astype(np.float64)
        error = np.abs(expected - given).max(axis=1, initial=0.0)
        # Of the steps that stand for several, the worst is shown.
        worst = [float(error[at : at + stride].max()) for at in range(0, len(error), stride)]
        count = expected.shape[1]
        return {
            "port": name,
            "state": False,
            "elements": element_labels(self.pipeline.output_spec(ref).element_names, count)[:MAX_ELEMENTS],
            "left_out": max(0, count - MAX_ELEMENTS),
            "expected": columns(expected[::stride]),
            "found": columns(given[::stride]),
            "error": [short_number(value) for value in worst],
        }
