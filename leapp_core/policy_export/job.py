"""Export a policy: environment, checkpoint, capture, bundle, closed loop."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from leapp_core.errors import LeappError, UsageError
from leapp_core.export.log import ExportLog, Progress
from leapp_core.plugins.environments import (
    EnvironmentProvider,
    EnvRequest,
    PolicyEnvironment,
)
from leapp_core.plugins.manager import PluginManager
from leapp_core.plugins.policies import LoadedPolicy, PolicyRequest
from leapp_core.policy_export.adapters import find_adapter
from leapp_core.policy_export.bundle_job import BundleJob, check_device, plan_bundle, write_bundle
from leapp_core.policy_export.capturing import CaptureSettings, capture_policy
from leapp_core.policy_export.checkpoints import CheckpointChoice, find_checkpoint
from leapp_core.policy_export.origin import Origin
from leapp_core.policy_export.parts import compare_early, deployment_form, loaded_policy, training_form
from leapp_core.policy_export.privileged import privileged_groups
from leapp_core.policy_export.record import check_writable, file_closed_loop
from leapp_core.policy_export.tasks import find_provider
from leapp_core.policy_export.timing import RecordingTime
from leapp_core.validation.report import ValidationReport

if TYPE_CHECKING:
    from leapp_core.export.loop_report import ClosedLoopReport
    from leapp_core.export.report import ExportReport
    from leapp_core.tracing.result import CapturedPipeline

MIN_STEPS = 3
"""Control steps that capture needs to tell state from constants."""


@dataclass(frozen=True)
class ExportJob(BundleJob):
    """What to export and how; the bundle is called like the task unless it is given a name.

    A checkpoint that comes with the task is no place for a bundle, so that one goes to the current folder by default.

    Attributes:
        task: Task name.
        checkpoint: How the checkpoint is named.
        env: Environment provider, or ``None`` to find the one that has the task.
        adapter: Policy adapter, or ``None`` for the one that knows the checkpoint.
        closed_loop_steps: Control steps to run policy and bundle beside each other; 0 skips that.
        overrides: For the environment's configuration.
        imports: Modules of other projects that register tasks.
        prove_seconds: Time limit for running the environment beside the program with shaken readings, after the first
            50 steps; 0 skips that.
    """

    task: str
    checkpoint: CheckpointChoice = field(default_factory=CheckpointChoice)
    env: str | None = None
    adapter: str | None = None
    closed_loop_steps: int = 100
    overrides: tuple[str, ...] = ()
    imports: tuple[str, ...] = ()
    prove_seconds: float = 60.0

    @property
    def name(self) -> str:
        """Name of the bundle; of a task named with its module, ``MODULE:TASK``, the second part."""
        return self.task.rpartition(":")[2] if self.graph is None else self.graph


@dataclass(frozen=True)
class JobResult:
    """What an export job did.

    Attributes:
        report: The export.
        env: Name of the environment.
        policy: One line about the policy.
        checkpoint: The file.
        closed_loop: The episode compared, or ``None``.
        notes: Why parts were left out.
        recording: What the time of the recorded steps went to.
    """

    report: ExportReport
    env: str
    policy: str
    checkpoint: Path
    closed_loop: ClosedLoopReport | None = None
    notes: tuple[str, ...] = ()
    recording: RecordingTime | None = None

    @property
    def levels(self) -> ValidationReport:
        """All levels of validation that were run, the both loops included."""
        made = self.report.validation or ValidationReport()
        loop = () if self.closed_loop is None else self.closed_loop.levels
        return replace(made, levels=(*made.levels, *loop))

    @property
    def ok(self) -> bool:
        """Whether nothing that was checked is wrong."""
        return self.levels.ok

    def raise_if_wrong(self) -> None:
        """Raise if the bundle, which is in place, does not control the robot as the policy does.

        Raises:
            ValidationError: naming port, step, element and the likely cause.
        """
        self.levels.raise_if_wrong(f"bundle {self.report.bundle}")

    def to_json(self) -> dict[str, Any]:
        """Return plain values."""
        return {
            "environment": self.env,
            "checkpoint": str(self.checkpoint),
            "policy": self.policy,
            **self.report.to_json(),
            "closed_loop": self.closed_loop.to_json() if self.closed_loop else None,
            "skipped": list(self.notes),
            "recording_s": None if self.recording is None else self.recording.to_json(),
        }


def run_export(job: ExportJob, plugins: PluginManager, progress: Progress | None = None) -> JobResult:
    """Export a policy and prove it.

    Raises:
        LeappError: any of its kinds; each says what is wrong, where, and how to fix it. A bundle that does not
            reproduce the policy on recorded and fresh inputs is not put in place.
    """
    if job.closed_loop_steps < 0:
        raise UsageError("a number of steps is negative", expected="0 or more", code="U003")
    stage = ExportLog(progress).stage
    exporter = plan_bundle(job, job.name, plugins)
    provider = find_provider(job.task, job.env, plugins, job.imports)
    exporter.require()  # after the environment's packages, whose extra brings those for exporting too
    checkpoint = find_checkpoint(job.checkpoint, provider, job.task)
    adapter = find_adapter(checkpoint, job.adapter, plugins)
    save_path = job.save_path or (Path.cwd() if job.checkpoint.pretrained else checkpoint.parent)
    check_writable(save_path)
    check_device(job.device)
    request = EnvRequest(job.task, job.seed, job.device, job.overrides, adapter=adapter.name)
    with stage("compare checkpoint and task"):
        compare_early(provider, request, adapter, checkpoint)
    with stage("start environment"):
        env = training_form(provider, request)
    with closing(env):
        with stage("load policy"):
            policy = loaded_policy(adapter, PolicyRequest.within(env, checkpoint, job.device))
        with stage("record control steps"):
            origin = Origin(provider.name, job.task, job.overrides, adapter.name, job.imports)
            captured, recording = _capture(job, _Sides(provider, request, env, policy), origin, plugins)
        report = write_bundle(job, captured, save_path, plugins, progress)
        result = JobResult(report, provider.name, policy.summary, checkpoint, recording=recording)
        if job.steps and job.closed_loop_steps:
            with stage("run policy and bundle side by side"):
                result = _prove(job, result, _Sides(provider, request, env, policy), plugins)
    return result


def _capture(
    job: ExportJob, sides: _Sides, origin: Origin, plugins: PluginManager
) -> tuple[CapturedPipeline, RecordingTime]:
    settings = CaptureSettings(job.name, max(job.steps, MIN_STEPS), job.seed, job.strict, job.prove_seconds)
    env = sides.env
    captured, recording = capture_policy(env, sides.policy, settings, plugins)
    configs = captured.spec.configs
    configs = replace(configs, frequency=env.frequency, extra={**configs.extra, **origin.to_configs(), **env.facts})
    spec = replace(captured.spec, configs=configs)
    warnings = (*captured.warnings, *privileged_groups(sides.policy.obs_groups, env.terms))
    return replace(captured, spec=spec, notes=(*captured.notes, *env.notes), warnings=warnings), recording


@dataclass(frozen=True)
class _Sides:
    provider: EnvironmentProvider
    request: EnvRequest
    env: PolicyEnvironment
    policy: LoadedPolicy


def _prove(job: ExportJob, result: JobResult, sides: _Sides, plugins: PluginManager) -> JobResult:
    from leapp_core.bundle import load_document
    from leapp_core.export.closed_loop import Loop, run_closed_loop
    from leapp_core.report.loop import LoopTrace
    from leapp_core.runtime import load

    path = result.report.yaml_path
    try:
        scene = deployment_form(sides.provider, sides.request, load_document(path).document)
        runtime, shown = (load(path, plugins=plugins, trust=True, full_names=True) for _ in range(2))
    except LeappError as error:
        # A simulator that cannot run twice in one process, or a format without a runner here: no fault of the bundle.
        return replace(result, notes=(f"closed loop not run: {error.in_short()}",))
    steps = min(job.closed_loop_steps, sides.env.max_episode_steps)
    with closing(scene):
        sides_of = Loop(sides.env, sides.policy, scene, runtime, shown)
        trace = LoopTrace(runtime.pipeline)
        loop = run_closed_loop(sides_of, seed=job.seed, steps=steps, observe=trace.add)
    file_closed_loop(result.report.bundle, loop, trace, plugins)
    return replace(result, closed_loop=loop)
