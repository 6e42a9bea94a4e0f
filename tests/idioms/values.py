"""What variants are given, what they give by themselves, and how far two answers are apart."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any

import numpy as np
import torch

from tests.idioms.variant import Variant

FRESH_STEPS = 50
TOLERANCE = 1e-4

Values = dict[str, Any]


@dataclass
class Robot:
    """Gives a script its sensor values and notes what it declared.

    Attributes:
        inputs: Values of every step.
        steps: How many of them a script runs.
        seen: Outputs of every step.
    """

    inputs: list[Values]
    steps: int
    seen: list[Values] = field(default_factory=list)
    at: int = 0

    def read(self) -> Values:
        """Return the values of the next step."""
        self.at += 1
        return copies(self.inputs[self.at - 1])


@dataclass
class Bystander:
    """Stands in for a session while a script runs by itself."""

    robot: Robot

    def __enter__(self) -> Bystander:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None):
        return None

    def input_tensors(self, node: str, values: Values) -> Values:
        """Take inputs."""
        return values

    def output_tensors(self, node: str, values: Values) -> Values:
        """Note outputs."""
        self.robot.seen.append(copies(values))
        return values


def all_inputs(variant: Variant) -> list[Values]:
    """Return the inputs of the recorded and of fresh steps."""
    generator = torch.Generator().manual_seed(7)
    return [drawn(variant, generator, step) for step in range(variant.steps + FRESH_STEPS)]


def drawn(variant: Variant, generator: torch.Generator, step: int) -> Values:
    """Draw one step's values; after the recorded steps every seventh is thirty times larger."""
    scale = 30.0 if step >= variant.steps and step % 7 == 0 else 1.0
    values = {name: draw(generator) for name, draw in variant.draws.items()}
    scaled = {name: value if name in ("quat", "goal") else value * scale for name, value in values.items()}
    return {name: value.numpy() for name, value in scaled.items()} if variant.arrays else scaled


def first_difference(inputs: list[Values], wanted: list[Values], answer: Callable[[Values], Values]) -> str:
    """Return the first step in which an answer is not what a variant gives, and how far it is off; empty if none is."""
    for step, (given, right) in enumerate(zip(inputs, wanted, strict=True)):
        got = answer(given)
        for name, value in right.items():
            off = difference(value, got[name])
            if not off <= TOLERANCE:  # not a number is not right
                return f"step {step}: {name} is off by {off:.3g}"
    return ""


def copies(values: Mapping[str, Any]) -> Values:
    """Return copies, so that a program that writes its inputs spoils nothing."""
    return {
        name: value.detach().clone() if isinstance(value, torch.Tensor) else np.array(value)
        for name, value in values.items()
    }


def difference(wanted: Any, got: Any) -> float:
    """Return the largest difference, relative to one plus the value."""
    right, given = np.asarray(wanted, dtype=np.float64), np.asarray(got, dtype=np.float64)
    if right.shape != given.shape:
        return float("inf")
    return float(np.max(np.abs(right - given) / (1 + np.abs(right)), initial=0.0))


def by_itself(variant: Variant, inputs: list[Values]) -> list[Values]:
    """Return the outputs of a variant that nobody looks at."""
    robot = Robot(inputs, len(inputs))
    torch.manual_seed(0)
    if variant.script:
        variant.make(lambda name: Bystander(robot), robot)
    else:
        controller = controller_of(variant)
        for given in inputs:
            robot.seen.append(copies({"action": controller(**copies(given))}))
    return robot.seen


def controller_of(variant: Variant) -> Any:
    """Return a fresh step function."""
    made = variant.make()
    return made.step if hasattr(made, "step") else made
