"""Memory from outside that a decision chose from and that something else writes."""

from __future__ import annotations

from leapp_core.errors import CaptureError
from leapp_core.tracing.find.analysis import NodeAnalysis
from leapp_core.tracing.find.slicing import Slicer


def check_chosen(slicer: Slicer, found: NodeAnalysis) -> None:
    """Refuse memory that changes unrecorded after a decision chose from it.

    Args:
        slicer: Slicer of the record.
        found: The node's analysis.

    Raises:
        CaptureError: such memory changed.
    """
    if slicer.recorder.numbers.unsafe:
        raise CaptureError(
            f"node {found.node!r}: an if statement keeps a tensor whose memory something else writes later",
            expected="tensors of which the program keeps copies",
            fix="keep a clone: self.previous = x.clone()",
            code="C014",
        )
