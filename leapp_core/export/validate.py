"""Levels 1 and 2 of validation: a bundle against the programs it was made from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from leapp_core.compare import Tolerance
from leapp_core.errors import LeappError
from leapp_core.export.fresh import fresh_inputs
from leapp_core.export.reference import record_episode, replay_episode, with_slack
from leapp_core.plugins.manager import PluginManager
from leapp_core.plugins.runners import ModelSession, RunnerSettings
from leapp_core.program.pipeline import ReferencePipeline
from leapp_core.validation.batch import batched
from leapp_core.validation.check import Judge, check_node, check_pipeline
from leapp_core.validation.episodes import Episode, what_proves_nothing
from leapp_core.validation.report import LevelReport, ValidationReport
from leapp_core.words import counted

if TYPE_CHECKING:
    from leapp_core.bundle import LoadedBundle
    from leapp_core.tracing.result import CapturedPipeline
    from leapp_core.tracing.result import Evidence as CaptureEvidence


BESIDE = "beside your code"


@dataclass(frozen=True)
class Episodes:
    """What a bundle is held against.

    Attributes:
        replay: The captured steps.
        fresh: The programs on inputs drawn for validation.
        skipped: Steps of these that cannot be used, and why.
        notes: What they cannot show, and where ties let implementations differ.
    """

    replay: Episode
    fresh: tuple[Episode, ...]
    skipped: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class ValidationSettings:
    """How to validate.

    Attributes:
        steps: Captured steps to replay at most; ``None`` for all.
        seed: Seed of fresh inputs.
        tolerances: By dtype name, over the defaults.
    """

    steps: int | None = None
    seed: int = 0
    tolerances: Mapping[str, Tolerance] = field(default_factory=dict)


def make_episodes(captured: CapturedPipeline, settings: ValidationSettings) -> Episodes:
    """Run the programs on captured and on fresh inputs."""
    import numpy as np

    rng = np.random.default_rng(settings.seed)
    reference = ReferencePipeline(captured)
    outside = captured.spec.inputs
    whole = replay_episode(captured)
    replay = with_slack(reference, Episode(whole.name, whole.steps[: settings.steps]), outside, rng)
    if not replay.steps:
        return Episodes(replay, ())
    fresh: list[Episode] = []
    skipped: list[str] = []
    for name, inputs in fresh_inputs(whole, outside, rng).items():
        try:
            recorded = record_episode(reference, name, inputs)
            episode = with_slack(reference, recorded, outside, rng, base=recorded)
        except (RuntimeError, IndexError, ValueError, AssertionError) as error:
            skipped.append(f"{name}: the program itself takes no such inputs ({_first_line(error)})")
            continue
        usable = _finite_steps(episode)
        if usable < len(episode.steps):
            skipped.append(f"{name}: from step {usable} on the program itself gives values that are not finite")
        fresh.append(Episode(name, episode.steps[:usable]))
    ties = tuple(
        f"{where}: equal values leave open which index comes first; either is accepted" for where in reference.ties
    )
    return Episodes(replay, tuple(fresh), tuple(skipped), (*what_proves_nothing(replay, captured.spec), *ties))


def validate_bundle_against(
    bundle: LoadedBundle, episodes: Episodes, plugins: PluginManager, settings: ValidationSettings
) -> ValidationReport:
    """Hold every artifact by itself and the assembled pipeline against episodes.

    Raises:
        BundleError: the bundle cannot be loaded.
        ValidationError: an artifact fails on inputs the program takes.
    """
    missing = [a.format for a in bundle.document.artifacts.values() if a.format not in plugins.runners]
    if missing:
        return ValidationReport(notes=(f"not validated: no runner for artifact format {missing[0]!r} is installed",))
    sessions = open_artifacts(bundle, plugins)
    runtime = _load_runtime(bundle, plugins)
    has_state = bool(bundle.document.pipeline.feedback)
    levels = []
    for level, chosen in (("replay", (episodes.replay,)), ("fresh inputs", episodes.fresh)):
        report = LevelReport(level, skipped=list(episodes.skipped) if level != "replay" else [])
        _check(bundle, sessions, runtime, chosen, Judge(report, settings.tolerances, has_state))
        levels.append(report)
    rows = batched(episodes.fresh, bundle.document.pipeline)
    if rows is not None:
        levels.append(LevelReport("batch"))
        check_pipeline(runtime, (rows,), Judge(levels[-1], settings.tolerances, has_state))
    return ValidationReport(tuple(levels), episodes.notes)


def beside_level(evidence: CaptureEvidence) -> LevelReport | None:
    """Return level 0: the program beside the user's own code, which made it a program in the first place.

    ``None`` if no step was made after the recorded ones.
    """
    if not evidence.watched:
        return None
    about = f"held for {counted(evidence.watched, 'step')}, {evidence.shaken} of them shaken"
    skipped = [evidence.stopped] if evidence.stopped else []
    return LevelReport(BESIDE, 1, evidence.watched, skipped, dict(evidence.max_error), about=about)


def open_artifacts(bundle: LoadedBundle, plugins: PluginManager) -> dict[str, ModelSession]:
    """Load each node's artifact by itself."""
    opened = {}
    for node in bundle.document.pipeline.nodes:
        runner = plugins.runners.get(bundle.document.artifacts[node.name].format)
        runner.require()
        opened[node.name] = runner.open(bundle.artifact_paths[node.name], node, RunnerSettings())
    return opened


def _load_runtime(bundle: LoadedBundle, plugins: PluginManager) -> Any:
    from leapp_core.runtime import load

    # What this process wrote a moment ago is trusted.
    return load(bundle.yaml_path, plugins=plugins, trust=True, full_names=True)


def _check(
    bundle: LoadedBundle, sessions: Mapping[str, ModelSession], runtime: Any, chosen: Iterable[Episode], judge: Judge
) -> None:
    episodes = tuple(chosen)
    for node in bundle.document.pipeline.nodes:
        check_node(node, sessions[node.name], episodes, judge)
    check_pipeline(runtime, episodes, judge)


def _finite_steps(episode: Episode) -> int:
    """Return how many steps come before the first in which the program gives NaN or infinities."""
    import numpy as np

    for number, step in enumerate(episode.steps):
        values = (np.asarray(value, np.float64) for value in step.outputs.values())
        if not all(np.isfinite(value).all() for value in values):
            return number
    return len(episode.steps)


def _first_line(error: Exception) -> str:
    text = error.message if isinstance(error, LeappError) else str(error)
    return text.splitlines()[0][:120] if text else type(error).__name__
