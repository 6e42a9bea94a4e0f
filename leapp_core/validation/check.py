"""Hold a running pipeline, or one node's artifact, against recorded steps. Torch-free."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from leapp_core.compare import Tolerance, compare_arrays
from leapp_core.errors import BundleError, RuntimeInputError, ValidationError
from leapp_core.plugins.runners import ModelSession
from leapp_core.spec.names import PortRef
from leapp_core.spec.pipeline import NodeSpec, PipelineSpec
from leapp_core.spec.port import PortSpec
from leapp_core.validation.causes import Evidence, likely_cause
from leapp_core.validation.episodes import Episode
from leapp_core.validation.report import LevelReport, Mismatch

if TYPE_CHECKING:
    import numpy as np


class Steppable(Protocol):
    """What is needed of :class:`leapp_core.runtime.PolicyRuntime`, loaded with ``full_names=True``."""

    pipeline: PipelineSpec

    @property
    def state(self) -> Mapping[str, np.ndarray[Any, Any]]:
        """What the next step will read, by ``node/port``."""
        ...

    def reset(self) -> None:
        """Go back to the initial state."""
        ...

    def step(self, inputs: Mapping[str, Any]) -> Mapping[str, np.ndarray[Any, Any]]:
        """Make one control step; names are ``node/port``."""
        ...


@dataclass(frozen=True)
class Judge:
    """Compares values and files what it finds.

    Attributes:
        report: Where to.
        tolerances: By dtype name, over the defaults.
        has_state: The pipeline has feedback.
        parts: Each artifact is also checked by itself, so that a fault elsewhere is one of putting them together.
    """

    report: LevelReport
    tolerances: Mapping[str, Tolerance]
    has_state: bool
    parts: bool = True

    def compare(
        self, episode: Episode, step: int, ref: PortRef, port: PortSpec, found: np.ndarray[Any, Any], *, alone: bool
    ) -> None:
        """Compare one output with what was recorded."""
        recorded = episode.steps[step]
        expected = recorded.outputs[ref]
        slack = recorded.slack.get(ref)
        result = compare_arrays(expected, found, port, self.tolerances, 0.0 if slack is None else slack)
        self.report.saw(ref, result.max_error)
        if slack is not None and slack.size:
            self.report.allowed(ref, float(slack.max()))
        if result.ok:
            return
        before = episode.steps[step - 1].outputs[ref] if step else None
        fresh = self.report.level != "replay"
        cause = likely_cause(Evidence(expected, found, before, step, alone, fresh, self.has_state, self.parts))
        self.report.add(Mismatch(self.report.level, episode.name, step, ref, alone, result, cause))


def check_pipeline(runtime: Steppable, episodes: Iterable[Episode], judge: Judge) -> None:
    """Run the assembled pipeline through episodes, state carried from the initial values.

    Raises:
        ValidationError: the pipeline fails on inputs that the program takes.
    """
    spec = runtime.pipeline
    for episode in episodes:
        runtime.reset()
        for number, step in enumerate(episode.steps):
            outputs = _step(runtime, {str(ref): step.inputs[ref] for ref in spec.inputs}, episode, number)
            for ref, value in _in_order(runtime, outputs, judge.has_state):
                judge.compare(episode, number, ref, spec.output_spec(ref), value, alone=False)
        judge.report.steps += len(episode.steps)
        judge.report.episodes += 1


def check_node(node: NodeSpec, session: ModelSession, episodes: Iterable[Episode], judge: Judge) -> None:
    """Run one node's artifact on the very inputs the node had, so that a fault is found where it is.

    Raises:
        ValidationError: the artifact fails on inputs that the program takes.
    """
    for episode in episodes:
        for number, step in enumerate(episode.steps):
            inputs = {port.name: step.inputs[PortRef(node.name, port.name)] for port in node.inputs}
            try:
                outputs = session.run(inputs)
            except (BundleError, RuntimeError) as error:
                raise _failed(f"the artifact of node {node.name!r}", episode, number, error) from error
            for port in node.outputs:
                judge.compare(episode, number, PortRef(node.name, port.name), port, outputs[port.name], alone=True)


def _step(runtime: Steppable, inputs: Mapping[str, Any], episode: Episode, number: int) -> Mapping[str, Any]:
    try:
        return runtime.step(inputs)
    except (BundleError, RuntimeInputError, RuntimeError) as error:
        raise _failed("the assembled pipeline", episode, number, error) from error


def _in_order(
    runtime: Steppable, outputs: Mapping[str, np.ndarray[Any, Any]], has_state: bool
) -> list[tuple[PortRef, np.ndarray[Any, Any]]]:
    """Return outputs and what the next step will read, those of the node that ran first in front.

    An edge's two ports have one shape and dtype.
    """
    spec = runtime.pipeline
    found = [(ref, outputs[str(ref)]) for ref in spec.outputs]
    if has_state:
        state = runtime.state
        found += [(edge.source, state[str(edge.target)]) for edge in spec.feedback]
    order = {node.name: position for position, node in enumerate(spec.nodes)}
    return sorted(found, key=lambda item: order[item[0].node])


def _failed(what: str, episode: Episode, number: int, error: Exception) -> ValidationError:
    return ValidationError(
        f"{what} failed in step {number} of episode {episode.name!r}: {error}",
        where=f"step {number}",
        expected="outputs, as the program gives them for these inputs",
        code="V002",
    )
