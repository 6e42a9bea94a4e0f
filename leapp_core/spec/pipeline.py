"""Nodes and how they are wired."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from leapp_core.spec.names import PortRef
from leapp_core.spec.port import PortSpec


@dataclass(frozen=True)
class NodeSpec:
    """A node's interface.

    Attributes:
        name: Unique within the pipeline.
        inputs: Ports that are read, in the positional order of the artifact.
        outputs: Ports that are written, in the positional order of the artifact.
    """

    name: str
    inputs: tuple[PortSpec, ...]
    outputs: tuple[PortSpec, ...]

    def input(self, port: str) -> PortSpec:
        """Return the input port of that name (KeyError if there is none)."""
        return {p.name: p for p in self.inputs}[port]

    def output(self, port: str) -> PortSpec:
        """Return the output port of that name (KeyError if there is none)."""
        return {p.name: p for p in self.outputs}[port]


@dataclass(frozen=True, order=True)
class Edge:
    """A wire from an output port to an input port.

    Attributes:
        source: The output port.
        target: The input port that gets its value.
    """

    source: PortRef
    target: PortRef


@dataclass(frozen=True)
class GraphConfigs:
    """Settings of the whole pipeline.

    Attributes:
        frequency: Control steps per second (Hz), if known.
        extra: Further keys for ``pipeline.configs``.
    """

    frequency: float | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class PipelineSpec:
    """Nodes in execution order and their wiring.

    Attributes:
        nodes: In an order that respects ``data_flow``.
        data_flow: Edges within one control step.
        feedback: Edges to the next control step.
        inputs: Ports fed from outside.
        outputs: Ports returned to outside; a port that is also fed back is listed too.
        shared_inputs: Ports of ``inputs`` that are one tensor: the source is asked for, the target takes its value.
        configs: Frequency and user settings.
    """

    nodes: tuple[NodeSpec, ...]
    data_flow: tuple[Edge, ...] = ()
    feedback: tuple[Edge, ...] = ()
    inputs: tuple[PortRef, ...] = ()
    outputs: tuple[PortRef, ...] = ()
    configs: GraphConfigs = field(default_factory=GraphConfigs)
    shared_inputs: tuple[Edge, ...] = ()

    def node(self, name: str) -> NodeSpec:
        """Return the node of that name (KeyError if there is none)."""
        return {n.name: n for n in self.nodes}[name]

    def input_spec(self, ref: PortRef) -> PortSpec:
        """Return the input port ``ref`` names (KeyError if there is none)."""
        return self.node(ref.node).input(ref.port)

    def asked_inputs(self) -> tuple[PortRef, ...]:
        """Return the ports of ``inputs`` without those that take the value of another."""
        taken = {edge.target for edge in self.shared_inputs}
        return tuple(ref for ref in self.inputs if ref not in taken)

    def output_spec(self, ref: PortRef) -> PortSpec:
        """Return the output port ``ref`` names (KeyError if there is none)."""
        return self.node(ref.node).output(ref.port)


def still_shared(pipeline: PipelineSpec) -> PipelineSpec:
    """Return the pipeline with only such ``shared_inputs`` as its ports still allow.

    Where ports were taken out or were given other types or sizes, the rest of a group stays shared.
    """
    groups: dict[PortRef, list[PortRef]] = {}
    for edge in pipeline.shared_inputs:
        groups.setdefault(edge.source, [edge.source]).append(edge.target)
    edges: list[Edge] = []
    for group in groups.values():
        left = [ref for ref in group if ref in pipeline.inputs]
        ports = [pipeline.input_spec(ref) for ref in left]
        edges += [
            Edge(left[0], ref)
            for ref, port in zip(left[1:], ports[1:], strict=True)
            if (port.dtype, port.shape) == (ports[0].dtype, ports[0].shape)
        ]
    return replace(pipeline, shared_inputs=tuple(edges))
