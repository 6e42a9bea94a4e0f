"""Load a bundle for running."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from leapp_core.bundle.report_file import read_report
from leapp_core.errors import BundleError, UsageError
from leapp_core.plugins.manager import PluginManager
from leapp_core.plugins.runners import PipelineSession, Runner, RunnerSettings
from leapp_core.runtime.embedded import embedded_problems
from leapp_core.runtime.policy import PolicyRuntime
from leapp_core.runtime.sequential import SequentialPipeline
from leapp_core.runtime.sizes import check_memory, with_sizes
from leapp_core.spec.document import BundleDocument
from leapp_core.spec.names import PortRef
from leapp_core.spec.order import execution_order
from leapp_core.spec.pipeline import PipelineSpec
from leapp_core.spec.problems import raise_problems
from leapp_core.suggest import suggest
from leapp_core.trust import check_trusted

if TYPE_CHECKING:
    import numpy as np


def load(
    path: str | Path,
    *,
    settings: RunnerSettings | None = None,
    plugins: PluginManager | None = None,
    trust: bool = False,
    merge: bool = True,
    **options: Any,
) -> PolicyRuntime:
    """Load a bundle and get it ready to step.

    Hashes, wiring and file locations are checked before anything is opened. Loading an ONNX bundle never runs code
    from it. TorchScript and ``pt2`` artifacts can hold code, so they load only when the bundle was exported by the
    same user on this machine, or with ``trust=True``.

    Args:
        path: The bundle's YAML file or folder.
        settings: How to execute; by default the CPU with one thread, which suits a control loop.
        plugins: Where runners come from; by default everything installed.
        trust: The caller vouches for the bundle's origin.
        merge: Join the nodes of an ONNX pipeline into one model where results are bit-identical.
        options: ``full_names``, ``check_finite``, ``sizes``, ``limits``, ``rate`` and ``allow_other_rate`` of
            :class:`~leapp_core.runtime.policy.PolicyRuntime`.

    Raises:
        BundleError: the bundle is damaged, inconsistent or not to be trusted, or its YAML file says something else
            than the models themselves; every problem is listed.
        UsageError: a format or execution provider that is not there.
        MissingExtraError: the artifacts' format needs a package that is not installed.
    """
    from leapp_core.bundle import load_document

    bundle = load_document(path)
    return open_document(
        bundle.document,
        bundle.artifact_paths,
        bundle.initial_values,
        settings=settings,
        plugins=plugins,
        trust=trust,
        merge=merge,
        notes=bundle.notes,
        **options,
    )


def open_document(
    document: BundleDocument,
    artifact_paths: Mapping[str, Path],
    initial_values: Mapping[PortRef, np.ndarray[Any, Any]],
    *,
    settings: RunnerSettings | None = None,
    plugins: PluginManager | None = None,
    trust: bool = False,
    merge: bool = True,
    notes: tuple[str, ...] = (),
    **options: Any,
) -> PolicyRuntime:
    """Get a bundle that was read already ready to step; see :func:`load`.

    Args:
        document: What the bundle says.
        artifact_paths: Node name to artifact.
        initial_values: First value of every fed-back input port.
        settings: See :func:`load`.
        plugins: See :func:`load`.
        trust: See :func:`load`.
        merge: See :func:`load`.
        notes: What was found while reading it.
        options: See :func:`load`.
    """
    pipeline = _in_order(document.pipeline)
    check_memory(with_sizes(pipeline, {}))
    missing = [str(edge.target) for edge in pipeline.feedback if edge.target not in initial_values]
    if missing:
        raise BundleError(
            f"fed-back inputs have no initial value: {', '.join(missing)}", where=document.name, code="B004"
        )
    runners = runners_of(document, plugins or PluginManager(), _folder(document, artifact_paths))
    for node, runner in runners.items():
        runner.require()
        if runner.runs_code and not trust:
            check_trusted(artifact_paths[node], document.artifacts[node].sha256, runner.name)
    facts = {node: runner.facts(artifact_paths[node]) for node, runner in runners.items()}
    raise_problems(
        document.name,
        embedded_problems(document, initial_values, facts),
        fix="copy the YAML file again from where it is whole, or export the bundle again",
    )
    notes = (*notes, *unstated_files(document, artifact_paths, runners))
    session = _open(pipeline, artifact_paths, runners, settings or RunnerSettings(), merge)
    return PolicyRuntime(document.name, pipeline, session, initial_values, notes=notes, **options)


def unstated_files(
    document: BundleDocument, paths: Mapping[str, Path], runners: Mapping[str, Runner]
) -> tuple[str, ...]:
    """Return notes on files that models read and that nothing says the contents of, as other writers leave them.

    Raises:
        BundleError: the document states some of a model's files but not this one.
    """
    notes = []
    for node, runner in runners.items():
        artifact = document.artifacts[node]
        folder = PurePosixPath(artifact.path).parent
        stated = {file.path for file in artifact.data}
        for name in runner.reads(paths[node]):
            if str(folder / name) in stated:
                continue
            message = f"the document states no hash of {name!r}, where node {node!r} keeps weights"
            if stated:
                raise BundleError(
                    message, where=document.name, expected=f"one of {', '.join(sorted(stated))}", code="B009"
                )
            notes.append(f"{message}: a change of it goes unnoticed")
    return tuple(notes)


def _in_order(pipeline: PipelineSpec) -> PipelineSpec:
    """Return the pipeline with its nodes in the order their edges demand, whatever the order in the file."""
    order = execution_order([node.name for node in pipeline.nodes], pipeline.data_flow)
    return replace(pipeline, nodes=tuple(pipeline.node(name) for name in order))


def runners_of(document: BundleDocument, plugins: PluginManager, folder: Path | None = None) -> dict[str, Runner]:
    """Return the runner of every node.

    Args:
        document: What the bundle says.
        plugins: Where runners come from.
        folder: The bundle's folder, whose report names the distribution that wrote an artifact.

    Raises:
        UsageError: none is installed for a format; the distribution that wrote the artifact is named if it is known.
    """
    found = {}
    for node in document.pipeline.nodes:
        name = document.artifacts[node.name].format
        if name not in plugins.runners:
            raise _no_runner(node.name, name, plugins, None if folder is None else _writer(folder, node.name))
        found[node.name] = plugins.runners.get(name)
    return found


def _folder(document: BundleDocument, paths: Mapping[str, Path]) -> Path | None:
    """Return the folder of the bundle: where its artifacts are, without the folders that the document names."""
    for node, path in paths.items():
        return path.parents[len(PurePosixPath(document.artifacts[node].path).parts) - 1]
    return None


def _writer(folder: Path, node: str) -> str | None:
    """Return the distribution and version that wrote a node's artifact, as the bundle's report says."""
    try:
        writers = [entry["provider"] for entry in read_report(folder)["nodes"] if entry["node"] == node]
    except (KeyError, TypeError):
        return None
    return str(writers[0]) if writers else None


def _no_runner(node: str, name: str, plugins: PluginManager, writer: str | None) -> UsageError:
    broken = [str(info) for info in plugins.plugins if info.error or info.disabled]
    fix = f"install {writer.partition(' (')[0]}, which wrote it" if writer else "install the plugin that wrote it"
    more = f"; these plugins are broken or blocked: {', '.join(broken)}" if broken else ""
    return UsageError(
        f"unknown artifact format {name!r}: nothing that is installed loads it",
        where=f"node {node}",
        expected=suggest(name, [entry.item.name for entry in plugins.runners]),
        fix=fix + more,
        code="B008",
    )


def _open(
    pipeline: PipelineSpec,
    paths: Mapping[str, Path],
    runners: Mapping[str, Runner],
    settings: RunnerSettings,
    merge: bool,
) -> PipelineSession:
    """Open the pipeline as a whole where all nodes are of one format that can, else node by node."""
    first = next(iter(runners.values()))
    if all(runner is first for runner in runners.values()):
        session = first.open_pipeline(pipeline, paths, settings, merge=merge)
        if session is not None:
            return session
    return SequentialPipeline(
        {node.name: runners[node.name].open(paths[node.name], node, settings) for node in pipeline.nodes}
    )
