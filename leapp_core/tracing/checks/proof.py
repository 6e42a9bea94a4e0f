"""What the recording could not prove, said plainly."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from leapp_core.tracing.find.analysis import NodeAnalysis
from leapp_core.tracing.find.slicing import Slicer
from leapp_core.tracing.record.numbers import MOST_TURNS


def unproven(slicer: Slicer, found: NodeAnalysis, built: Any) -> tuple[str, ...]:
    """Return the checks that could not be made for a node."""
    steps = len(found.steps)
    points = []
    if steps == 1:
        points.append(
            f"node {found.node!r}: one step was captured, so constants cannot be told from live values, Python "
            "numbers that change from step to step are not seen, and state kept by reference is not found"
        )
    elif steps == 2:
        points.append(
            f"node {found.node!r}: two steps were captured, so a first step that differs cannot be told from the rest"
        )
    points += [
        f"node {found.node!r}: the `while` loop at {Path(file).name}:{line} turns {MOST_TURNS} times at most in the "
        "program; a step in which it would turn more often is not exact"
        for file, line in sorted({(file, line) for file, line, _ in slicer.recorder.numbers.bounded})
    ]
    return tuple(points)
