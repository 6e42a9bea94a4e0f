"""Level 3 of validation: the bundle and the policy control the same simulator from the same seed, side by side."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from leapp_core.compare import DEFAULT_TOLERANCES, Comparison, Tolerance, compare_arrays
from leapp_core.errors import EnvError
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

LEVEL = "closed loop"


class Steppable(Protocol):
    """What is needed of :class:`leapp_core.runtime.PolicyRuntime`, loaded with ``full_names=True``."""

    pipeline: PipelineSpec

    def reset(self) -> None:
        """Go back to the initial state."""
        ...

    def step(self, inputs: Mapping[str, Any]) -> Mapping[str, np.ndarray[Any, Any]]:
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
    """

    environment: PolicyEnvironment
    policy: LoadedPolicy
    deployment: DeploymentEnvironment
    runtime: Steppable


@dataclass(frozen=True)
class StepPair:
    """One control step of both forms.

    Attributes:
        number: From 0.
        trained: Under the policy.
        deployed: Under the bundle.
        refs: The bundle's output for each target of the training form.
        outputs: Everything the bundle put out, by ``node/port``.
    """

    number: int
    trained: StepOutcome
    deployed: StepOutcome
    refs: Mapping[str, PortRef]
    outputs: Mapping[str, np.ndarray[Any, Any]]


@dataclass
class ClosedLoopReport:
    """What two runs of one episode had in common.

    Attributes:
        level: What was compared with what result, in the form of the other levels.
        seed: Seed of the episode.
        state_error: Largest absolute difference of robot state by name.
        policy_reward: Mean reward per step under the policy, or ``None`` if the task does not say.
        bundle_reward: The same under the bundle.
        finished: The episode ended by itself before the steps were used up, in both runs alike.
    """

    level: LevelReport
    seed: int
    state_error: dict[str, float] = field(default_factory=dict)
    policy_reward: float | None = None
    bundle_reward: float | None = None
    finished: bool = False

    @property
    def ok(self) -> bool:
        """Whether targets agreed in every step."""
        return self.level.ok

    def to_json(self) -> dict[str, Any]:
        """Return plain values."""
        return {
            **self.level.to_json(),
            "seed": self.seed,
            "state_error": dict(sorted(self.state_error.items())),
            "policy_reward": self.policy_reward,
            "bundle_reward": self.bundle_reward,
            "finished": self.finished,
        }


def run_closed_loop(
    loop: Loop,
    *,
    seed: int = 0,
    steps: int | None = None,
    tolerances: Mapping[str, Tolerance] | None = None,
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
        progress: Told the step and the largest difference of a target so far.
        observe: Given both forms of every step, for closer looks.

    Raises:
        EnvError: the training form puts out a target that the bundle does not have.
    """
    loop.policy.reset()
    loop.environment.reset(seed)
    loop.deployment.reset(seed)
    loop.runtime.reset()
    run = _Run(loop, ClosedLoopReport(LevelReport(LEVEL, episodes=1), seed), tolerances or {}, observe)
    for number in range(steps or loop.environment.max_episode_steps):
        over = run.step(number)
        if progress is not None:
            progress(number, max(run.report.level.max_error.values(), default=0.0))
        if over:
            break
    return run.finish()


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
        self._apart: str | None = None
        self._reach: dict[str, np.ndarray[Any, Any]] = {}

    def step(self, number: int) -> bool:
        """Make one step in both forms; return whether an episode ended."""
        trained = self._loop.environment.step(self._loop.policy)
        outputs = self._loop.runtime.step(self._loop.deployment.read())
        deployed = self._loop.deployment.step(outputs)
        refs = {name: _find(name, self._loop.runtime.pipeline, self._loop.environment.node) for name in trained.targets}
        self._compare_targets(number, trained, outputs, refs)
        self._compare_states(number, trained, deployed)
        if self._observe is not None:
            self._observe(StepPair(number, trained, deployed, refs, outputs))
        self._rewards.append((trained.reward, deployed.reward))
        self.report.level.steps += 1
        if trained.done != deployed.done:
            self._file(number, next(iter(self._loop.runtime.pipeline.outputs)), _ends(trained, deployed))
        self.report.finished = trained.done and deployed.done
        return trained.done or deployed.done

    def finish(self) -> ClosedLoopReport:
        """Return the report with mean rewards."""
        trained = [reward for reward, _ in self._rewards if reward is not None]
        deployed = [reward for _, reward in self._rewards if reward is not None]
        self.report.policy_reward = sum(trained) / len(trained) if trained else None
        self.report.bundle_reward = sum(deployed) / len(deployed) if deployed else None
        return self.report

    def _compare_targets(
        self, number: int, trained: StepOutcome, outputs: Mapping[str, Any], refs: Mapping[str, PortRef]
    ) -> None:
        pipeline = self._loop.runtime.pipeline
        for name, expected in trained.targets.items():
            ref = refs[name]
            found = outputs[str(ref)].reshape(expected.shape).astype(expected.dtype)
            port = _flat_port(pipeline.output_spec(ref), expected)
            slack = self._slack(name, expected, port)
            result = compare_arrays(expected, found, port, self._tolerances, slack)
            self.report.level.saw(ref, result.max_error)
            if not result.ok:
                self._file(number, ref, result)

    def _slack(self, name: str, expected: np.ndarray[Any, Any], port: PortSpec) -> np.ndarray[Any, Any]:
        """Return what each element may differ by because it has been larger than it is now."""
        import numpy as np

        size = np.abs(np.where(np.isfinite(expected), expected, 0.0).astype(np.float64))
        reach = self._reach[name] = np.maximum(size, self._reach.get(name, size))
        rule = {**DEFAULT_TOLERANCES, **self._tolerances}[port.dtype]
        slack: np.ndarray[Any, Any] = rule.rtol * (reach - size)
        return slack

    def _compare_states(self, number: int, trained: StepOutcome, deployed: StepOutcome) -> None:
        import numpy as np

        for name in sorted(set(trained.state) & set(deployed.state)):
            expected, found = trained.state[name], deployed.state[name]
            error = float(np.abs(expected.astype(np.float64) - found.astype(np.float64)).max(initial=0.0))
            self.report.state_error[name] = max(error, self.report.state_error.get(name, 0.0))
            port = PortSpec(name, canonical(expected.dtype), expected.shape)
            if self._apart is None and not compare_arrays(expected, found, port, self._tolerances).ok:
                self._apart = f"{name} after step {number}"

    def _file(self, number: int, ref: PortRef, result: Comparison) -> None:
        if self._apart is not None:
            cause = (
                f"the two simulations had drifted apart before ({self._apart}): rounding that the physics amplifies, "
                "or randomness that does not follow the seed"
            )
        elif number == 0:
            cause = (
                "the bundle is of another checkpoint, or the deployment form reads other values than the training form "
                "observes, or it resets differently"
            )
        else:
            cause = "the bundle carries state differently, or a reading is older or newer than in training"
        self.report.level.add(Mismatch(LEVEL, f"seed {self.report.seed}", number, ref, False, result, cause))


def _find(name: str, pipeline: PipelineSpec, node: str) -> PortRef:
    candidates = [ref for ref in pipeline.outputs if ref.port == name]
    own = [ref for ref in candidates if ref.node == node]
    if len(own or candidates) != 1:
        raise EnvError(
            f"the training form puts out {name!r}, which the bundle has {len(candidates)} times",
            expected=suggest(name, [ref.port for ref in pipeline.outputs]),
        )
    return (own or candidates)[0]


def _flat_port(port: PortSpec, value: Any) -> PortSpec:
    """Return the port in the form the environment gives its value, which may leave the batch axis out."""
    names = port.element_names if port.element_names and len(port.element_names) <= value.ndim else None
    return PortSpec(port.name, canonical(value.dtype), tuple(value.shape), element_names=names)


def _ends(trained: StepOutcome, deployed: StepOutcome) -> Comparison:
    text = "the episode ended under the {} only"
    return Comparison(False, float("inf"), reason=text.format("policy" if trained.done else "bundle"))


__all__ = ["ClosedLoopReport", "Loop", "StepPair", "run_closed_loop"]
