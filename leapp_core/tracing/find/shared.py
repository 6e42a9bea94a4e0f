"""Inputs of several nodes that are one tensor, which a runtime need ask for only once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import torch

from leapp_core.spec.names import PortRef
from leapp_core.spec.pipeline import Edge
from leapp_core.spec.port import PortSpec
from leapp_core.tracing.find.steps import Step
from leapp_core.tracing.record.recorder import unrecorded


def find_shared(steps: Mapping[str, tuple[Step, ...]], inputs: Iterable[tuple[PortRef, PortSpec]]) -> tuple[Edge, ...]:
    """Return an edge from the first to each further input that is the same memory with the same values in every step.

    Inputs of different names are taken for one only if their values changed: one tensor of zeros may stand in for
    readings that have nothing to do with each other.

    Args:
        steps: By node.
        inputs: Those fed from outside, in order.
    """
    first: dict[tuple[object, ...], tuple[PortRef, PortSpec]] = {}
    edges = []
    with unrecorded():
        for ref, port in inputs:
            key = tuple(step.inputs[ref.port].info for step in steps[ref.node])
            source, other = first.setdefault(key, (ref, port))
            if source.node != ref.node and _says_no_other(port, other) and _same(steps, source, ref):
                edges.append(Edge(source, ref))
    return tuple(edges)


def _says_no_other(port: PortSpec, source: PortSpec) -> bool:
    """Return whether nothing is said of a port that is not said of the one whose value it takes."""
    kinds = port.kind in (None, source.kind)
    names = port.element_names in (None, source.element_names)
    return kinds and names and port.temporal_period_ms == source.temporal_period_ms


def _same(steps: Mapping[str, tuple[Step, ...]], source: PortRef, ref: PortRef) -> bool:
    one, other = ([step.inputs[r.port].value for step in steps[r.node]] for r in (source, ref))
    if not all(_equal(a, b) for a, b in zip(one, other, strict=True)):
        return False
    return source.port == ref.port or not all(_equal(one[0], value) for value in one)


def _equal(a: torch.Tensor, b: torch.Tensor) -> bool:
    return bool(((a == b) | ((a != a) & (b != b))).all())
