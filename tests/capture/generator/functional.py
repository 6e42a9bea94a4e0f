"""A random node as a function of inputs and state, for ``torch.export``."""

from __future__ import annotations

import torch

from tests.capture.generator.program import RandomNode, run_node


class NodeFunction(torch.nn.Module):
    """Takes inputs and attributes, returns outputs and next attributes, all with memory of their own."""

    def __init__(self, node: RandomNode) -> None:
        super().__init__()
        self.node = node

    def forward(self, *tensors: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """Run one step on copies of what is given."""
        copies = [tensor.clone() for tensor in tensors]
        inputs = dict(zip(self.node.inputs, copies, strict=False))
        attributes = dict(zip(self.node.state, copies[len(inputs) :], strict=True))
        outputs = run_node(self.node, attributes, inputs)
        results = [*(outputs[name] for name in self.node.outputs), *attributes.values()]
        return tuple(result.clone() for result in results)

    def arguments(self, seed: int) -> tuple[torch.Tensor, ...]:
        """Draw arguments."""
        generator = torch.Generator().manual_seed(seed)
        shapes = [*self.node.inputs.values(), *self.node.state.values()]
        return tuple(torch.randn(shape, generator=generator) for shape in shapes)
