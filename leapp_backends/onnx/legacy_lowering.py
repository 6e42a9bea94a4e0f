"""Prepare a functional program for the TorchScript ONNX exporter: only operators it knows."""

from __future__ import annotations

import importlib
import operator
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from leapp_backends.common.failures import unsupported
from leapp_backends.common.functional import calls, op_name, standalone
from leapp_backends.common.tracing import keep_sizes
from leapp_backends.onnx import doubles
from leapp_backends.onnx.legacy_rewrites import rewrites
from leapp_backends.onnx.rewrites import first_of
from leapp_core.plugins.exporters import NodeProgram

if TYPE_CHECKING:
    from torch.export import ExportedProgram
    from torch.fx import GraphModule, Node

_NEWEST = 20


def lower(program: NodeProgram, opset: int | None) -> GraphModule:
    """Return a graph module that the exporter can convert.

    Raises:
        ExportError: an operator has no conversion, no rewrite and no decomposition.
    """
    table = rewrites()
    if doubles.needed(program.exported):
        table = first_of(doubles.rewrites(), table)
    known = _KnownOperators(opset)
    exported = _decompose(program.exported, known, table)
    module = standalone(exported)
    keep_sizes(module, "ONNX with the TorchScript exporter")
    for node in calls(module):
        replacement = table.get(node.target)
        if replacement is not None:
            node.target = _or_itself(replacement, node.target)
        elif hasattr(node.target, "_schema") and not known.has(node):
            raise unsupported(
                "ONNX with the TorchScript exporter",
                node,
                f"it has no conversion for {op_name(node)}",
                fix="use --backend onnx-dynamo, the default",
            )
    module.recompile()
    return module


def _or_itself(replacement: Callable[..., Any], operator_: Any) -> Callable[..., Any]:
    def call(*args: Any, **kwargs: Any) -> Any:
        result = replacement(*args, **kwargs)
        return operator_(*args, **kwargs) if result is NotImplemented else result

    return call


def _decompose(exported: ExportedProgram, known: _KnownOperators, table: Any) -> ExportedProgram:
    from torch._decomp import decomposition_table

    wanted: dict[Any, Any] = {
        node.target: decomposition_table[node.target]
        for node in calls(exported)
        if node.target not in table and not known.has(node) and node.target in decomposition_table
    }
    return exported.run_decompositions(wanted) if wanted else exported


class _KnownOperators:
    """Which operators the exporter converts, for an operator set."""

    def __init__(self, opset: int | None) -> None:
        from torch.onnx import _constants

        self._registry = _registry()
        self._opset = min(opset or int(_constants.ONNX_DEFAULT_OPSET), _NEWEST)

    def has(self, node: Node) -> bool:
        """Return whether a call can be converted."""
        target: Any = node.target
        if target is operator.getitem or getattr(target, "__module__", "") == "_operator":
            return True
        name = str(getattr(target, "_schema", node.name)).split("(")[0].split(".")[0]
        # A trailing underscore means "in place" to the exporter, which drops it: __lshift__ is found as __lshift_.
        name = name.removesuffix("_")
        return name in {"aten::sym_size", "aten::size"} or bool(self._registry.is_registered_op(name, self._opset))


def _registry() -> Any:
    # Conversions register when their module is imported; the exporter itself imports them only when it runs.
    for opset in range(7, _NEWEST + 1):
        importlib.import_module(f"torch.onnx.symbolic_opset{opset}")
    try:
        from torch.onnx._internal.torchscript_exporter import registration
    except ImportError:
        return importlib.import_module("torch.onnx._internal.registration").registry
    return registration.registry
