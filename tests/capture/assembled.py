"""A captured pipeline as one callable step, straight from its programs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch

from leapp_core.spec.names import PortRef
from leapp_core.tracing.result import CapturedPipeline

Step = Callable[[Mapping[str, torch.Tensor]], dict[str, torch.Tensor]]


class Assembled:
    """Runs every node's program in order, carrying state and feedback.

    Args:
        captured: What capture gave.
        modules: Node name to something that takes tensors in the order of its input ports and returns a tuple.
    """

    def __init__(self, captured: CapturedPipeline, modules: Mapping[str, Callable[..., Any]] | None = None) -> None:
        self._captured = captured
        self._modules = modules or {name: p.exported.module() for name, p in captured.programs.items()}
        self._state = {ref: value.clone() for ref, value in captured.initial_values.items()}

    def __call__(self, inputs: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        """Run one step; inputs and outputs are named ``node/port``."""
        spec = self._captured.spec
        given = {ref: inputs[str(ref)] for ref in spec.inputs}
        values: dict[PortRef, torch.Tensor] = {**self._state, **given}
        forward = {edge.target: edge.source for edge in spec.data_flow}
        made: dict[PortRef, torch.Tensor] = {}
        for node in spec.nodes:
            refs = [PortRef(node.name, port.name) for port in node.inputs]
            with torch.no_grad():
                results = self._modules[node.name](
                    *(made[forward[ref]] if ref in forward else values[ref] for ref in refs)
                )
            made |= {PortRef(node.name, p.name): r for p, r in zip(node.outputs, results, strict=True)}
        self._state |= {edge.target: made[edge.source] for edge in spec.feedback}
        return {str(ref): value for ref, value in made.items()}


def worst_difference(wanted: torch.Tensor, got: torch.Tensor) -> float:
    """Return the largest difference relative to the size of the wanted values; infinite when sizes or types differ."""
    if wanted.shape != got.shape or wanted.dtype != got.dtype:
        return float("inf")
    if torch.equal(wanted, got) or wanted.numel() == 0:
        return 0.0
    if not wanted.dtype.is_floating_point:
        return float("inf")
    same = (wanted == got) | (wanted.isnan() & got.isnan())
    difference = (wanted.double() - got.double()).abs() / (1.0 + wanted.double().abs())
    return float(torch.where(same, 0.0, difference).nan_to_num(nan=float("inf")).max())
