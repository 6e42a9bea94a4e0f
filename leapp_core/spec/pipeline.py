"""Nodes and how they are wired."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from leapp_core.spec.names import PortRef
from leapp_core.spec.port import PortSpec


@dataclass(frozen=True)
class NodeSpec:
    """A node's interface; the order of ``inputs`` is the positional order of its artifact."""

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
    """A wire from an output port to an input port."""

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
        configs: Frequency and user settings.
    """

    nodes: tuple[NodeSpec, ...]
    data_flow: tuple[Edge, ...] = ()
    feedback: tuple[Edge, ...] = ()
    inputs: tuple[PortRef, ...] = ()
    outputs: tuple[PortRef, ...] = ()
    configs: GraphConfigs = field(default_factory=GraphConfigs)

    def node(self, name: str) -> NodeSpec:
        """Return the node of that name (KeyError if there is none)."""
        return {n.name: n for n in self.nodes}[name]

    def input_spec(self, ref: PortRef) -> PortSpec:
        """Return the input port ``ref`` names (KeyError if there is none)."""
        return self.node(ref.node).input(ref.port)

    def output_spec(self, ref: PortRef) -> PortSpec:
        """Return the output port ``ref`` names (KeyError if there is none)."""
        return self.node(ref.node).output(ref.port)
