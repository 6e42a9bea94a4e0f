"""The dynamic batch option: find the batch axis of every port, rewrite, export again, verify."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from leapp_core.errors import ExportError
from leapp_core.plugins.exporters import NodeProgram
from leapp_core.spec.port import PortSpec

if TYPE_CHECKING:
    from torch.fx import GraphModule

    from leapp_backends.batch.widen import Widened

BATCH = "batch"
"""Name of the symbolic size."""


def apply_batch(program: NodeProgram, wanted: bool) -> NodeProgram:
    """Return the program, with a symbolic batch axis in its ports if ``wanted``.

    The batch axis of a port is axis 0 if its size is 1; of state it is the axis that the program's own results have
    (axis 1 for the hidden state of recurrent layers). Ports without such an axis are shared by all rows.

    Raises:
        ExportError: a call cannot be computed row by row; it is named.
    """
    if not wanted:
        return program
    from leapp_backends.common.functional import standalone

    module = standalone(program.exported)
    axes = _leading_axes(program)
    if not any(axis is not None for axis in axes.values()):
        raise ExportError(
            f"node {program.spec.name!r} has no input with a leading axis of size 1, so no batch axis to make dynamic",
            fix="give inputs a batch axis, or export without dynamic_batch",
            code="X002",
        )
    names = [node.name for node in module.graph.nodes if node.op == "placeholder"]
    axes = _settle(program, module, names, axes)
    inputs = [axes[port.name] for port in program.spec.inputs]
    widened = _verified(program, module, names, axes)
    exported = _export(program, widened, inputs)
    spec = replace(
        program.spec,
        inputs=_symbolic(program.spec.inputs, inputs),
        outputs=_symbolic(program.spec.outputs, widened.outputs),
    )
    return replace(program, spec=spec, exported=exported)


def _leading_axes(program: NodeProgram) -> dict[str, int | None]:
    return {port.name: _leading(port) for port in program.spec.inputs}


def _leading(port: PortSpec) -> int | None:
    return 0 if port.shape and port.shape[0] == 1 else None


def _settle(
    program: NodeProgram, module: GraphModule, names: Sequence[str], axes: Mapping[str, int | None]
) -> dict[str, int | None]:
    """Find the batch axis of state: begin without one, take what the results have, until nothing changes."""
    from leapp_backends.batch.search import widen

    ports = program.spec.inputs
    leading = [_leading(port) for port in program.spec.outputs]
    state = set(program.feedback.values())
    current = {name: None if name in state else axis for name, axis in axes.items()}
    if not any(axis is not None for axis in current.values()):
        current = dict(axes)
    for _ in range(len(state) + 2):
        widened = next(widen(module, _by_placeholder(names, ports, current), _wanted(program, leading, current)))
        found = dict(current)
        for at, port in enumerate(program.spec.outputs):
            target = program.feedback.get(port.name)
            if target is not None:
                found[target] = widened.outputs[at] if widened.outputs[at] is not None else axes[target]
        if found == current:
            return current
        current = found
    raise ExportError(
        f"the batch axis of the state of node {program.spec.name!r} moves from step to step",
        fix="export without dynamic_batch",
        code="X002",
    )


def _verified(
    program: NodeProgram, module: GraphModule, names: Sequence[str], axes: Mapping[str, int | None]
) -> Widened:
    """Return the first rewriting whose rows are what the program computes for one row."""
    from leapp_backends.batch.search import widen
    from leapp_backends.batch.verify import verify

    inputs = [axes[port.name] for port in program.spec.inputs]
    samples = [program.sample_inputs(step) for step in range(len(program.samples))]
    leading = [_leading(port) for port in program.spec.outputs]
    names_of_outputs = [port.name for port in program.spec.outputs]
    failure: ExportError | None = None
    for widened in widen(module, _by_placeholder(names, program.spec.inputs, axes), _wanted(program, leading, axes)):
        try:
            verify(module, widened.module, samples, inputs, widened.outputs, names_of_outputs)
        except ExportError as error:
            failure = failure or error
        else:
            return widened
    assert failure is not None
    raise failure


def _by_placeholder(
    names: Sequence[str], ports: Sequence[PortSpec], axes: Mapping[str, int | None]
) -> dict[str, int | None]:
    return {name: axes[port.name] for name, port in zip(names, ports, strict=True)}


def _wanted(program: NodeProgram, leading: Sequence[int | None], axes: Mapping[str, int | None]) -> list[int | None]:
    """Return the axis along which each output is repeated if all rows share it: for state, that of its input."""
    return [
        axes[program.feedback[port.name]] if port.name in program.feedback else leading[at]
        for at, port in enumerate(program.spec.outputs)
    ]


def _export(program: NodeProgram, widened: Widened, inputs: Sequence[int | None]) -> Any:
    import torch

    from leapp_backends.common.failures import root_cause
    from leapp_backends.common.quiet import quiet

    size = torch.export.Dim(BATCH)
    examples = tuple(
        tensor if axis is None else torch.cat([tensor] * 3, axis)
        for tensor, axis in zip(program.sample_inputs(), inputs, strict=True)
    )
    shapes = tuple(None if axis is None else {axis: size} for axis in inputs)
    try:
        with quiet(), torch.no_grad():
            exported = torch.export.export(widened.module, examples, dynamic_shapes=shapes, strict=False)
            return exported.run_decompositions({})
    except (RuntimeError, ValueError, AssertionError, TypeError) as error:
        raise ExportError(
            f"the batch size of node {program.spec.name!r} cannot be made dynamic: {root_cause(error)}",
            fix="export without dynamic_batch",
            code="X002",
        ) from error


def _symbolic(ports: Sequence[PortSpec], axes: Sequence[int | None]) -> tuple[PortSpec, ...]:
    return tuple(
        port if axis is None else replace(port, shape=(*port.shape[:axis], BATCH, *port.shape[axis + 1 :]))
        for port, axis in zip(ports, axes, strict=True)
    )
