"""Symbolic sizes, such as the batch of a bundle exported with a dynamic batch: find their values, fill them in."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from leapp_core.errors import BundleError, RuntimeInputError, UsageError
from leapp_core.runtime.arrays import Array
from leapp_core.spec.dtypes import itemsize
from leapp_core.spec.names import PortRef
from leapp_core.spec.pipeline import NodeSpec, PipelineSpec
from leapp_core.spec.port import PortSpec
from leapp_core.suggest import suggest

MAX_BYTES = 4 << 30
"""What all ports of a pipeline may take together."""


def symbols(pipeline: PipelineSpec) -> tuple[str, ...]:
    """Return the names of the symbolic sizes of a pipeline's inputs.

    Raises:
        BundleError: an output or a fed-back input has a size that no outside input determines.
    """
    known = dict.fromkeys(_of(pipeline.input_spec(ref) for ref in pipeline.inputs))
    for node in pipeline.nodes:
        free = [name for name in _of((*node.inputs, *node.outputs)) if name not in known]
        if free:
            raise BundleError(
                f"size {free[0]!r} of node {node.name!r} is not a size of any input from outside",
                expected=f"one of {', '.join(known) or 'no symbolic sizes'}",
                code="B004",
            )
    return tuple(known)


def _of(ports: Iterable[PortSpec]) -> list[str]:
    return [size for port in ports for size in port.shape if isinstance(size, str)]


def with_sizes(pipeline: PipelineSpec, sizes: Mapping[str, int]) -> PipelineSpec:
    """Return the pipeline with every symbolic size replaced.

    Args:
        pipeline: With symbolic sizes.
        sizes: Values; a size that is not named is 1.
    """

    def fill(ports: tuple[PortSpec, ...]) -> tuple[PortSpec, ...]:
        return tuple(
            replace(port, shape=tuple(sizes.get(size, 1) if isinstance(size, str) else size for size in port.shape))
            for port in ports
        )

    nodes = tuple(NodeSpec(node.name, fill(node.inputs), fill(node.outputs)) for node in pipeline.nodes)
    return replace(pipeline, nodes=nodes)


def check_memory(pipeline: PipelineSpec) -> None:
    """Refuse a pipeline whose ports alone take more memory than a policy can mean.

    Args:
        pipeline: With concrete sizes.

    Raises:
        BundleError: naming the largest port.
    """
    sizes = {
        f"{node.name}/{port.name}": math.prod(int(size) for size in port.shape) * itemsize(port.dtype)
        for node in pipeline.nodes
        for port in (*node.inputs, *node.outputs)
    }
    if sum(sizes.values()) > MAX_BYTES:
        largest = max(sizes, key=lambda name: sizes[name])
        raise BundleError(
            f"the ports take {sum(sizes.values()) >> 20} MiB, {largest!r} alone {sizes[largest] >> 20} MiB",
            where=largest,
            expected=f"at most {MAX_BYTES >> 20} MiB for all ports together",
            code="B011",
        )


def check_sizes(sizes: Mapping[str, int], known: tuple[str, ...]) -> dict[str, int]:
    """Return sizes that a user gave.

    Raises:
        UsageError: an unknown name or no positive integer.
    """
    for name, size in sizes.items():
        if name not in known:
            raise UsageError(f"the bundle has no symbolic size {name!r}", expected=suggest(name, known), code="R010")
        if isinstance(size, bool) or not isinstance(size, (int, np.integer)) or size < 1:
            raise UsageError(f"size {name!r} is {size!r}", expected="a positive integer", code="R010")
    return {name: int(size) for name, size in sizes.items()}


def infer_sizes(
    pipeline: PipelineSpec, arrays: Mapping[PortRef, Any], refs: Iterable[PortRef] | None = None
) -> dict[str, int]:
    """Return the sizes that the arrays of a step have; arrays that do not fit at all are left to the input checks.

    Args:
        pipeline: With symbolic sizes.
        arrays: By input port.
        refs: Ports to look at; by default those fed from outside.

    Raises:
        RuntimeInputError: two inputs disagree, or a size is zero.
    """
    found: dict[str, tuple[int, PortRef]] = {}
    for ref in pipeline.inputs if refs is None else refs:
        # What has no shape of its own, such as nested lists, is refused by the input checks.
        shape = tuple(getattr(arrays.get(ref), "shape", ()))
        stated = pipeline.input_spec(ref).shape
        if len(shape) != len(stated):
            continue
        for name, size in zip(stated, shape, strict=True):
            if not isinstance(name, str):
                continue
            if size == 0:
                raise RuntimeInputError(
                    f"input {str(ref)!r} has {name} 0", where=str(ref), expected="one row or more", code="R010"
                )
            first, owner = found.setdefault(name, (int(size), ref))
            if first != size:
                raise RuntimeInputError(
                    f"inputs {str(owner)!r} and {str(ref)!r} disagree on {name!r}: {first} and {size}",
                    where=str(ref),
                    expected=f"one {name} for all inputs of a step",
                    code="R010",
                )
    return {name: size for name, (size, _ref) in found.items()}


def expand(value: Array, port: PortSpec, ref: PortRef) -> Array:
    """Return an initial value in the size of its port; it was saved for one environment and serves each alike.

    Raises:
        BundleError: it cannot be repeated to that size.
    """
    shape = tuple(int(size) for size in port.shape)
    try:
        return np.array(np.broadcast_to(value, shape))
    except ValueError as error:
        raise BundleError(
            f"the initial value of {str(ref)!r} has shape {list(value.shape)}, its port {list(shape)}",
            where=str(ref),
            code="B004",
        ) from error


def batch_axis(port: PortSpec, rows: int, symbolic: PortSpec) -> int:
    """Return the axis of a state that counts environments: the symbolic one, else one of the first two of that size.

    A GRU's hidden state has its layers first, so axis 0 is not always it.

    Args:
        port: The fed-back input with concrete sizes.
        rows: Environments in the batch.
        symbolic: The same port as the bundle states it.

    Raises:
        RuntimeInputError: no axis, or two, can be it.
    """
    named = [axis for axis, size in enumerate(symbolic.shape) if isinstance(size, str)]
    fitting = [axis for axis in (named or range(min(2, len(port.shape)))) if port.shape[axis] == rows]
    if not fitting:
        raise RuntimeInputError(
            f"the mask has {rows} entries, state {port.name!r} has shape {list(port.shape)}",
            where=port.name,
            expected="one entry per environment of the batch",
            code="R009",
        )
    if len(fitting) > 1 and len(port.shape) > 2 and rows > 1 and not named:
        raise RuntimeInputError(
            f"state {port.name!r} of shape {list(port.shape)} has two axes that may count environments",
            where=port.name,
            fix="export with a dynamic batch, which names the axis",
            code="R009",
        )
    return fitting[0]
