"""Python numbers as operands."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch.fx import GraphModule


def keep_numbers(module: GraphModule) -> None:
    """Give calls such as ``mul.Tensor(x, 0.25)`` their overload for numbers.

    The tracer turns the number of a tensor overload into a constant of type double; with a tensor of no dimensions, as
    ``x.sum()``, the product would then be double, too.
    """
    import torch

    for node in module.graph.nodes:
        target = node.target
        if node.op != "call_function" or getattr(target, "_overloadname", None) != "Tensor" or len(node.args) < 2:
            continue
        packet = target.overloadpacket
        number = isinstance(node.args[1], (bool, int, float)) and isinstance(node.args[0], torch.fx.Node)
        if number and "Scalar" in packet.overloads():
            node.target = packet.Scalar
    module.recompile()
