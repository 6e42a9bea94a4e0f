"""Level 3 of validation: the bundle and the policy control the same simulator from the same seed, side by side.

The verdict is the open loop's: a second copy of the bundle is shown what the policy was shown in every step, so that
what differs is the export's own doing. In the closed loop each controls a simulation of its own, where a rounding may
grow without bound; it tells whether the deployment *reads* what the policy was shown, and how far the runs drift.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from leapp_core.compare import Comparison, Tolerance, compare_arrays
from leapp_core.errors import EnvError
from leapp_core.export.loop_report import CLOSED_LOOP, OPEN_LOOP, ClosedLoopReport, Drift
from leapp_core.export.reach import Reach
from leapp_core.plugins.environments import DeploymentEnvironment, PolicyEnvironment, StepOutcome
from leapp_core.plugins.policies import LoadedPolicy
from leapp_core.spec.dtypes import canonical
from leapp_core.spec.names import PortRef
from leapp_core.spec.pipeline import PipelineSpec
from leapp_core.spec.port import PortSpec
from leapp_core.suggest import suggest
from leapp_core.validation.report import LevelReport, Mismatch

if TYPE_CHECKING:
    import numpy as np

    Arrays = Mapping[str, np.ndarray[Any, Any]]

JUMP = Tolerance(1e-3, 1e-2)
"""A reading that differs by more before anything else has differed is another reading, no drift of the same."""
JUMP_SHARE = 0.1
"""Share of its elements from which on that is so: single contacts and pixels at edges do jump by a rounding."""


class Steppable(Protocol):
    """What is needed of :class:`leapp_core.runtime.PolicyRuntime`, loaded with ``full_names=True``."""

    pipeline: PipelineSpec

    def reset(self) -> None:
        """Go back to the initial state."""
        ...

    def step(self, inputs: Mapping[str, Any]) -> Arrays:
        """Make one control step; names are ``node/port``."""
        ...


@dataclass(frozen=True)
class Loop:
    """Both forms of one task, with what controls each.

    Attributes:
        environment: Training form.
        policy: The policy that controls it.
        deployment: Deployment form.
        runtime: The bundle that controls it.
        shown: Another copy of the bundle, to be shown what the policy is shown; without, there is no open loop.
    """

    environment: PolicyEnvironment
    policy: LoadedPolicy
    deployment: DeploymentEnvironment
    runtime: Steppable
    shown: Steppable | None = None


@dataclass(frozen=True)
class StepPair:
    """One control step of both forms.

    Attributes:
        number: From 0.
        trained: Under the policy.
        deployed: Under the bundle.
        refs: The bundle's output for each target of the training form.
        outputs: Everything the bundle put out, by ``node/port``.
        shown: What it puts out where it is shown what the policy was shown; ``None`` without an open loop.
    """

    number: int
    trained: StepOutcome
    deployed: StepOutcome
    refs: Mapping[str, PortRef]
    outputs: Arrays
    shown: Arrays | None = None


def run_closed_loop(
    loop: Loop,
    *,
    seed: int = 0,
    steps: int | None = None,
    tolerances: Mapping[str, Tolerance] | None = None,
    max_drift: float | None = None,
    progress: Callable[[int, float], None] | None = None,
    observe: Callable[[StepPair], None] | None = None,
) -> ClosedLoopReport:
    """Run one episode in both forms and compare every step.

    Args:
        loop: What to run.
        seed: Seed of the episode, given to both forms.
        steps: Control steps at most; by default a whole episode.
        tolerances: By dtype name, over the defaults; relative to the largest value that an element has had so far, as
            a target of a hundred that passes zero carries the roundings of a hundred.
        max_drift: Drift of a target, over the largest magnitude it reaches, that is a mismatch; by default none is.
        progress: Told the step and the largest difference of a target so far.
        observe: Given both forms of every step, for closer looks.

    Raises:
        EnvError: the training form puts out a target that the bundle does not have.
    """
    loop.policy.reset()
    loop.environment.reset(seed)
    loop.deployment.reset(seed)
    for runtime in (loop.runtime, loop.shown):
        if runtime is not None:
            runtime.reset()
    run = _Run(loop, ClosedLoopReport(LevelReport(CLOSED_LOOP, episodes=1), seed), tolerances or {}, observe)
    for number in range(steps or loop.environment.max_episode_steps):
        over = run.step(number)
        if progress is not None:
            progress(number, max(run.report.level.max_error.values(), default=0.0))
        if over:
            break
    return run.finish(max_drift)


class _Run:
    """One episode under way."""

    def __init__(
        self,
        loop: Loop,
        report: ClosedLoopReport,
        tolerances: Mapping[str, Tolerance],
        observe: Callable[[StepPair], None] | None,
    ) -> None:
        self.report = report
        self._observe = observe
        self._loop = loop
        self._tolerances = tolerances
        self._rewards: list[tuple[float | None, float | None]] = []
        self._since: str | None = None
        self._readings, self._targets = Reach(tolerances), Reach(tolerances)

    def step(self, number: int) -> bool:
        """Make one step in both forms; return whether an episode ended."""
        trained = self._loop.environment.step(self._loop.policy)
        inputs = self._loop.deployment.read()
        self._compare_readings(number, trained.readings, inputs)
        outputs = self._loop.runtime.step(inputs)
        deployed = self._loop.deployment.step(outputs)
        refs = {name: _find(name, self._loop.runtime.pipeline, self._loop.environment.node) for name in trained.targets}
        self._targets.saw(trained.targets)
        shown = self._judge_alone(number, trained, refs)
        self._compare_targets(number, trained, outputs, refs)
        self._compare_states(number, trained, deployed)
        if self._observe is not None:
            self._observe(StepPair(number, trained, deployed, refs, outputs, shown))
        self._rewards.append((trained.reward, deployed.reward))
        self.report.level.steps += 1
        if trained.done != deployed.done:
            self._part(number, trained)
        self.report.finished = trained.done and deployed.done
        return trained.done or deployed.done

    def finish(self, max_drift: float | None) -> ClosedLoopReport:
        """Return the report with mean rewards."""
        trained = [reward for reward, _ in self._rewards if reward is not None]
        deployed = [reward for _, reward in self._rewards if reward is not None]
        self.report.policy_reward = sum(trained) / len(trained) if trained else None
        self.report.bundle_reward = sum(deployed) / len(deployed) if deployed else None
        name, relative, step = self._targets.drift()
        self.report.drift = Drift(relative, step, name, self._since)
        if max_drift is not None and relative > max_drift and self.report.ok:
            reason = f"it drifts by {relative:.3g} of its range from the policy's; at most {max_drift:.3g} was allowed"
            ref = _find(name, self._loop.runtime.pipeline, self._loop.environment.node)
            self._file(step, ref, Comparison(False, relative, reason=reason), f"{self._since} differed first")
        return self.report

    def _compare_readings(self, number: int, shown: Arrays, inputs: Arrays) -> None:
        """Find out whether the deployment reads what the policy was shown, while nothing else has differed."""
        self._readings.saw(shown)
        for ref in self._loop.runtime.pipeline.inputs if self._since is None else ():
            if ref.port not in shown or str(ref) not in inputs:
                continue
            expected = shown[ref.port]
            port = _flat_port(self._loop.runtime.pipeline.input_spec(ref), expected)
            found = _like(inputs[str(ref)], expected)
            result = self._readings.compare(ref.port, expected, found, port)
            if result.ok:
                continue
            if number > 0 and not _jumps(self._readings, ref.port, expected, found, port):
                self._since = f"the reading {ref.port} in step {number}"
                return
            cause = (
                "the deployment form reads something else than the policy was shown, or earlier or later, "
                "or it resets differently"
            )
            self._file(number, ref, result, cause, reading=True)

    def _judge_alone(self, number: int, trained: StepOutcome, refs: Mapping[str, PortRef]) -> Arrays | None:
        """Compare targets where the bundle is shown what the policy was shown; return what it puts out there."""
        runtime = self._loop.shown
        if runtime is None or (number > 0 and self.report.open_loop is None):
            return None
        wanted = runtime.pipeline.inputs
        missing = [ref.port for ref in wanted if ref.port not in trained.readings]
        if missing and number == 0:
            return None
        if missing:
            raise EnvError(f"the training form did not give the reading {missing[0]!r} in step {number}", code="E006")
        level = self.report.open_loop = self.report.open_loop or LevelReport(OPEN_LOOP, episodes=1)
        outputs = runtime.step({str(ref): trained.readings[ref.port] for ref in wanted})
        level.steps += 1
        for name, expected in trained.targets.items():
            result = self._compared(name, expected, outputs, refs[name])
            level.saw(refs[name], result.max_error)
            if not result.ok:
                cause = "the bundle is of another checkpoint" if number == 0 else "the bundle carries state differently"
                level.add(Mismatch(OPEN_LOOP, self._episode, number, refs[name], False, result, cause))
        return outputs

    def _compare_targets(self, number: int, trained: StepOutcome, outputs: Arrays, refs: Mapping[str, PortRef]) -> None:
        for name, expected in trained.targets.items():
            result = self._compared(name, expected, outputs, refs[name])
            self.report.level.saw(refs[name], result.max_error)
            self._targets.differed(name, number, expected, _like(outputs[str(refs[name])], expected))
            if result.ok:
                continue
            if self.report.open_loop is None:
                self._file(number, refs[name], result, self._cause(number))
            self._since = self._since or f"the target {name} in step {number}"

    def _compare_states(self, number: int, trained: StepOutcome, deployed: StepOutcome) -> None:
        import numpy as np

        for name in sorted(set(trained.state) & set(deployed.state)):
            expected, found = trained.state[name], deployed.state[name]
            error = float(np.abs(expected.astype(np.float64) - found.astype(np.float64)).max(initial=0.0))
            self.report.state_error[name] = max(error, self.report.state_error.get(name, 0.0))
            port = PortSpec(name, canonical(expected.dtype), expected.shape)
            if self._since is None and not compare_arrays(expected, found, port, self._tolerances).ok:
                self._since = f"{name} after step {number}"

    def _part(self, number: int, trained: StepOutcome) -> None:
        """The episode ended in one run only: a mismatch, unless these had come apart before."""
        which = "policy" if trained.done else "bundle"
        if self._since is not None and self.report.open_loop is not None:
            self._since += f", and the episode ended under the {which} only, after step {number}"
            return
        reason = Comparison(False, float("inf"), reason=f"the episode ended under the {which} only")
        self._file(number, next(iter(self._loop.runtime.pipeline.outputs)), reason, self._cause(number))

    def _compared(self, name: str, expected: Any, outputs: Arrays, ref: PortRef) -> Comparison:
        port = _flat_port(self._loop.runtime.pipeline.output_spec(ref), expected)
        return self._targets.compare(name, expected, _like(outputs[str(ref)], expected), port)

    @property
    def _episode(self) -> str:
        return f"seed {self.report.seed}"

    def _cause(self, number: int) -> str:
        if self._since is not None:
            return (
                f"the two simulations had drifted apart before ({self._since}): rounding that the physics amplifies, "
                "or randomness that does not follow the seed"
            )
        if number == 0:
            return (
                "the bundle is of another checkpoint, or the deployment form reads other values than the training form "
                "observes, or it resets differently"
            )
        return "the bundle carries state differently, or a reading is older or newer than in training"

    def _file(self, number: int, ref: PortRef, result: Comparison, cause: str, reading: bool = False) -> None:
        found = Mismatch(CLOSED_LOOP, self._episode, number, ref, False, result, cause, reading)
        self.report.level.add(found)


def _jumps(reach: Reach, name: str, expected: Any, found: Any, port: PortSpec) -> bool:
    """Return whether a reading differs by so much in so many places that it is another one."""
    result = reach.compare(name, expected, found, port, JUMP)
    return result.reason is not None or (expected.dtype.kind == "f" and result.count >= JUMP_SHARE * result.size)


def _find(name: str, pipeline: PipelineSpec, node: str) -> PortRef:
    candidates = [ref for ref in pipeline.outputs if ref.port == name]
    own = [ref for ref in candidates if ref.node == node]
    if len(own or candidates) != 1:
        raise EnvError(
            f"the training form puts out {name!r}, which the bundle has {len(candidates)} times",
            expected=suggest(name, [ref.port for ref in pipeline.outputs]),
            code="E006",
        )
    return (own or candidates)[0]


def _flat_port(port: PortSpec, value: Any) -> PortSpec:
    """Return the port in the form the environment gives its value, which may leave the batch axis out."""
    names = port.element_names if port.element_names and len(port.element_names) <= value.ndim else None
    return PortSpec(port.name, canonical(value.dtype), tuple(value.shape), element_names=names)


def _like(value: Any, expected: Any) -> Any:
    """Return a value in the form of another, which may leave the batch axis out; as it is if sizes differ."""
    return value.reshape(expected.shape).astype(expected.dtype) if value.size == expected.size else value


__all__ = ["ClosedLoopReport", "Loop", "StepPair", "run_closed_loop"]
