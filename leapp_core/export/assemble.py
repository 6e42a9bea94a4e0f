"""Write the artifacts, initial values and document of a bundle to a folder."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from leapp_core.bundle.files import hash_file
from leapp_core.bundle.tensors import tensors_to_bytes
from leapp_core.errors import ExportError
from leapp_core.export.arrays import to_array
from leapp_core.export.metadata import artifact_metadata
from leapp_core.export.plan import ExportPlan, NodePlan
from leapp_core.export.system import system_information
from leapp_core.plugins.exporters import ExportRequest, WrittenArtifact
from leapp_core.spec.document import ArtifactRef, BundleDocument, FileRef
from leapp_core.spec.pipeline import still_shared
from leapp_core.spec.yaml_io import write_document
from leapp_core.validation.episodes import write_episodes

if TYPE_CHECKING:
    from leapp_core.export.validate import Episodes
    from leapp_core.tracing.result import CapturedPipeline

MAX_SAMPLE_BYTES = 4 * 1024 * 1024
"""Recorded values that go with a bundle take at most this much."""


DATA = "data_files"
"""Parameter of an artifact that names further files and their hashes."""


def write_artifact(captured: CapturedPipeline, node: NodePlan, folder: Path) -> WrittenArtifact:
    """Have a node's exporter write its artifact; further files it writes are hashed too.

    Raises:
        ExportError: it could not, or did not write the file it was asked for.
    """
    before = _files(folder)
    request = ExportRequest(
        program=node.program,
        destination=folder / node.file,
        options=node.options,
        metadata=artifact_metadata(captured, node.program),
    )
    written = node.exporter.export(request)
    if not request.destination.is_file():
        raise ExportError(
            f"backend {node.exporter.name!r} ({node.provider}) did not write {node.file!r}",
            where=f"node {node.node!r}",
            fix="plugin author: write to request.destination",
            code="X004",
        )
    further = _files(folder) - before - {node.file}
    if not further:
        return written
    hashes = {name: hash_file(folder / name) for name in sorted(further)}
    return replace(written, parameters={**written.parameters, DATA: hashes})


def _files(folder: Path) -> set[str]:
    return {entry.relative_to(folder).as_posix() for entry in folder.rglob("*") if entry.is_file()}


def make_document(
    captured: CapturedPipeline, plan: ExportPlan, written: Mapping[str, WrittenArtifact], folder: Path
) -> BundleDocument:
    """Write initial values and return the document for what is in the folder."""
    initial = _write_initial_values(captured, plan.graph, folder)
    nodes = tuple(written[node.name].spec or node for node in captured.spec.nodes)
    artifacts = {
        node.node: ArtifactRef(
            path=node.file,
            format=node.exporter.format,
            sha256=hash_file(folder / node.file),
            md5=hash_file(folder / node.file, "md5"),
            parameters={key: value for key, value in written[node.node].parameters.items() if key != DATA},
            data=tuple(FileRef(*item) for item in written[node.node].parameters.get(DATA, {}).items()),
        )
        for node in plan.nodes
    }
    return BundleDocument(
        name=plan.graph,
        pipeline=still_shared(replace(captured.spec, nodes=nodes)),
        artifacts=artifacts,
        initial_values=initial.name if initial is not None else None,
        initial_values_sha256=hash_file(initial) if initial is not None else None,
        system_information=system_information(),
    )


def write_yaml(document: BundleDocument, folder: Path) -> Path:
    """Write a document; returns the file."""
    path = folder / f"{document.name}.yaml"
    path.write_text(write_document(document), encoding="utf-8")
    return path


def add_samples(document: BundleDocument, episodes: Episodes, folder: Path) -> BundleDocument:
    """Write recorded values with which the bundle can be checked anywhere, and name them in the document."""
    pipeline = document.pipeline
    path = folder / f"{document.name}_validation.safetensors"
    path.write_bytes(write_episodes((episodes.replay, *episodes.fresh), pipeline, MAX_SAMPLE_BYTES))
    return replace(document, validation=FileRef(path.name, hash_file(path)))


def _write_initial_values(captured: CapturedPipeline, graph: str, folder: Path) -> Path | None:
    targets = [edge.target for edge in captured.spec.feedback]
    missing = [str(target) for target in targets if target not in captured.initial_values]
    if missing:
        raise ExportError(f"state {missing[0]} has no initial value", where=missing[0], code="X004")
    if not targets:
        return None
    path = folder / f"{graph}_initial_values.safetensors"
    path.write_bytes(tensors_to_bytes({str(ref): to_array(captured.initial_values[ref]) for ref in targets}))
    return path
