"""Make the functional program that backends receive."""

from __future__ import annotations

import operator
import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import torch
from torch._ops import OpOverload
from torch.fx import GraphModule

from leapp_core.errors import CaptureError

try:
    from torch._export.utils import _is_preservable_cia_op as _is_kept
except ImportError:  # a version that does not say so: every composite operator is visited
    _is_kept = None  # type: ignore[assignment]

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
        code="C028",
    )
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            exported = _functional(torch.export.export(module, tuple(inputs), strict=False))
    except (RuntimeError, ValueError, TypeError, AssertionError) as error:
        if dynamic:
            raise varying from error
        first = str(error).strip().splitlines()
        raise CaptureError(
            f"node {node!r}: PyTorch cannot export the captured program: {first[0] if first else type(error).__name__}",
            expected="operators with shapes that do not depend on values",
            fix="replace selections of a varying number of elements with torch.where",
            code="C029",
        ) from error
    cleaned = clean_program(exported, extra)
    if dynamic and _has_varying_shape(cleaned):
        raise varying
    return cleaned


def _functional(exported: ExportedProgram) -> ExportedProgram:
    """Return the program without in-place calls and composite operators that may give a view.

    ``run_decompositions`` visits every composite operator that PyTorch has, which takes longer than all the rest. Where
    a graph holds no call that it would change, it would return the same graph.
    """
    calls = [node.target for node in exported.graph.nodes if node.op == "call_function"]
    if not all(map(_stays, calls)):
        decomposed: ExportedProgram = exported.run_decompositions({})
        return decomposed
    return torch.export.ExportedProgram(
        root=exported.graph_module,
        graph=exported.graph,
        graph_signature=exported.graph_signature,
        state_dict=exported.state_dict,
        range_constraints=exported.range_constraints,
        module_call_graph=exported.module_call_graph,
        example_inputs=exported.example_inputs,
        constants=exported.constants,
    )


def _stays(call: Any) -> bool:
    """Return whether an empty table of decompositions leaves a call as it is: composites that only compute, too."""
    if call is operator.getitem:
        return True
    if not isinstance(call, OpOverload) or call.namespace != "aten" or call._schema.is_mutable:
        return False
    composite = torch._C._dispatch_has_kernel_for_dispatch_key(call._name, "CompositeImplicitAutograd")
    return not composite or (_is_kept is not None and _is_kept(call))


def _has_varying_shape(exported: ExportedProgram) -> bool:
    values = (node.meta.get("val") for node in exported.graph.nodes)
    tensors = (v for v in values if isinstance(v, torch.Tensor))
    return any(not isinstance(size, int) for tensor in tensors for size in tensor.shape)
