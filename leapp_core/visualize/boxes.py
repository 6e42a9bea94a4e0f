"""The boxes of a picture: a node with its ports and state, what comes from outside and what goes there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from leapp_core.spec.document import ArtifactRef
from leapp_core.spec.pipeline import Edge, NodeSpec
from leapp_core.spec.port import PortSpec
from leapp_core.visualize.labels import cell, html_table, lines, names_text, rich_text, size_text

INK = "#1f2d3a"
FAINT = "#586674"
NODE = "#24476b"
NODE_TEXT = "#c9d8e8"
STATE = "#8f5200"
STATE_FILL = "#fff3df"
INPUT = "#2f669e"
INPUT_FILL = "#f3f8fd"
OUTPUT = "#2f7446"
OUTPUT_FILL = "#f3faf4"

STATE_SOURCE = "state_out"
STATE_TARGET = "state_in"
_SMALL = 9


def anchor(direction: str, index: int) -> str:
    """Return the Graphviz port of the port with that index: user's names could hold anything."""
    return f"{direction}{index}"


def node_box(node: NodeSpec, artifact: ArtifactRef | None, own: Sequence[Edge], initial: Mapping[str, str]) -> str:
    """Return the label of a node: name and artifact, its state, then inputs on the left and outputs on the right.

    Args:
        node: The node.
        artifact: Its file.
        own: Feedback from its outputs to its own inputs.
        initial: What its state starts as, by input port.
    """
    rows = [cell(_title(node, artifact), colspan=2, bgcolor=NODE, cellpadding=7)]
    rows += _state_rows(node, own, initial)
    kept = {edge.target.port for edge in own}
    inputs = [(i, port) for i, port in enumerate(node.inputs) if port.name not in kept]
    made = state_outputs(own)
    outputs = [(i, port) for i, port in enumerate(node.outputs) if port.name not in made]
    for row in range(max(len(inputs), len(outputs))):
        left = _port_cell("i", *inputs[row], "LEFT") if row < len(inputs) else cell("")
        right = _port_cell("o", *outputs[row], "RIGHT") if row < len(outputs) else cell("")
        rows.append(left + right)
    return html_table(rows, border=NODE)


def _title(node: NodeSpec, artifact: ArtifactRef | None) -> str:
    name = rich_text(node.name, size=14, color="white", bold=True)
    if artifact is None:
        return name
    opset = artifact.parameters.get("opset_version")
    facts = f"{artifact.path} · {artifact.format}" + (f", opset {opset}" if opset is not None else "")
    return f"{name}<BR/>{rich_text(facts, size=_SMALL, color=NODE_TEXT)}"


def state_outputs(own: Sequence[Edge]) -> frozenset[str]:
    """Return output ports that only carry state: ``X_out`` that feeds ``X_in``."""
    return frozenset(
        edge.source.port
        for edge in own
        if edge.source.port.removesuffix("_out") == edge.target.port.removesuffix("_in")
    )


def _state_rows(node: NodeSpec, own: Sequence[Edge], initial: Mapping[str, str]) -> list[str]:
    if not own:
        return []
    head = cell(
        rich_text("state, kept for the next step", size=_SMALL, color=STATE),
        align="LEFT",
        bgcolor=STATE_FILL,
        port=STATE_TARGET,
    ) + cell("", bgcolor=STATE_FILL, port=STATE_SOURCE)
    return [head, *(_state_row(node.input(edge.target.port), edge, initial) for edge in own)]


def _state_row(port: PortSpec, edge: Edge, initial: Mapping[str, str]) -> str:
    name = port.name.removesuffix("_in")
    if edge.source.port.removesuffix("_out") != name:
        name = f"{name} ← {edge.source.port}"
    start = initial.get(port.name)
    size = size_text(port) + (f", starts {start}" if start else "")
    return cell(rich_text(name, color=INK), align="LEFT", bgcolor=STATE_FILL) + cell(
        rich_text(size, size=_SMALL, color=FAINT), align="RIGHT", bgcolor=STATE_FILL
    )


def _port_cell(direction: str, index: int, port: PortSpec, align: str) -> str:
    return cell(rich_text(port.name, color=INK), port=anchor(direction, index), align=align)


def outside_box(title: str, ports: Sequence[tuple[int, PortSpec]], direction: str) -> str:
    """Return the label of the ports that come from outside or go there.

    Args:
        title: What they are.
        ports: Index of the port in its node, and the port.
        direction: ``i`` for inputs, ``o`` for outputs.
    """
    border, fill = (INPUT, INPUT_FILL) if direction == "i" else (OUTPUT, OUTPUT_FILL)
    rows = [cell(rich_text(title, size=_SMALL, color=border, bold=True), colspan=2, align="LEFT")]
    rows += [_outside_row(index, port, direction) for index, port in ports]
    return html_table(rows, border=border, background=fill, style="ROUNDED")


def _outside_row(index: int, port: PortSpec, direction: str) -> str:
    about = lines(
        (
            rich_text(port.name, color=INK, bold=True),
            rich_text(str(port.kind), size=_SMALL, color=FAINT) if port.kind not in (None, port.name) else "",
            rich_text(names_text(port), size=_SMALL, color=FAINT) if names_text(port) else "",
        ),
        "LEFT",
    )
    size = rich_text(size_text(port), size=_SMALL, color=FAINT)
    left = cell(about, align="LEFT", balign="LEFT", port=anchor(direction, index) if direction == "o" else None)
    return left + cell(size, align="RIGHT", port=anchor(direction, index) if direction == "i" else None)
