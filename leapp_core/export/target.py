"""Write models for an engine: its operator set, its operators, what its readers know."""

from __future__ import annotations

import tempfile
from dataclasses import is_dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from leapp_core.errors import ExportError, LeappError, UsageError
from leapp_core.export.assemble import write_artifact
from leapp_core.export.boundary import with_float_state, without_temporal_axes
from leapp_core.export.plan import ExportPlan, NodePlan
from leapp_core.plugins.exporters import Exporter, WrittenArtifact
from leapp_core.plugins.manager import PluginManager
from leapp_core.plugins.targets import Target

if TYPE_CHECKING:
    from leapp_core.tracing.result import CapturedPipeline

_FORMAT = "onnx"
_OPSET = "opset"


def fit_pipeline(target: Target, captured: CapturedPipeline) -> CapturedPipeline:
    """Return the pipeline with ports as the target reads them.

    Raises:
        ExportError: float32 cannot hold the state, and the target carries no other.
    """
    captured = with_float_state(captured) if target.float_state else captured
    return captured if target.temporal_axis else without_temporal_axes(captured)


def fit_plan(target: Target, plan: ExportPlan) -> ExportPlan:
    """Return the plan with every node written in the target's operator set.

    Raises:
        UsageError: a backend writes no ONNX, or another, newer operator set was asked for.
    """
    return replace(plan, nodes=tuple(_fit_node(target, node) for node in plan.nodes))


def _fit_node(target: Target, node: NodePlan) -> NodePlan:
    if node.exporter.format != _FORMAT:
        raise UsageError(
            f"target {target.name!r} takes ONNX files, backend {node.exporter.name!r} writes {node.exporter.format!r}",
            where=f"node {node.node!r}",
            fix="use --backend onnx-dynamo",
            code="X009",
        )
    given = vars(node.options) if is_dataclass(node.options) else {}
    asked = given.get(_OPSET)
    if asked is not None and asked > target.opset:
        raise UsageError(
            f"files for target {target.name!r} are written in opset {target.opset} or older, {asked} was asked for",
            where=f"node {node.node!r}",
            fix="leave option 'opset' out: the target chooses it",
            code="X009",
        )
    if asked is not None or _OPSET not in given:
        return node
    return replace(node, options=node.exporter.parse_options({**given, _OPSET: target.opset}))


def write_for_target(
    target: Target | None, captured: CapturedPipeline, node: NodePlan, folder: Path, plugins: PluginManager
) -> WrittenArtifact:
    """Write an artifact that the target has all operators for.

    Raises:
        ExportError: the backend cannot write the target's operator set, or the target lacks an operator; it is named,
            with where in the program it comes from and the backends that can.
    """
    if target is None:
        return write_artifact(captured, node, folder)
    try:
        return _write(target, captured, node, folder)
    except ExportError as error:
        able = [
            exporter.name for exporter in _others(node, plugins) if _can(exporter, target, captured, node)
        ]  # found out by writing, as nobody could say it beforehand
        fix = f"use --backend {able[0]}, which can" if able else "no ONNX backend here can: write that part otherwise"
        raise ExportError(
            f"node {node.node!r} cannot be written for {target.name!r} by {node.exporter.name}: {error.message}",
            where=error.where,
            expected=error.expected,
            fix=f"{fix}, or choose another target",
            code="X009",
        ) from error


def _write(target: Target, captured: CapturedPipeline, node: NodePlan, folder: Path) -> WrittenArtifact:
    written = write_artifact(captured, node, folder)
    opset = written.parameters.get("opset_version", target.opset)
    if opset > target.opset:
        raise ExportError(f"it wrote opset {opset}", expected=f"opset {target.opset} or older", code="X009")
    _check_operators(target, node, written)
    return written


def _check_operators(target: Target, node: NodePlan, written: WrittenArtifact) -> None:
    if target.operators is None:
        return
    lacking = [name for name in written.operators if name not in target.operators]
    if lacking:
        places = {written.origins[name]: None for name in lacking if name in written.origins}
        raise ExportError(
            f"{target.summary} has no {', '.join(lacking)}",
            where=", ".join(places) or f"node {node.node!r}",
            expected=f"operators of its {target.published or 'list'}",
            code="X009",
        )


def _others(node: NodePlan, plugins: PluginManager) -> list[Exporter]:
    exporters = [entry.item for entry in plugins.exporters]
    return [item for item in exporters if item.format == _FORMAT and item.name != node.exporter.name]


def _can(exporter: Exporter, target: Target, captured: CapturedPipeline, node: NodePlan) -> bool:
    try:
        exporter.require()
        options = exporter.parse_options({})
        exporter.check(node.program, options)
        plan = _fit_node(target, replace(node, exporter=exporter, options=options))
        with tempfile.TemporaryDirectory(prefix="leapp-target-") as scratch:
            _write(target, captured, plan, Path(scratch))
    except LeappError:
        return False
    return True
