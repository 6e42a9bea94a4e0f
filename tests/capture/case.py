"""Named programs: what they are fed and what capture must make of them."""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import torch

Draw = Callable[[torch.Generator], torch.Tensor]


@dataclass(frozen=True)
class Case:
    """A program and the expectation.

    Attributes:
        name: Unique name.
        make: Gives a fresh program: an object with ``step(**inputs)`` (one node, ``policy``) or ``run(io, **inputs)``
            (declares its nodes itself), and perhaps ``after()`` for what happens once the outputs are out.
        draws: Input name to how it is drawn.
        refused: What the error must say, if capture must refuse.
        at: Text of the source line that the error must point to.
        steps: Captured steps.
        limits: Backend to what its refusal must say, where its format cannot express the program.
        tolerance: Largest difference between eager and a runtime, relative to one plus the value.
        topic: Module that it is written in.
        summary: First line of its docstring.
        program: The function or class as it was written.
    """

    name: str
    make: Callable[[], Any]
    draws: Mapping[str, Draw]
    refused: str | None = None
    at: str | None = None
    steps: int = 5
    limits: Mapping[str, str] = field(default_factory=dict)
    tolerance: float = 1e-4
    topic: str = ""
    summary: str = ""
    program: Any = None

    def inputs(self, generator: torch.Generator) -> dict[str, torch.Tensor]:
        """Draw one step's inputs."""
        return {name: draw(generator) for name, draw in self.draws.items()}


def exact(
    steps: int = 5, limits: Mapping[str, str] | None = None, tolerance: float = 1e-4, **inputs: tuple[int, ...] | Draw
) -> Callable[[Any], Case]:
    """Mark a function (no state) or a class as a program that must be captured exactly."""

    def wrap(program: Any) -> Case:
        return Case(
            _name(program),
            _maker(program),
            _draws(inputs),
            steps=steps,
            limits=limits or {},
            tolerance=tolerance,
            summary=_summary(program),
            program=program,
        )

    return wrap


def refused(
    match: str, at: str | None = None, steps: int = 5, **inputs: tuple[int, ...] | Draw
) -> Callable[[Any], Case]:
    """Mark a program that capture must refuse; ``match`` is a regular expression, ``at`` text of the line blamed."""

    def wrap(program: Any) -> Case:
        return Case(
            _name(program),
            _maker(program),
            _draws(inputs),
            match,
            at,
            steps=steps,
            summary=_summary(program),
            program=program,
        )

    return wrap


def integers(high: int, *shape: int) -> Draw:
    """Draw whole numbers below ``high``."""
    return lambda generator: torch.randint(0, high, shape, generator=generator)


def flags(*shape: int) -> Draw:
    """Draw booleans."""
    return lambda generator: torch.rand(shape, generator=generator) > 0.5


def quaternions(*shape: int) -> Draw:
    """Draw unit quaternions, scalar first."""
    return lambda generator: torch.nn.functional.normalize(torch.randn((*shape, 4), generator=generator), dim=-1)


def typed(dtype: torch.dtype, *shape: int) -> Draw:
    """Draw normal values of a type."""
    return lambda generator: torch.randn(shape, generator=generator).to(dtype)


def all_cases() -> list[Case]:
    """Return every program of the suite, by topic."""
    package = importlib.import_module("tests.capture.programs")
    found: list[Case] = []
    for module in sorted(info.name for info in pkgutil.iter_modules(package.__path__)):
        loaded = importlib.import_module(f"tests.capture.programs.{module}")
        cases = [value for value in vars(loaded).values() if isinstance(value, Case)]
        found += [_with_topic(case, module) for case in cases]
    names = [case.name for case in found]
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise ValueError(f"two programs are called {', '.join(repeated)}")
    return found


def _with_topic(case: Case, topic: str) -> Case:
    return Case(**{**vars(case), "topic": topic})


def _name(program: Any) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", program.__name__).lower()


def _summary(program: Any) -> str:
    return (program.__doc__ or "").strip().splitlines()[0] if program.__doc__ else ""


def _maker(program: Any) -> Callable[[], Any]:
    return program if isinstance(program, type) else lambda: SimpleNamespace(step=program)


def _draws(inputs: Mapping[str, Any]) -> dict[str, Draw]:
    return {name: typed(torch.float32, *value) if isinstance(value, tuple) else value for name, value in inputs.items()}
