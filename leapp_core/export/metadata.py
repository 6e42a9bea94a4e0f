"""Facts for the artifact itself, so that the file alone says what its tensors mean and how its state is wired."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from leapp_core.plugins.exporters import NodeProgram
from leapp_core.spec.encode import encode_port

if TYPE_CHECKING:
    from leapp_core.tracing.result import CapturedPipeline

_MAX_INITIAL = 4096


def artifact_metadata(captured: CapturedPipeline, program: NodeProgram) -> dict[str, str]:
    """Return names to JSON text; numbers are written so that they read back exactly.

    ``leapp.feedback`` maps the node's outputs to its own inputs that take them in the next step;
    ``leapp.initial_values`` holds what these inputs are before the first step. Where that is too long,
    ``leapp.initial_fill`` holds one number for each of them whose elements are all that number.
    """
    node = program.spec
    spec = captured.spec
    own = {
        edge.source.port: edge.target.port
        for edge in spec.feedback
        if edge.source.node == node.name and edge.target.node == node.name
    }
    facts: dict[str, Any] = {
        "leapp.graph": captured.name,
        "leapp.node": node.name,
        "leapp.inputs": [encode_port(port) for port in node.inputs],
        "leapp.outputs": [encode_port(port) for port in node.outputs],
        "leapp.feedback": own,
        "leapp.configs": {"frequency": spec.configs.frequency, **spec.configs.extra},
        "leapp.data_flow": _edges(spec.data_flow, node.name),
        "leapp.feedback_flow": _edges(spec.feedback, node.name),
    }
    if shared := _edges(spec.shared_inputs, node.name):
        facts["leapp.shared_inputs"] = shared
    values = {ref.port: value for ref, value in captured.initial_values.items() if ref.node == node.name}
    if sum(value.numel() for value in values.values()) <= _MAX_INITIAL:
        first = {port: value.tolist() for port, value in values.items()}
        facts |= {"leapp.initial_values": first} if first else {}
    else:
        full = {port: value.flatten() for port, value in values.items() if value.numel()}
        alike = {port: value[0].item() for port, value in full.items() if (value == value[0]).all()}
        facts |= {"leapp.initial_fill": alike} if alike else {}
    return {key: json.dumps(value, ensure_ascii=False) for key, value in facts.items()}


def _edges(edges: Any, node: str) -> list[list[str]]:
    return [[str(e.source), str(e.target)] for e in edges if node in (e.source.node, e.target.node)]
