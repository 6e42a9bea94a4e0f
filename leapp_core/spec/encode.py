"""From values to the plain document that is written as YAML."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from leapp_core.spec.document import ArtifactRef, BundleDocument
from leapp_core.spec.names import PortRef
from leapp_core.spec.pipeline import Edge, GraphConfigs
from leapp_core.spec.port import PortSpec


def encode(document: BundleDocument) -> dict[str, Any]:
    """Return the document as plain values in the order they are written."""
    pipeline = document.pipeline
    wiring: dict[str, Any] = {
        "configs": _configs(pipeline.configs),
        "data_flow": _flows(pipeline.data_flow),
        "feedback_flow": _flows(pipeline.feedback),
        "inputs": _by_node(pipeline.inputs),
        "outputs": _by_node(pipeline.outputs),
    }
    if pipeline.shared_inputs:
        wiring["shared_inputs"] = _flows(pipeline.shared_inputs)
    if document.initial_values is not None:
        wiring["initial_values"] = document.initial_values
    if document.initial_values_sha256 is not None:
        wiring["initial_values_sha256sum"] = document.initial_values_sha256
    result: dict[str, Any] = {
        "models": {
            node.name: {
                "inputs": [encode_port(port) for port in node.inputs],
                "outputs": [encode_port(port) for port in node.outputs],
                "parameters": _parameters(document.artifacts[node.name]),
            }
            for node in pipeline.nodes
        },
        "pipeline": wiring,
    }
    if document.validation is not None:
        result["validation"] = {"samples": document.validation.path, "sha256sum": document.validation.sha256}
    return {**result, "system information": dict(document.system_information)}


def encode_port(port: PortSpec) -> dict[str, Any]:
    """Return a port as plain values; extras come last."""
    entry: dict[str, Any] = {"name": port.name, "dtype": port.dtype, "shape": list(port.shape), "type": "tensor"}
    if port.kind is not None:
        entry["kind"] = port.kind
    if port.element_names is not None:
        # Existing readers in C++ take [] for an axis without names, and refuse null.
        entry["element_names"] = [axis if isinstance(axis, str) else list(axis or ()) for axis in port.element_names]
    if port.temporal_period_ms is not None:
        entry["temporal_period_ms"] = port.temporal_period_ms
    return {**entry, **port.extra}


def _parameters(artifact: ArtifactRef) -> dict[str, Any]:
    entry: dict[str, Any] = {"model_path": artifact.path, "backend": artifact.format, "sha256sum": artifact.sha256}
    if artifact.md5 is not None:
        entry["md5sum"] = artifact.md5
    if artifact.data:
        entry["data_files"] = {file.path: file.sha256 for file in artifact.data}
    return {**entry, **artifact.parameters}


def _configs(configs: GraphConfigs) -> dict[str, Any]:
    known = {} if configs.frequency is None else {"frequency": configs.frequency}
    return {**known, **configs.extra}


def _flows(edges: Iterable[Edge]) -> dict[str, list[str]]:
    flows: dict[str, list[str]] = {}
    for edge in edges:
        flows.setdefault(str(edge.source), []).append(str(edge.target))
    return flows


def _by_node(ports: Iterable[PortRef]) -> dict[str, list[str]]:
    nodes: dict[str, list[str]] = {}
    for ref in ports:
        nodes.setdefault(ref.node, []).append(ref.port)
    return nodes
