"""Symbolic sizes for the TorchScript tracer, which records a size only where Python code asks for it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from leapp_backends.common.failures import unsupported
from leapp_backends.common.functional import calls

if TYPE_CHECKING:
    import torch
    from torch.fx import GraphModule, Node


def keep_sizes(module: GraphModule, form: str) -> None:
    """Rewrite calls on symbolic sizes in place; those of ``torch.ops`` would be recorded as numbers.

    Args:
        module: A standalone module; unchanged if no size is symbolic.
        form: The format, for messages.

    Raises:
        ExportError: a call takes a symbolic size and cannot be recorded with it.
    """
    import torch

    table = _recordable()
    symbolic: set[Node] = set()
    for node in calls(module):
        if node.target is torch.ops.aten.sym_size.int:
            node.target = _size
            symbolic.add(node)
        elif getattr(node.target, "__module__", "") == "_operator" and symbolic & set(node.all_input_nodes):
            symbolic.add(node)
        elif symbolic & set(node.all_input_nodes):
            if node.target not in table:
                raise unsupported(form, node, "its sizes depend on the batch size")
            node.target = table[node.target]
    if symbolic:
        module.recompile()


def _recordable() -> Mapping[Any, Callable[..., Any]]:
    import torch

    aten = torch.ops.aten
    return {
        aten.view.default: lambda x, size: x.view(size),
        aten.reshape.default: lambda x, size: x.reshape(size),
        aten._unsafe_view.default: lambda x, size: x.reshape(size),
        aten.expand.default: lambda x, size, implicit=False: x.expand(size),
    }


def _size(x: torch.Tensor, axis: int) -> Any:
    return x.size(axis)
