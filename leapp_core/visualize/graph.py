"""From a bundle's document to a Graphviz graph. The same document always gives the same graph."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from leapp_core.spec.document import BundleDocument
from leapp_core.spec.names import PortRef
from leapp_core.spec.pipeline import NodeSpec, PipelineSpec
from leapp_core.visualize import boxes
from leapp_core.visualize.labels import rich_text, size_text

if TYPE_CHECKING:
    import pydot

FONT = "Helvetica"


def build_graph(document: BundleDocument, initial: Mapping[PortRef, str] | None = None) -> pydot.Dot:
    """Return the picture: outside inputs on the left, nodes in execution order, outside outputs on the right.

    State of a node is listed inside it, with one dashed loop; feedback between nodes is dashed too.

    Args:
        document: What to draw.
        initial: What state starts as, in words, by fed-back input.
    """
    import pydot

    graph = pydot.Dot(
        "pipeline",
        graph_type="digraph",
        rankdir="LR",
        nodesep="0.25",
        ranksep="0.8",
        pad="0.25",
        dpi="144",
        bgcolor="white",
        fontname=FONT,
        labelloc="t",
        labeljust="l",
        label=f"<{rich_text(_title(document), size=15, color=boxes.INK, bold=True)}<BR ALIGN='LEFT'/>>",
    )
    graph.set_node_defaults(shape="plain", fontname=FONT, fontsize="11")
    graph.set_edge_defaults(color=boxes.INK, arrowsize="0.7", penwidth="1.1", fontname=FONT, fontsize="9")
    pipeline = document.pipeline
    for index, node in enumerate(pipeline.nodes):
        _add_node(graph, document, index, node, initial or {})
    for edge in pipeline.data_flow:
        ends = (_place(pipeline, edge.source, "o"), _place(pipeline, edge.target, "i"))
        graph.add_edge(pydot.Edge(*ends, label=_size(pipeline, edge.source)))
    for edge in pipeline.feedback:
        if edge.source.node != edge.target.node:
            graph.add_edge(_feedback(_place(pipeline, edge.source, "o"), _place(pipeline, edge.target, "i")))
    return graph


def _title(document: BundleDocument) -> str:
    frequency = document.pipeline.configs.frequency
    return document.name + (f"  ({frequency:g} Hz)" if frequency else "")


def _add_node(
    graph: pydot.Dot, document: BundleDocument, index: int, node: NodeSpec, initial: Mapping[PortRef, str]
) -> None:
    import pydot

    pipeline = document.pipeline
    own = [edge for edge in pipeline.feedback if edge.source.node == edge.target.node == node.name]
    starts = {ref.port: text for ref, text in initial.items() if ref.node == node.name}
    label = boxes.node_box(node, document.artifacts.get(node.name), own, starts)
    graph.add_node(pydot.Node(_id("n", index), label=label))
    if own:
        name = _id("n", index)
        graph.add_edge(_feedback(f"{name}:{boxes.STATE_SOURCE}:e", f"{name}:{boxes.STATE_TARGET}:w"))
    _add_outside(graph, pipeline, index, node, "i")
    _add_outside(graph, pipeline, index, node, "o")


def _add_outside(graph: pydot.Dot, pipeline: PipelineSpec, index: int, node: NodeSpec, direction: str) -> None:
    import pydot

    refs = pipeline.inputs if direction == "i" else pipeline.outputs
    names = {ref.port for ref in refs if ref.node == node.name}
    every = node.inputs if direction == "i" else node.outputs
    shown = _drawn(pipeline, node, direction)
    ports = [(i, port) for i, port in enumerate(every) if port.name in names and port.name in shown]
    if not ports:
        return
    box = _id("in" if direction == "i" else "out", index)
    title = "INPUTS" if direction == "i" else "OUTPUTS"
    graph.add_node(pydot.Node(box, label=boxes.outside_box(title, ports, direction)))
    for i, _ in ports:
        at = boxes.anchor(direction, i)
        ends = (f"{box}:{at}:e", f"{_id('n', index)}:{at}:w")
        if direction == "o":
            ends = (f"{_id('n', index)}:{at}:e", f"{box}:{at}:w")
        graph.add_edge(pydot.Edge(*ends, weight="4"))


def _drawn(pipeline: PipelineSpec, node: NodeSpec, direction: str) -> frozenset[str]:
    """Return the ports that have a cell of their own in the node's box: all but those shown as state."""
    own = [edge for edge in pipeline.feedback if edge.source.node == edge.target.node == node.name]
    if direction == "i":
        return frozenset(port.name for port in node.inputs) - {edge.target.port for edge in own}
    return frozenset(port.name for port in node.outputs) - boxes.state_outputs(own)


def _place(pipeline: PipelineSpec, ref: PortRef, direction: str) -> str:
    names = [node.name for node in pipeline.nodes]
    node = pipeline.node(ref.node)
    ports = node.inputs if direction == "i" else node.outputs
    index = [port.name for port in ports].index(ref.port)
    side = "w" if direction == "i" else "e"
    return f"{_id('n', names.index(ref.node))}:{boxes.anchor(direction, index)}:{side}"


def _feedback(source: str, target: str) -> pydot.Edge:
    import pydot

    return pydot.Edge(source, target, style="dashed", color=boxes.STATE, constraint="false")


def _size(pipeline: PipelineSpec, source: PortRef) -> str:
    return f"<{rich_text(size_text(pipeline.output_spec(source)), color=boxes.FAINT)}>"


def _id(kind: str, index: int) -> str:
    return f"{kind}_{index}"
