"""Check a bundle with what it brings along: on the robot too, without PyTorch for ONNX bundles."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from leapp_core.bundle import LoadedBundle, load_document
from leapp_core.compare import Tolerance
from leapp_core.plugins.manager import PluginManager
from leapp_core.plugins.runners import RunnerSettings
from leapp_core.spec.names import PortRef
from leapp_core.validation.check import Judge, check_pipeline
from leapp_core.validation.episodes import REPLAY, Episode, Step, check_complete, read_episodes, what_proves_nothing
from leapp_core.validation.report import LevelReport, ValidationReport

if TYPE_CHECKING:
    from leapp_core.runtime.policy import PolicyRuntime

_STEPS = 10
_NOT_REPEATED = "the models keep state that a reset does not reach, or draw random numbers"


@dataclass(frozen=True)
class CheckSettings:
    """How to check a bundle.

    Attributes:
        runner: How to execute: provider, threads.
        steps: Recorded steps of an episode to compare at most; ``None`` for all.
        tolerances: By dtype name, over the defaults.
        trust: The caller vouches for artifacts that can hold code.
        seed: Seed of inputs drawn for a bundle without recorded values.
        slack: Allow beside the tolerance what rounding or a tie alone makes, as found at the export.
    """

    runner: RunnerSettings = field(default_factory=RunnerSettings)
    steps: int | None = None
    tolerances: Mapping[str, Tolerance] = field(default_factory=dict)
    trust: bool = False
    seed: int = 0
    slack: bool = True


def validate_bundle(
    path: str | Path, plugins: PluginManager, settings: CheckSettings | None = None
) -> ValidationReport:
    """Hold a bundle against the values recorded when it was exported.

    A bundle of another writer has none; then two runs on drawn inputs must agree to the bit.

    Args:
        path: Folder or YAML file.
        plugins: Where runners come from.
        settings: How to check.

    Raises:
        BundleError: it is damaged or not to be trusted; every problem is listed.
        ValidationError: it fails on recorded inputs.
    """
    from leapp_core.runtime.loading import open_document, runners_of, unstated_files

    chosen = settings or CheckSettings()
    bundle = load_document(path)
    runtime = open_document(
        bundle.document,
        bundle.artifact_paths,
        bundle.initial_values,
        settings=chosen.runner,
        plugins=plugins,
        trust=chosen.trust,
        full_names=True,
    )
    runners = runners_of(bundle.document, plugins, bundle.folder)
    unstated = unstated_files(bundle.document, bundle.artifact_paths, runners)
    episodes = _recorded(bundle, chosen)
    report = _replay(episodes, runtime, chosen) if episodes else _repeat(runtime, chosen)
    replays = [episode for episode in episodes if episode.name == REPLAY]
    nothing = what_proves_nothing(replays[0], runtime.pipeline) if replays else ()
    return replace(report, notes=(*bundle.notes, *unstated, *nothing, *report.notes))


def _recorded(bundle: LoadedBundle, settings: CheckSettings) -> list[Episode]:
    """Return recorded steps; none in bundles of other writers and where one step alone takes too much memory."""
    if bundle.document.validation is None:
        return []
    episodes = read_episodes(bundle.folder / bundle.document.validation.path)
    check_complete(episodes, bundle.document.pipeline)
    steps = [(episode.name, episode.steps[: settings.steps]) for episode in episodes]
    if not settings.slack:
        steps = [(name, tuple(replace(step, slack={}) for step in listed)) for name, listed in steps]
    return [Episode(name, listed) for name, listed in steps]


def _replay(episodes: list[Episode], runtime: PolicyRuntime, settings: CheckSettings) -> ValidationReport:
    levels = []
    for level, chosen in (
        ("replay", [e for e in episodes if e.name == REPLAY]),
        ("fresh inputs", [e for e in episodes if e.name != REPLAY]),
    ):
        report = LevelReport(level)
        judge = Judge(report, settings.tolerances, bool(runtime.pipeline.feedback), parts=False)
        check_pipeline(runtime, chosen, judge)
        levels.append(report)
    return ValidationReport(tuple(levels))


def _repeat(runtime: PolicyRuntime, settings: CheckSettings) -> ValidationReport:
    """Run twice from a reset; a bundle that keeps hidden state or draws numbers differs."""
    inputs = [_draw(runtime, settings.seed + number) for number in range(settings.steps or _STEPS)]
    episode = Episode("drawn inputs", tuple(Step(given, _outputs(runtime, given)) for given in inputs))
    exact = {name: Tolerance(0.0, 0.0) for name in ("float16", "bfloat16", "float32", "float64")}
    report = LevelReport("repeatability")
    check_pipeline(runtime, [episode], Judge(report, exact, has_state=False))
    report.mismatches = [replace(found, cause=_NOT_REPEATED) for found in report.mismatches]
    note = "the bundle holds no recorded values, so only that two runs agree could be checked"
    return ValidationReport((report,), (note,))


def _draw(runtime: PolicyRuntime, seed: int) -> dict[PortRef, Any]:
    from leapp_core.runtime import mock_inputs

    drawn = mock_inputs(runtime.inputs, seed, runtime.sizes)
    return {ref: drawn[str(ref)] for ref in runtime.pipeline.inputs}


def _outputs(runtime: PolicyRuntime, given: Mapping[PortRef, Any]) -> dict[PortRef, Any]:
    outputs = runtime.step({str(ref): value for ref, value in given.items()})
    return {ref: outputs[str(ref)] for ref in runtime.pipeline.outputs}
