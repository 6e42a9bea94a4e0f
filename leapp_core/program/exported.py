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
    node: str,
    module: GraphModule,
    inputs: Sequence[torch.Tensor],
    dynamic: Sequence[str] = (),
    extra: Sequence[ProgramPass] = (),
) -> ExportedProgram:
    """Functionalise a node's graph, clean it and return it as an ``ExportedProgram``.

    Args:
        node: Node name, for messages.
        module: Graph with in-place calls.
        inputs: Example inputs in positional order.
        dynamic: Where in the user's code shapes came to depend on values.
        extra: Passes of plugins, run after ours.

    Raises:
        CaptureError: PyTorch cannot export the graph (a shape that depends on values, an unknown operator).
    """
    from leapp_core.program.passes import clean_program

    varying = CaptureError(
        f"node {node!r}: a shape depends on values",
        where=dynamic[0] if dynamic else None,
        expected="shapes that are the same in every step",
        fix="compute for all elements and choose with torch.where or masked_fill",
    )
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            exported = torch.export.export(module, tuple(inputs), strict=False).run_decompositions({})
    except (RuntimeError, ValueError, TypeError, AssertionError) as error:
        if dynamic:
            raise varying from error
        first = str(error).strip().splitlines()
        raise CaptureError(
            f"node {node!r}: PyTorch cannot export the captured program: {first[0] if first else type(error).__name__}",
            expected="operators with shapes that do not depend on values",
            fix="replace selections of a varying number of elements with torch.where",
        ) from error
    cleaned = clean_program(exported, extra)
    if dynamic and _has_varying_shape(cleaned):
        raise varying
    return cleaned


def _has_varying_shape(exported: ExportedProgram) -> bool:
    values = (node.meta.get("val") for node in exported.graph.nodes)
    tensors = (v for v in values if isinstance(v, torch.Tensor))
    return any(not isinstance(size, int) for tensor in tensors for size in tensor.shape)
