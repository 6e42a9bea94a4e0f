"""Check an artifact with a symbolic batch size row by row."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from leapp_core.plugins.exporters import NodeProgram
from leapp_core.plugins.runners import ModelSession
from leapp_core.spec.pipeline import NodeSpec
from leapp_core.spec.port import PortSpec
from leapp_core.testing.programs import draw_like
from leapp_core.testing.subject import ContractBrokenError, compare, evaluate, run


def check_rows(program: NodeProgram, spec: NodeSpec, session: ModelSession, batch: int) -> None:
    """Run a batch of random rows and compare each with the program.

    Args:
        program: The program for one row.
        spec: The artifact's interface, with symbolic sizes.
        session: The loaded artifact.
        batch: Number of rows.

    Raises:
        ContractBrokenError: a row differs, or an output has another number of rows.
    """
    generator = torch.Generator().manual_seed(batch)
    axes = [batch_axis(port) for port in spec.inputs]
    rows = [_draw(program, generator) for _ in range(batch)]
    for row in rows:
        row[:] = [rows[0][at] if axis is None else row[at] for at, axis in enumerate(axes)]
    joined = {
        port.name: rows[0][at] if axis is None else torch.cat([row[at] for row in rows], axis)
        for at, (port, axis) in enumerate(zip(spec.inputs, axes, strict=True))
    }
    found = run(session, joined)
    for port in spec.outputs:
        axis = batch_axis(port)
        if axis is not None and found[port.name].shape[axis] != batch:
            raise ContractBrokenError(f"output {port.name!r} has {found[port.name].shape[axis]} rows for {batch}")
    for at, row in enumerate(rows):
        own = {port.name: _row(found[port.name], batch_axis(port), at) for port in spec.outputs}
        compare(program.spec, evaluate(program, row), own, f"row {at} of {batch}")


def batch_axis(port: PortSpec) -> int | None:
    """Return the axis with a symbolic size, or ``None``."""
    return next((axis for axis, size in enumerate(port.shape) if isinstance(size, str)), None)


def _draw(program: NodeProgram, generator: torch.Generator) -> list[torch.Tensor]:
    return [draw_like(program.samples[0].inputs[port.name], generator) for port in program.spec.inputs]


def _row(array: np.ndarray[Any, Any], axis: int | None, at: int) -> np.ndarray[Any, Any]:
    return array if axis is None else np.take(array, [at], axis=axis)
