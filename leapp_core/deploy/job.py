"""Deploy a bundle in simulation: scene and physics of its task, the bundle in control, and something to look at."""

from __future__ import annotations

from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from leapp_core.deploy.film import Film
from leapp_core.deploy.loop import TimedRuntime, TimedScene, run_alone, run_beside
from leapp_core.deploy.media import check_media
from leapp_core.deploy.models import model_provider
from leapp_core.deploy.records import agreement
from leapp_core.deploy.result import DeployResult, timing
from leapp_core.deploy.saving import Saved
from leapp_core.deploy.watch import Watch
from leapp_core.errors import EnvError, UsageError
from leapp_core.export.closed_loop import Loop
from leapp_core.export.log import ExportLog, Progress
from leapp_core.places import check_place
from leapp_core.plugins.environments import EnvironmentProvider, EnvRequest, ModelScene, PolicyEnvironment
from leapp_core.plugins.manager import PluginManager
from leapp_core.plugins.policies import LoadedPolicy, PolicyRequest
from leapp_core.plugins.runners import RunnerSettings
from leapp_core.policy_export.adapters import find_adapter
from leapp_core.policy_export.bundle_job import check_device
from leapp_core.policy_export.checkpoints import CheckpointChoice, find_checkpoint
from leapp_core.policy_export.origin import Origin, origin_of, refuse_policy_only
from leapp_core.policy_export.parts import compare_early, deployment_form, loaded_policy, training_form
from leapp_core.policy_export.tasks import find_provider
from leapp_core.words import counted

if TYPE_CHECKING:
    from leapp_core.export.loop_report import ClosedLoopReport
    from leapp_core.runtime import PolicyRuntime
    from leapp_core.spec.document import BundleDocument

PRETRAINED = "pretrained"
"""Word for ``compare`` that means the checkpoint that comes with the task."""


@dataclass(frozen=True)
class DeployJob:
    """What to run and what to make of it.

    Attributes:
        bundle: Folder of the bundle, or its YAML file.
        env: Environment provider; by default the one the bundle was exported with.
        task: Task; by default the bundle's.
        overrides: For the environment's configuration, after those recorded in the bundle.
        steps: Control steps; by default one episode.
        seed: Seed of the first episode; each further one has the next.
        device: Torch device of the simulation.
        settings: How the bundle's models are run.
        trust: Load artifacts that can hold code though made elsewhere.
        compare: Checkpoint of the policy to run beside the bundle, or the word ``pretrained``.
        max_drift: How far the bundle's run may come from the policy's, as a share of what a target reaches; by default
            as far as it likes, as physics may amplify any rounding.
        plot: Picture of the targets to write.
        video: Film of the scene to write.
        seconds: Time to run for, in place of ``steps``.
        save: File to keep every step in.
        scene: Robot model to run on in place of the task, for environments that take one.
    """

    bundle: Path
    env: str | None = None
    task: str | None = None
    overrides: tuple[str, ...] = ()
    steps: int | None = None
    seed: int = 0
    device: str = "cpu"
    settings: RunnerSettings = field(default_factory=RunnerSettings)
    trust: bool = False
    compare: str | None = None
    adapter: str | None = None
    imports: tuple[str, ...] = ()
    max_drift: float | None = None
    plot: Path | None = None
    video: Path | None = None
    seconds: float | None = None
    save: Path | None = None
    scene: ModelScene | None = None


def run_deploy(job: DeployJob, plugins: PluginManager, progress: Progress | None = None) -> DeployResult:
    """Run a bundle in the simulation of its task.

    Raises:
        LeappError: the bundle cannot be loaded, its task is not known or cannot be made, a connection cannot be
            served, or a picture or film cannot be made (found out before the simulation starts where possible).
    """
    from leapp_core.bundle import load_document

    check_media(job.plot, job.video)
    if job.save is not None:
        check_place("--save", job.save, (".npz",))
    document = load_document(job.bundle).document
    steps = _steps(job, document)
    origin = _origin(job, document, plugins)
    provider = plugins.environments.get(origin.environment)
    if job.video is not None and not provider.renders:
        raise EnvError(
            f"environment {provider.name!r} has no offscreen renderer, so there is nothing to film",
            fix="leave --video out; --plot FILE.png shows the targets over time",
            code="E004",
        )
    stage = ExportLog(progress).stage
    check_device(job.device)
    checkpoint = None if job.compare is None else _checkpoint(job.compare, provider, origin.task)
    adapter = None if checkpoint is None else find_adapter(checkpoint, job.adapter, plugins)
    request = EnvRequest(
        origin.task,
        job.seed,
        job.device,
        origin.overrides,
        render=job.video is not None,
        adapter=adapter.name if adapter is not None else origin.adapter,
        scene=job.scene,
    )
    saved = None if job.save is None else Saved()
    with ExitStack() as held:
        with stage("load bundle"):
            runtime = TimedRuntime(_runtime(job, plugins), None if saved is None else saved.step)
        beside = None
        if checkpoint is not None and adapter is not None:
            with stage("compare checkpoint and task"):
                compare_early(provider, request, adapter, checkpoint)
            with stage("start the task as in training"):
                environment = held.enter_context(closing(training_form(provider, request)))
            policy = loaded_policy(adapter, PolicyRequest.within(environment, checkpoint, job.device))
            beside = _Beside(environment, policy, _runtime(job, plugins), checkpoint)
        with stage("start scene and physics"):
            scene = TimedScene(held.enter_context(closing(deployment_form(provider, request, document))))
        return _run(job, _Deployment(origin, document, scene, runtime, beside, steps, saved), progress)


@dataclass(frozen=True)
class _Beside:
    environment: PolicyEnvironment
    policy: LoadedPolicy
    shown: PolicyRuntime
    checkpoint: Path


@dataclass(frozen=True)
class _Deployment:
    origin: Origin
    document: BundleDocument
    scene: TimedScene
    runtime: TimedRuntime
    beside: _Beside | None
    steps: int | None
    saved: Saved | None


def _run(job: DeployJob, made: _Deployment, progress: Progress | None) -> DeployResult:
    frequency = made.document.pipeline.configs.frequency
    steps = made.steps or made.scene.max_episode_steps
    film = None if job.video is None else Film(job.video, frequency)
    loops: list[ClosedLoopReport] = []
    with closing(Watch(made.scene, steps, film, progress, made.saved)) as watch:
        if made.beside is None:
            run_alone(made.scene, made.runtime, job.seed, steps, watch)
        else:
            beside = made.beside
            loop = Loop(beside.environment, beside.policy, made.scene, made.runtime, beside.shown)
            loops = run_beside(loop, job.seed, steps, watch, job.max_drift)
    result = DeployResult(
        bundle=job.bundle,
        environment=made.origin.environment,
        task=made.origin.task,
        seed=job.seed,
        track=watch.track,
        timing=timing(made.runtime.seconds, made.scene.seconds, frequency),
        checkpoint=made.beside.checkpoint if made.beside else None,
        agreement=agreement(watch.track, _element_names(made.document), _state(loops)) if loops else None,
        loops=tuple(loops),
        plot=job.plot,
        video=job.video,
        save=job.save,
        notes=(*made.scene.notes, *_notes(steps, watch.track.steps, loops)),
    )
    if made.saved is not None and job.save is not None:
        made.saved.write(job.save, frequency)
    if job.plot is not None:
        from leapp_core.deploy.plot import write_plot

        write_plot(job.plot, result, made.document)
    return result


def _origin(job: DeployJob, document: BundleDocument, plugins: PluginManager) -> Origin:
    """Return task and environment: what was asked for, else what the bundle says."""
    refuse_policy_only(document)
    if job.env is not None or job.scene is not None:
        taking = model_provider(job.env, job.scene, job.compare, plugins)
        if taking is not None and job.scene is not None:
            if job.overrides:
                raise UsageError(
                    f"a robot model takes no configuration overrides, but {job.overrides[0]!r} was given",
                    fix="leave the overrides out",
                    code="U004",
                )
            return Origin(taking.name, job.scene.model.name)
    known = origin_of(document)
    task = job.task or (known.task if known else None)
    if task is None:
        raise UsageError(
            f"bundle {document.name!r} does not say which task it is for",
            fix="name it with --task and --env; `leapp envs list` shows which there are",
            code="E005",
        )
    lacking = [module for module in (known.imports if known else ()) if module not in job.imports]
    if lacking and job.task is None:  # a bundle may come from anybody: what it names is not imported by itself
        raise UsageError(
            f"the task of bundle {document.name!r} is registered by {', '.join(lacking)}",
            fix=f"if you trust what is installed under that name, pass {' '.join(f'--import {m}' for m in lacking)}",
            code="E001",
        )
    env = job.env or (known.environment if known and job.task is None else None)
    provider = find_provider(task, env, plugins, job.imports)
    same = known is not None and (known.environment, known.task) == (provider.name, task)
    recorded = known.overrides if known is not None and same else ()
    adapter = known.adapter if known is not None and same else None
    return Origin(provider.name, task, (*recorded, *job.overrides), adapter, job.imports)


def _steps(job: DeployJob, document: BundleDocument) -> int | None:
    if job.seconds is None:
        return job.steps
    if job.steps is not None:
        raise UsageError("--steps and --seconds both say how long to run", fix="leave one of them out", code="U004")
    frequency = document.pipeline.configs.frequency
    if frequency is None:
        raise UsageError(
            f"bundle {document.name!r} does not state its frequency", fix="say --steps, not --seconds", code="U003"
        )
    return max(1, round(job.seconds * frequency))


def _checkpoint(compare: str, provider: EnvironmentProvider, task: str) -> Path:
    path = Path(compare)
    asked_for_its_own = compare == PRETRAINED and not path.is_file()
    choice = CheckpointChoice(pretrained=True) if asked_for_its_own else CheckpointChoice(path)
    return find_checkpoint(choice, provider, task)


def _runtime(job: DeployJob, plugins: PluginManager) -> PolicyRuntime:
    from leapp_core.runtime import load

    return load(job.bundle, settings=job.settings, plugins=plugins, trust=job.trust, full_names=True)


def _element_names(document: BundleDocument) -> dict[str, tuple[str, ...]]:
    names = {}
    for ref in document.pipeline.outputs:
        axis = (document.pipeline.output_spec(ref).element_names or (None,))[-1]
        names[ref.port] = tuple(axis) if isinstance(axis, (tuple, list)) else ()
    return names


def _state(loops: list[ClosedLoopReport]) -> dict[str, float]:
    names = {name for loop in loops for name in loop.state_error}
    return {name: max(loop.state_error.get(name, 0.0) for loop in loops) for name in names}


def _notes(asked: int, made: int, loops: list[ClosedLoopReport]) -> tuple[str, ...]:
    notes = [f"seed {loop.seed}: {loop.explanation}" for loop in loops if loop.explanation]
    if made != asked:
        notes.append(
            f"stopped after {made} of {counted(asked, 'step')}: an episode ended under the policy or the bundle only"
        )
    return tuple(notes)
