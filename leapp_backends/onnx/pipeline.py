"""Open a pipeline of ONNX models for stepping: one joined session where that is exact, else one session per node."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from leapp_backends.onnx.binding import BoundPipeline, Stage
from leapp_backends.onnx.merge import CannotMergeError, NodeModel, merge_models
from leapp_backends.onnx.merge_check import first_difference
from leapp_backends.onnx.session import NodeSession, open_node, open_session
from leapp_core.errors import BundleError
from leapp_core.plugins.runners import RunnerSettings
from leapp_core.spec.names import PortRef
from leapp_core.spec.pipeline import NodeSpec, PipelineSpec


def open_bound_pipeline(
    pipeline: PipelineSpec, paths: Mapping[str, Path], settings: RunnerSettings, *, merge: bool
) -> BoundPipeline:
    """Open every model; join them if asked for and exact.

    Raises:
        BundleError: a file is damaged or its interface is not the one stated.
        UsageError: a setting is not possible here.
    """
    nodes = {node.name: open_node(paths[node.name], node, settings) for node in pipeline.nodes}
    apart = BoundPipeline(_stages(pipeline, nodes), merged=len(nodes) == 1)
    if not merge or len(nodes) == 1:
        return apart
    try:
        joined = _join(pipeline, nodes, settings)
    except CannotMergeError as error:
        apart.notes = (f"nodes run one after the other: {error}",)
        return apart
    difference = first_difference(pipeline, apart, joined)
    if difference:
        apart.notes = (f"nodes run one after the other: joined they give another result at {difference}",)
        return apart
    return joined


def _join(pipeline: PipelineSpec, nodes: Mapping[str, NodeSession], settings: RunnerSettings) -> BoundPipeline:
    models = {name: NodeModel(node.content, node.inputs, node.outputs) for name, node in nodes.items()}
    merged = merge_models(pipeline, models)
    try:
        session = open_session(merged.content, settings, "the joined pipeline", "memory")
    except BundleError as error:
        raise CannotMergeError(error.message) from error
    return BoundPipeline([Stage(session, merged.inputs, merged.outputs)], merged=True)


def _stages(pipeline: PipelineSpec, nodes: Mapping[str, NodeSession]) -> list[Stage]:
    read = {*pipeline.outputs, *(edge.source for edge in (*pipeline.data_flow, *pipeline.feedback))}
    stages = [_stage(node, nodes[node.name], read) for node in pipeline.nodes]
    # A node that nobody reads has nothing to compute.
    return [stage for stage in stages if stage.outputs]


def _stage(spec: NodeSpec, node: NodeSession, read: set[PortRef]) -> Stage:
    inputs = {PortRef(spec.name, port): name for port, name in node.inputs.items()}
    outputs = {PortRef(spec.name, port): name for port, name in node.outputs.items()}
    return Stage(node.session, inputs, {ref: name for ref, name in outputs.items() if ref in read})
