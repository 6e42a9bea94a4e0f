"""Make the functional program that backends receive."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch
from torch.fx import GraphModule

from leapp_core.errors import CaptureError

if TYPE_CHECKING:
    from torch.export import ExportedProgram

    from leapp_core.plugins.exporters import ProgramPass


def to_exported(
    node: str, module: GraphModule, inputs: Sequence[torch.Tensor], extra: Sequence[ProgramPass] = ()
) -> ExportedProgram:
    """Functionalise a node's graph, clean it and return it as an ``ExportedProgram``.

    Args:
        node: Node name, for messages.
        module: Graph with in-place calls.
        inputs: Example inputs in positional order.
        extra: Passes of plugins, run after ours.

    Raises:
        CaptureError: PyTorch cannot export the graph (a shape that depends on values, an unknown operator).
    """
    from leapp_core.program.passes import clean_program

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            exported = torch.export.export(module, tuple(inputs), strict=False).run_decompositions({})
    except (RuntimeError, ValueError, TypeError, AssertionError) as error:
        first = str(error).strip().splitlines()
        raise CaptureError(
            f"node {node!r}: PyTorch cannot export the captured program: {first[0] if first else type(error).__name__}",
            expected="operators with shapes that do not depend on values",
            fix="replace selections of a varying number of elements with torch.where",
        ) from error
    return clean_program(exported, extra)
