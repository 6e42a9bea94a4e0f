"""A node's program as a plain graph module: weights attached, nothing lifted, nothing left from training."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch
    from torch.export import ExportedProgram
    from torch.fx import Graph, GraphModule, Node

_NOT_IDENTIFIER = re.compile(r"\W")


def lifted_tensors(exported: ExportedProgram) -> dict[str, torch.Tensor]:
    """Return placeholder name to tensor for every parameter, buffer and constant of a program."""
    signature = exported.graph_signature
    named = {**dict(exported.named_parameters()), **dict(exported.named_buffers()), **exported.constants}
    return {
        spec.arg.name: named[spec.target]
        for spec in signature.input_specs
        if spec.target is not None and spec.target in named
    }


def standalone(exported: ExportedProgram) -> GraphModule:
    """Return a graph module that computes the program; it shares the program's tensors and leaves it unchanged.

    Weights are attributes named like the program's placeholders, made identifiers. Of the nodes' metadata only the
    example values and the user's line are kept.
    """
    from torch import fx

    tensors = lifted_tensors(exported)
    graph = fx.Graph()
    attributes: dict[str, Any] = {}
    env: dict[Node, Node] = {}
    for node in exported.graph.nodes:
        if node.op == "call_function" and str(node.target).split(".")[1:2] == ["_assert_tensor_metadata"]:
            continue  # says what the program's own types say already, and no format needs it
        env[node] = copied = _copy(node, graph, env, tensors, attributes)
        copied.meta = {key: node.meta[key] for key in ("val", "stack_trace") if key in node.meta}
    holder: dict[str, Any] = {**attributes, **_attributes_read(exported.graph_module)}
    module = fx.GraphModule(holder, graph, class_name="Node")
    return module.eval() if module.training else module


def _copy(
    node: Node, graph: Graph, env: dict[Node, Node], tensors: dict[str, torch.Tensor], attributes: dict[str, Any]
) -> Node:
    if node.op != "placeholder" or node.name not in tensors:
        return graph.node_copy(node, lambda old: env[old])
    name = _NOT_IDENTIFIER.sub("_", node.name)
    attributes[name] = tensors[node.name].detach()
    return graph.create_node("get_attr", name, name=name)


def _attributes_read(module: GraphModule) -> dict[str, Any]:
    return {str(node.target): getattr(module, str(node.target)) for node in module.graph.nodes if node.op == "get_attr"}


def calls(module_or_program: Any) -> Iterator[Node]:
    """Yield the call nodes of a graph module or exported program."""
    return (node for node in module_or_program.graph.nodes if node.op == "call_function")


def op_name(node: Node) -> str:
    """Return the operator a node calls, as users find it in PyTorch's documentation: ``aten.addmm``."""
    target = node.target
    packet = getattr(target, "overloadpacket", None)
    if packet is not None:
        return str(target).replace(".default", "")
    return str(getattr(target, "__name__", target))


def values(node: Node) -> tuple[torch.Tensor, ...]:
    """Return the example tensors of a node's result (several for a call with several results)."""
    import torch

    value = node.meta.get("val")
    found = value if isinstance(value, (tuple, list)) else (value,)
    return tuple(v for v in found if isinstance(v, torch.Tensor))


def dtypes(exported: ExportedProgram) -> dict[torch.dtype, Node]:
    """Return each element type that occurs in a program with the first node that has it."""
    found: dict[torch.dtype, Node] = {}
    for node in exported.graph.nodes:
        for value in values(node):
            found.setdefault(value.dtype, node)
    return found
