"""Write models for an engine: its operator set, its operators, what its readers know."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from leapp_core.errors import ExportError, UsageError
from leapp_core.export.assemble import write_artifact
from leapp_core.export.boundary import with_float_state, without_temporal_axes
from leapp_core.export.plan import NodePlan
from leapp_core.plugins.exporters import WrittenArtifact
from leapp_core.plugins.manager import PluginManager
from leapp_core.plugins.targets import Target

if TYPE_CHECKING:
    from leapp_core.tracing.result import CapturedPipeline

_FORMAT = "onnx"


def fit_target(
    target: Target, captured: CapturedPipeline, options: Mapping[str, Any]
) -> tuple[CapturedPipeline, dict[str, Any]]:
    """Return the pipeline as the target takes it, and the backend's options with the target's operator set.

    Raises:
        UsageError: another, newer operator set was asked for.
        ExportError: float32 cannot hold the state, and the target carries no other.
    """
    asked = options.get("opset")
    if asked is not None and int(asked) > target.opset:
        raise UsageError(
            f"target {target.name!r} reads operator sets up to {target.opset}, {asked} was asked for",
            fix="leave the option out; the target chooses it",
        )
    captured = with_float_state(captured) if target.float_state else captured
    captured = captured if target.temporal_axis else without_temporal_axes(captured)
    return captured, {**options, "opset": target.opset if asked is None else asked}


def write_for_target(
    target: Target | None, captured: CapturedPipeline, node: NodePlan, folder: Path, plugins: PluginManager
) -> WrittenArtifact:
    """Write an artifact; where a backend cannot write the target's operator set, with another of the same format.

    Raises:
        ExportError: no backend can, or the target lacks an operator; it is named.
    """
    if target is None:
        return write_artifact(captured, node, folder)
    if node.exporter.format != _FORMAT:
        raise UsageError(
            f"target {target.name!r} takes ONNX files, backend {node.exporter.name!r} writes {node.exporter.format!r}",
            fix="use --backend onnx-dynamo",
        )
    try:
        written = write_artifact(captured, node, folder)
        _check_operators(target, node, written)
    except ExportError as error:
        written = _with_another(target, captured, node, folder, plugins, error)
    return written


def _with_another(
    target: Target,
    captured: CapturedPipeline,
    node: NodePlan,
    folder: Path,
    plugins: PluginManager,
    error: ExportError,
) -> WrittenArtifact:
    tried = [node.exporter.name]
    for entry in plugins.exporters:
        exporter = entry.item
        if exporter.format != _FORMAT or exporter.name == node.exporter.name:
            continue
        tried.append(exporter.name)
        try:
            options = exporter.parse_options({"opset": target.opset})
            written = write_artifact(captured, replace(node, exporter=exporter, options=options), folder)
            _check_operators(target, node, written)
        except (ExportError, UsageError):
            continue
        note = f"written by {exporter.name}, as {node.exporter.name} could not for {target.name}: {error.message}"
        return replace(written, notes=(*written.notes, note))
    raise ExportError(
        f"node {node.node!r} cannot be written for {target.name}: {error.message}",
        where=error.where,
        expected=error.expected,
        fix=f"tried {', '.join(tried)}; write that part with other operators, or choose another target",
    )


def _check_operators(target: Target, node: NodePlan, written: WrittenArtifact) -> None:
    if target.operators is None:
        return
    lacking = sorted(name for name in written.operators if name not in target.operators)
    if lacking:
        raise ExportError(
            f"node {node.node!r} uses {', '.join(lacking)}, which {target.summary} does not have",
            where=f"node {node.node!r}",
            expected="operators of its published list",
        )
