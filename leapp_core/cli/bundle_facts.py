"""What there is to say about a bundle, as plain values that tables and JSON are made from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from leapp_core.bundle import LoadedBundle, read_report
from leapp_core.spec.names import PortRef
from leapp_core.spec.pipeline import NodeSpec, PipelineSpec
from leapp_core.spec.port import PortSpec

SHARED = "same tensor"
"""How an input is told of that takes the value of another one."""


def bundle_facts(bundle: LoadedBundle) -> dict[str, Any]:
    """Return everything ``leapp inspect`` shows, but for the constants."""
    document = bundle.document
    pipeline = document.pipeline
    return {
        "name": document.name,
        "folder": str(bundle.folder),
        "frequency": pipeline.configs.frequency,
        "configs": dict(pipeline.configs.extra),
        "notes": list(bundle.notes),
        "system_information": dict(document.system_information),
        "nodes": [_node(bundle, node) for node in pipeline.nodes],
        "ports": [port for node in pipeline.nodes for port in _ports(pipeline, node)],
        "state": [_state(bundle, index) for index in range(len(pipeline.feedback))],
    }


def captured_constants(folder: Path) -> list[dict[str, Any]] | None:
    """Return the constants that the export's report lists, or ``None`` if the bundle has no such report."""
    constants = read_report(folder).get("constants")
    return constants if isinstance(constants, list) else None


def _node(bundle: LoadedBundle, node: NodeSpec) -> dict[str, Any]:
    artifact = bundle.document.artifacts[node.name]
    return {
        "name": node.name,
        "file": artifact.path,
        "format": artifact.format,
        "bytes": bundle.artifact_paths[node.name].stat().st_size,
        "sha256": artifact.sha256,
        "parameters": dict(artifact.parameters),
    }


def _ports(pipeline: PipelineSpec, node: NodeSpec) -> list[dict[str, Any]]:
    inputs = [_port(pipeline, PortRef(node.name, port.name), port, is_input=True) for port in node.inputs]
    return inputs + [_port(pipeline, PortRef(node.name, port.name), port, is_input=False) for port in node.outputs]


def _port(pipeline: PipelineSpec, ref: PortRef, port: PortSpec, *, is_input: bool) -> dict[str, Any]:
    outside = ref in (pipeline.inputs if is_input else pipeline.outputs)
    return {
        "port": str(ref),
        "direction": "input" if is_input else "output",
        "outside": outside,
        "wired_to": _wires(pipeline, ref, is_input=is_input),
        "dtype": port.dtype,
        "shape": list(port.shape),
        "kind": port.kind,
        "element_names": port.element_names,
        "temporal_period_ms": port.temporal_period_ms,
        "connection": next((str(v) for k, v in port.extra.items() if k.endswith("_connection")), None),
        "extra": dict(port.extra),
    }


def _wires(pipeline: PipelineSpec, ref: PortRef, *, is_input: bool) -> list[dict[str, Any]]:
    found = []
    if is_input:
        same = [edge.source for edge in pipeline.shared_inputs if edge.target == ref]
        found += [{"port": str(source), "when": SHARED} for source in same]
    for edges, when in ((pipeline.data_flow, "this step"), (pipeline.feedback, "next step")):
        for edge in edges:
            here, there = (edge.target, edge.source) if is_input else (edge.source, edge.target)
            if here == ref:
                found.append({"port": str(there), "when": when})
    return found


def _state(bundle: LoadedBundle, index: int) -> dict[str, Any]:
    edge = bundle.document.pipeline.feedback[index]
    port = bundle.document.pipeline.input_spec(edge.target)
    value = bundle.initial_values[edge.target]
    flat = value.reshape(-1)
    same = flat.size > 0 and bool((flat == flat[0]).all())
    return {
        "from": str(edge.source),
        "to": str(edge.target),
        "dtype": port.dtype,
        "shape": list(port.shape),
        "starts_at": flat[0].item() if same else None,
        "range": [value.min().item(), value.max().item()] if flat.size else None,
    }
