"""A random program as data, and how it runs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import torch

from tests.capture.generator.ops import OPERATIONS

Shape = tuple[int, ...]


@dataclass(frozen=True)
class Statement:
    """``target = operation(*operands)``, or a write into the first operand.

    Attributes:
        operation: Key of :data:`~tests.capture.generator.ops.OPERATIONS`.
        target: Variable that takes the result (unused by writes).
        operands: Variables read; ``self.NAME`` is an attribute.
        numbers: Drawn numbers between 0 and 1.
    """

    operation: str
    target: str
    operands: tuple[str, ...]
    numbers: tuple[float, ...] = ()

    def __str__(self) -> str:
        return (
            f"{self.target} = {self.operation}({', '.join(self.operands)}; {', '.join(f'{n:g}' for n in self.numbers)})"
        )


@dataclass(frozen=True)
class RandomNode:
    """One node: inputs, attributes that live over steps, statements, outputs.

    Attributes:
        inputs: Sizes of each external input.
        links: Input name to the ``(node, output)`` it takes; earlier nodes give this step's value, others the last one.
        state: Attribute to sizes; its values are drawn from the program's seed.
        statements: What the node does.
        outputs: Variables it gives.
    """

    name: str
    inputs: dict[str, Shape]
    links: dict[str, tuple[str, str]]
    state: dict[str, Shape]
    statements: tuple[Statement, ...]
    outputs: tuple[str, ...]


@dataclass(frozen=True)
class RandomProgram:
    """Nodes that run in order, once per step."""

    nodes: tuple[RandomNode, ...]
    seed: int = 0

    def __str__(self) -> str:
        lines = []
        for node in self.nodes:
            lines.append(f"{node.name}: inputs {node.inputs} links {node.links} state {node.state}")
            lines += [f"  {statement}" for statement in node.statements]
            lines.append(f"  return {', '.join(node.outputs)}")
        return "\n".join(lines)


Hook = Callable[[str, dict[str, torch.Tensor]], dict[str, torch.Tensor]]


@dataclass
class Running:
    """A program with its attributes; each call of :meth:`step` is one control step."""

    program: RandomProgram
    attributes: dict[str, dict[str, torch.Tensor]] = field(default_factory=dict)
    last: dict[tuple[str, str], torch.Tensor] = field(default_factory=dict)

    def __post_init__(self) -> None:
        generator = torch.Generator().manual_seed(self.program.seed)
        for node in self.program.nodes:
            self.attributes[node.name] = {
                name: torch.randn(shape, generator=generator) for name, shape in node.state.items()
            }
        for node in self.program.nodes:
            for origin in node.links.values():
                shape = _output_shape(node, origin)
                self.last.setdefault(origin, torch.randn(shape, generator=generator))

    def step(
        self, inputs: dict[str, torch.Tensor], declare_inputs: Hook | None = None, declare_outputs: Hook | None = None
    ) -> dict[str, torch.Tensor]:
        """Run all nodes once; the hooks see each node's inputs and outputs as a capture session does."""
        for node in self.program.nodes:
            given = {name: inputs[f"{node.name}/{name}"] for name in node.inputs if name not in node.links}
            given |= {name: self.last[origin] for name, origin in node.links.items()}
            if declare_inputs is not None:
                given = declare_inputs(node.name, given)
            values = run_node(node, self.attributes[node.name], given)
            outputs = {f"out{k}": values[name] for k, name in enumerate(node.outputs)}
            if declare_outputs is not None:
                outputs = declare_outputs(node.name, outputs)
            for name, value in outputs.items():
                self.last[node.name, name] = value
        names = [(node.name, f"out{k}") for node in self.program.nodes for k in range(len(node.outputs))]
        return {f"{node}/{name}": self.last[node, name] for node, name in names}

    def inputs(self, generator: torch.Generator) -> dict[str, torch.Tensor]:
        """Draw one step's external inputs."""
        return {
            f"{node.name}/{name}": torch.randn(shape, generator=generator)
            for node in self.program.nodes
            for name, shape in node.inputs.items()
            if name not in node.links
        }


def run_node(
    node: RandomNode, attributes: dict[str, torch.Tensor], given: dict[str, torch.Tensor]
) -> dict[str, torch.Tensor]:
    """Run a node's statements; attributes are read, written and replaced in ``attributes``."""
    values = dict(given)

    def read(name: str) -> torch.Tensor:
        return attributes[name.removeprefix("self.")] if name.startswith("self.") else values[name]

    for statement in node.statements:
        operands: list[Any] = [read(name) for name in statement.operands]
        if statement.operation == "keep":
            attributes[statement.target.removeprefix("self.")] = operands[0]
            continue
        operation = OPERATIONS[statement.operation]
        result = operation.run(*operands, *statement.numbers)
        if not operation.writes:
            values[statement.target] = result
    return {name: read(name) for name in node.outputs}


def _output_shape(node: RandomNode, origin: tuple[str, str]) -> Shape:
    return next(node.inputs[name] for name, link in node.links.items() if link == origin)
