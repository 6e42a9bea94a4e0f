"""Compare a program for many rows with the program for one, row by row, and name the call where they part."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from leapp_backends.common.failures import root_cause, where
from leapp_backends.common.functional import op_name
from leapp_core.errors import ExportError

if TYPE_CHECKING:
    import torch
    from torch.fx import GraphModule, Node

_LARGEST = 4
_TOLERANCE = {"float64": 1e-9, "float32": 1e-4, "float16": 2e-2, "bfloat16": 1e-1}


def verify(
    single: GraphModule,
    several: GraphModule,
    samples: Sequence[Sequence[torch.Tensor]],
    inputs: Sequence[int | None],
    outputs: Sequence[int | None],
    names: Sequence[str],
) -> None:
    """Run both with batch sizes 1 to 4 on captured inputs and on inputs around them.

    Args:
        single: The program for one row.
        several: The program for any number of rows.
        samples: Captured inputs of some steps, in positional order.
        inputs: Batch axis of each input (``None``: shared by all rows).
        outputs: Batch axis of each output.
        names: Output ports, for messages.

    Raises:
        ExportError: a row's result depends on other rows; names the first call where it does.
    """
    import torch

    generator = torch.Generator().manual_seed(0)
    for batch in range(1, _LARGEST + 1):
        rows = [_row(samples[at % len(samples)], samples[0], inputs, generator) for at in range(batch)]
        joined = [
            rows[0][at] if axis is None else torch.cat([row[at] for row in rows], axis)
            for at, axis in enumerate(inputs)
        ]
        with torch.no_grad():
            alone = [_outputs(single(*row)) for row in rows]
            together = _run_together(several, joined)
        for at, axis in enumerate(outputs):
            for row, expected in enumerate(alone):
                found = together[at] if axis is None else together[at].narrow(axis, row, 1)
                if not _close(found, expected[at]):
                    raise _mixed(single, several, rows, joined, at, names[at])


def _run_together(several: GraphModule, joined: Sequence[torch.Tensor]) -> Sequence[torch.Tensor]:
    try:
        return _outputs(several(*joined))
    except RuntimeError as error:
        raise ExportError(
            f"the batch size cannot be made dynamic: {root_cause(error)}",
            fix="export without dynamic_batch",
            code="X002",
        ) from error


def _row(
    sample: Sequence[torch.Tensor],
    shared: Sequence[torch.Tensor],
    inputs: Sequence[int | None],
    generator: torch.Generator,
) -> list[torch.Tensor]:
    """Return the inputs of one row: captured integers and flags, captured floats with some noise."""
    import torch

    row = []
    for tensor, common, axis in zip(sample, shared, inputs, strict=True):
        if axis is None:
            row.append(common)
        elif tensor.is_floating_point():
            noise = torch.randn(tensor.shape, generator=generator) * (0.1 + 0.1 * tensor.float().abs())
            row.append((tensor.float() + noise).to(tensor.dtype) if tensor.dtype != torch.float64 else tensor + noise)
        else:
            row.append(tensor)
    return row


def _outputs(value: Any) -> Sequence[torch.Tensor]:
    return value if isinstance(value, (tuple, list)) else (value,)


def _close(found: torch.Tensor, expected: torch.Tensor) -> bool:
    import torch

    if found.shape != expected.shape or found.dtype != expected.dtype:
        return False
    if not found.is_floating_point():
        return torch.equal(found, expected)
    tolerance = _TOLERANCE[str(found.dtype).removeprefix("torch.")]
    return torch.allclose(found.double(), expected.double(), rtol=tolerance, atol=tolerance, equal_nan=True)


def _mixed(
    single: GraphModule,
    several: GraphModule,
    rows: Sequence[Sequence[torch.Tensor]],
    joined: Sequence[torch.Tensor],
    at: int,
    output: str,
) -> ExportError:
    """Return the error; runs both programs once more, keeping every intermediate value."""
    together = dict(_trace(several, joined))
    alone = [dict(_trace(single, row)) for row in rows]
    for node in single.graph.nodes:
        if node.op == "call_function" and _parts(node, alone, together):
            return ExportError(
                f"the batch size cannot be made dynamic: {op_name(node)} mixes rows of the batch",
                where=where(node),
                fix="write it per row (along another axis), or export without dynamic_batch",
                code="X002",
            )
    return ExportError(
        f"the batch size cannot be made dynamic: output {output!r} of a row depends on the other rows",
        where=where(_source(single, at)),
        fix="export without dynamic_batch",
        code="X002",
    )


def _source(module: GraphModule, at: int) -> Node:
    """Return the last call in the user's code that made an output; copies of our own say no line."""
    returned: Any = next(reversed(module.graph.nodes)).args[0]
    node: Node = returned[at]
    while "stack_trace" not in node.meta and node.all_input_nodes:
        node = node.all_input_nodes[0]
    return node


def _trace(module: GraphModule, inputs: Sequence[torch.Tensor]) -> Iterator[tuple[str, Any]]:
    import torch
    from torch import fx

    kept: dict[str, Any] = {}

    class Keeping(fx.Interpreter):
        def run_node(self, n: Node) -> Any:
            kept[n.name] = result = super().run_node(n)
            return result

    with torch.no_grad():
        Keeping(module).run(*inputs)
    yield from kept.items()


def _parts(node: Node, alone: Sequence[Mapping[str, Any]], together: Mapping[str, Any]) -> bool:
    """Return whether a call's rows differ where they can be told apart (one axis larger, by the number of rows)."""
    import torch

    found = together.get(node.name)
    expected = [values[node.name] for values in alone]
    if not isinstance(found, torch.Tensor) or not isinstance(expected[0], torch.Tensor):
        return False
    axes = [axis for axis in range(found.dim()) if found.shape[axis] != expected[0].shape[axis]]
    if len(axes) != 1 or found.shape[axes[0]] != len(alone) or expected[0].shape[axes[0]] != 1:
        return False
    return any(not _close(found.narrow(axes[0], row, 1), value) for row, value in enumerate(expected))
