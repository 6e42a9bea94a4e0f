"""Everyday programs, as published controllers and deploy scripts write them, and how they are found."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch

Shape = tuple[int, ...]
Draw = Callable[[torch.Generator], torch.Tensor]


@dataclass(frozen=True)
class Variant:
    """One way to write one pipeline.

    Attributes:
        name: Unique name within the pipeline.
        make: Gives a fresh controller: a callable or an object with ``step``; for a script, the ``main`` itself.
        draws: Input name to how one step's value is drawn.
        arrays: Inputs are handed over as NumPy arrays, and outputs come back as such.
        script: ``make`` is ``main(capture, robot)``, which opens the session in its own frame.
        steps: Control steps that are recorded.
        idiom: What the variant is about.
    """

    name: str
    make: Callable[..., Any]
    draws: Mapping[str, Draw]
    arrays: bool
    script: bool
    steps: int
    idiom: str
    pipeline: str = ""

    @property
    def row(self) -> str:
        """``pipeline/name``, by which the table knows it."""
        return f"{self.pipeline}/{self.name}"


def variant(
    steps: int = 5, arrays: bool = False, script: bool = False, **inputs: Shape | Draw
) -> Callable[[Callable[..., Any]], Variant]:
    """Mark a class, a maker of a step function or, with ``script``, a ``main(capture, robot)``."""

    def wrap(make: Callable[..., Any]) -> Variant:
        idiom = (make.__doc__ or "").strip().splitlines()[0]
        draws = {name: value if callable(value) else normal(*value) for name, value in inputs.items()}
        return Variant(make.__name__, make, draws, arrays, script, steps, idiom)

    return wrap


def normal(*shape: int, scale: float = 1.0, mean: float = 0.0) -> Draw:
    """Draw normal values."""
    return lambda generator: torch.randn(shape, generator=generator) * scale + mean


def quaternion() -> Draw:
    """Draw a unit quaternion, scalar first."""
    return lambda generator: torch.nn.functional.normalize(torch.randn(4, generator=generator), dim=0)


def all_variants() -> list[Variant]:
    """Return every variant, by pipeline and in the order in which it is written."""
    package = importlib.import_module("tests.idioms.pipelines")
    found: list[Variant] = []
    for info in sorted(pkgutil.iter_modules(package.__path__), key=lambda info: info.name):
        module = importlib.import_module(f"{package.__name__}.{info.name}")
        variants = [value for value in vars(module).values() if isinstance(value, Variant)]
        found += [Variant(**{**vars(value), "pipeline": info.name}) for value in variants]
    return found
