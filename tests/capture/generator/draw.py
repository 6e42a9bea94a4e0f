"""Draws random programs. A chooser makes every choice, so hypothesis can shrink what a plain loop only draws."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Protocol, TypeVar

import torch

from tests.capture.generator.ops import OPERATIONS, PURE, VIEWS, WRITES
from tests.capture.generator.program import RandomNode, RandomProgram, Shape, Statement, run_node

T = TypeVar("T")

SHAPES: tuple[Shape, ...] = ((4,), (1, 6), (3, 4), (2, 5), (4, 3, 2), (7,), (4, 4))
LARGEST = 40


class Chooser(Protocol):
    """Makes the choices of a program."""

    def pick(self, options: Sequence[T]) -> T:
        """Return one of the options."""

    def number(self) -> float:
        """Return one of some numbers between 0 and 1."""

    def count(self, least: int, most: int) -> int:
        """Return a whole number."""


class SeededChooser:
    """Chooses by Python's generator."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)

    def pick(self, options: Sequence[T]) -> T:
        """Return one of the options."""
        return self._random.choice(options)

    def number(self) -> float:
        """Return a number between 0 and 1 with two digits."""
        return round(self._random.random(), 2)

    def count(self, least: int, most: int) -> int:
        """Return a whole number."""
        return self._random.randint(least, most)


def draw_program(chooser: Chooser, most_nodes: int = 3) -> RandomProgram:
    """Draw a program of one to three nodes."""
    nodes: list[RandomNode] = []
    outputs: dict[tuple[str, str], Shape] = {}
    for k in range(chooser.pick([1, 1, 1, 2, most_nodes])):
        node, shapes = _draw_node(chooser, f"n{k}", outputs)
        nodes.append(node)
        outputs |= {(node.name, f"out{i}"): shape for i, shape in enumerate(shapes)}
    return RandomProgram(_with_feedback(chooser, nodes, outputs), seed=chooser.count(0, 99))


def _draw_node(chooser: Chooser, name: str, outputs: dict[tuple[str, str], Shape]) -> tuple[RandomNode, list[Shape]]:
    inputs = {f"x{k}": chooser.pick(SHAPES) for k in range(chooser.count(1, 2))}
    links = {}
    if outputs:
        origin = chooser.pick(sorted(outputs))
        inputs["link"], links["link"] = outputs[origin], origin
    state = {f"s{k}": chooser.pick(SHAPES) for k in range(chooser.count(0, 2))}
    generator = torch.Generator().manual_seed(0)
    attributes = {key: torch.randn(shape, generator=generator) for key, shape in state.items()}
    given = {key: torch.randn(shape, generator=generator) for key, shape in inputs.items()}
    builder = _Builder(chooser, name, inputs, links, state, attributes, given)
    builder.run()
    return builder.finish()


class _Builder:
    """Adds statements one by one, keeping those that run."""

    def __init__(
        self,
        chooser: Chooser,
        name: str,
        inputs: dict[str, Shape],
        links: dict[str, tuple[str, str]],
        state: dict[str, Shape],
        attributes: dict[str, torch.Tensor],
        given: dict[str, torch.Tensor],
    ) -> None:
        self._chooser = chooser
        self._node = RandomNode(name, inputs, links, state, (), ())
        self._attributes, self._given = attributes, given
        self._statements: list[Statement] = []
        self._variables = [*given, *(f"self.{key}" for key in state)]

    def run(self) -> None:
        """Draw the statements."""
        for k in range(self._chooser.count(2, 14)):
            statement = self._draw(f"v{k}")
            if self._works(statement):
                self._statements.append(statement)
                if statement.operation != "keep" and not OPERATIONS[statement.operation].writes:
                    self._variables.append(statement.target)

    def finish(self) -> tuple[RandomNode, list[Shape]]:
        """Choose outputs."""
        last = self._variables[-1]
        chosen = [last, *(self._chooser.pick(self._variables) for _ in range(self._chooser.count(0, 2)))]
        node = self._with(tuple(self._statements), tuple(chosen))
        values = run_node(node, dict(_copies(self._attributes)), dict(_copies(self._given)))
        return node, [tuple(values[name].shape) for name in chosen]

    def _draw(self, target: str) -> Statement:
        pick = self._chooser.pick
        kind = pick(["pure", "pure", "view", "write", "write", "state"])
        attributes = [name for name in self._variables if name.startswith("self.")]
        if kind == "state" and attributes:
            attribute = pick(attributes)
            if pick([True, False]):
                return Statement("keep", attribute, (pick(self._variables),))
            name = pick(sorted(WRITES))
            others = (pick(self._variables),) if OPERATIONS[name].operands == 2 else ()
            return Statement(name, attribute, (attribute, *others), self._numbers())
        table = {"view": VIEWS, "write": WRITES}.get(kind, PURE)
        name = pick(sorted(table))
        operands = tuple(pick(self._variables) for _ in range(table[name].operands))
        return Statement(name, target, operands, self._numbers())

    def _numbers(self) -> tuple[float, ...]:
        return tuple(self._chooser.number() for _ in range(3))

    def _works(self, statement: Statement) -> bool:
        """Tell whether the statement runs here, twice in a row, and keeps sizes as they should be."""
        attributes, values = _copies(self._attributes), _copies(self._given)
        node = self._with((*self._statements, statement), ())
        try:
            for _ in range(2):
                run_node(node, attributes, {**values})
        except (RuntimeError, IndexError, ValueError, ZeroDivisionError):
            return False
        if any(tuple(attributes[name].shape) != shape for name, shape in self._node.state.items()):
            return False
        produced = statement.operation != "keep" and not OPERATIONS[statement.operation].writes
        if produced:
            result = run_node(
                self._with((*self._statements, statement), (statement.target,)),
                _copies(self._attributes),
                _copies(self._given),
            )[statement.target]
            return 0 < result.numel() <= LARGEST and result.dim() > 0 and result.dtype == torch.float32
        return True

    def _with(self, statements: tuple[Statement, ...], outputs: tuple[str, ...]) -> RandomNode:
        node = self._node
        return RandomNode(node.name, node.inputs, node.links, node.state, statements, outputs)


def _with_feedback(
    chooser: Chooser, nodes: list[RandomNode], outputs: dict[tuple[str, str], Shape]
) -> tuple[RandomNode, ...]:
    """Let some external inputs take an output of the last step where the sizes fit."""
    result = []
    for node in nodes:
        links = dict(node.links)
        for name, shape in node.inputs.items():
            fitting = sorted(origin for origin, found in outputs.items() if found == shape and origin[0] >= node.name)
            if name not in links and fitting and len(node.inputs) > len(links) + 1 and chooser.pick([True, False]):
                links[name] = chooser.pick(fitting)
        result.append(RandomNode(node.name, node.inputs, links, node.state, node.statements, node.outputs))
    return tuple(result)


def _copies(tensors: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    return {name: value.clone() for name, value in tensors.items()}
