"""Reads of another node's declared inputs: what lies between is that node's program, not this one's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from leapp_core.errors import CaptureError
from leapp_core.spec.names import PortRef
from leapp_core.tracing.find.messages import call_name, where
from leapp_core.tracing.find.slicing import Slicer

if TYPE_CHECKING:
    from leapp_core.tracing.find.analysis import NodeAnalysis


def check_undeclared_edges(slicer: Slicer, found: NodeAnalysis, fed: frozenset[PortRef]) -> None:
    """Refuse a node whose program reads an input that only another node declared.

    Args:
        slicer: Slicer of the record.
        found: The node's analysis, also one with unexplained leaves.
        fed: Input ports of the session that an edge feeds.

    Raises:
        CaptureError: naming the call, the port and the node that declared it.
    """
    own = {d.info for d in found.step.inputs.values()}
    foreign = {
        d.info: d
        for d in slicer.recorder.declarations
        if d.node != found.node and d.role == "input" and d.info not in own
        if PortRef(d.node, d.port) not in fed
    }
    for index in found.sliced.events if foreign else ():
        event = slicer.recorder.events[index]
        for position in slicer.effects.of(event).reads:
            declared = foreign.get(event.ins[position])
            if declared is not None and declared.index <= index:
                raise CaptureError(
                    f"node {found.node!r}: {call_name(event)} reads input {declared.port!r} of node "
                    f"{declared.node!r} without declaring it (undeclared edge)",
                    where=where(slicer, event),
                    expected="values from other nodes as declared inputs",
                    fix=f"pass that node's output through session.input_tensors({found.node!r}, ...), or declare the "
                    "same input for both nodes",
                    code="C024",
                )
