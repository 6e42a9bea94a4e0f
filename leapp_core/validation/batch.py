"""Recorded episodes side by side: what a bundle of any batch size must give row by row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from leapp_core.spec.names import PortRef
from leapp_core.spec.pipeline import PipelineSpec
from leapp_core.spec.port import PortSpec
from leapp_core.validation.episodes import Arrays, Episode, Step
from leapp_core.words import counted

if TYPE_CHECKING:
    import numpy as np

ROWS = 3


def batch_axis(port: PortSpec) -> int | None:
    """Return the axis of a port whose size is symbolic, ``None`` if all are numbers."""
    return next((axis for axis, size in enumerate(port.shape) if isinstance(size, str)), None)


def batched(episodes: Sequence[Episode], pipeline: PipelineSpec) -> Episode | None:
    """Return one episode whose rows are recorded ones.

    Args:
        episodes: Of one row each.
        pipeline: What the bundle states, sizes symbolic.

    Returns:
        ``None`` if no size is symbolic, an outside input has none that is, or there are too few episodes.
    """
    if any(batch_axis(pipeline.input_spec(ref)) is None for ref in pipeline.inputs) or not pipeline.inputs:
        return None
    longest = max((len(episode.steps) for episode in episodes), default=0)
    rows = [episode for episode in episodes if longest and len(episode.steps) == longest][:ROWS]
    if len(rows) < ROWS:
        return None
    steps = tuple(_stack([episode.steps[number] for episode in rows], pipeline) for number in range(longest))
    return Episode(counted(ROWS, "row"), steps)


def _stack(steps: Sequence[Step], pipeline: PipelineSpec) -> Step:
    outputs = {PortRef(node.name, port.name): port for node in pipeline.nodes for port in node.outputs}
    inputs = {ref: pipeline.input_spec(ref) for ref in pipeline.inputs}
    return Step(
        _join([step.inputs for step in steps], inputs),
        _join([step.outputs for step in steps], outputs),
        _join([step.slack for step in steps], outputs),
    )


def _join(rows: Sequence[Arrays], ports: Mapping[PortRef, PortSpec]) -> dict[PortRef, np.ndarray[Any, Any]]:
    import numpy as np

    joined = {}
    for ref, port in ports.items():
        if all(ref in row for row in rows):
            axis = batch_axis(port)
            joined[ref] = rows[0][ref] if axis is None else np.concatenate([row[ref] for row in rows], axis)
    return joined
