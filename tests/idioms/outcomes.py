"""Runs every variant by itself, in a session and as an ONNX bundle, and says how it came out.

``python -m tests.idioms`` writes the table; without ``--write`` it is printed only.
"""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
import torch

import leapp_core
from leapp_core.errors import LeappError
from leapp_core.runtime import load
from tests.idioms.variant import Variant

FRESH_STEPS = 50
TOLERANCE = 1e-4

Values = dict[str, Any]


@dataclass(frozen=True)
class Outcome:
    """How a variant came out.

    Attributes:
        kind: ``exact``, ``refused``, ``WRONG`` or ``crash``.
        detail: What was said, or how far it was off.
    """

    kind: str
    detail: str = ""


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


def outcome(variant: Variant, folder: Path) -> Outcome:
    """Say how ``variant`` comes out on ``onnx-dynamo``, over fresh steps some of which are far larger."""
    generator = torch.Generator().manual_seed(7)
    inputs = [_drawn(variant, generator, step) for step in range(variant.steps + FRESH_STEPS)]
    wanted = _by_itself(variant, inputs)
    # In a thread of its own: an ``except`` around the session here would be taken for one of the program's.
    with ThreadPoolExecutor(1) as pool:
        exported = pool.submit(_exported, variant, inputs[: variant.steps], folder)
    error = exported.exception()
    if isinstance(error, LeappError):
        return Outcome("refused", _short(error))
    if error is not None:  # a bare exception is an outcome of its own
        return Outcome("crash", f"{type(error).__name__}: {' '.join(str(error).split())[:200]}")
    runtime = exported.result()
    for step, (given, right) in enumerate(zip(inputs, wanted, strict=True)):
        got = runtime.step({name: np.asarray(value) for name, value in given.items()})
        for name, value in right.items():
            off = difference(value, got[name])
            if not off <= TOLERANCE:  # not a number is not right
                return Outcome("WRONG", f"step {step}: {name} is off by {off:.3g}")
    return Outcome("exact")


def _exported(variant: Variant, inputs: list[Values], folder: Path) -> Any:
    session = _captured(variant, inputs, folder)
    return load(session.export(backend="onnx-dynamo", validate=False, visualize=False).bundle)


def _short(error: LeappError) -> str:
    """Return what was refused and where, without the folder in which this project lies."""
    where = f" at {error.where}" if error.where else ""
    return f"{error.message}{where}".replace(f"{Path(__file__).parents[2]}/", "")[:400]


def difference(wanted: Any, got: Any) -> float:
    """Return the largest difference, relative to one plus the value."""
    right, given = np.asarray(wanted, dtype=np.float64), np.asarray(got, dtype=np.float64)
    if right.shape != given.shape:
        return float("inf")
    return float(np.max(np.abs(right - given) / (1 + np.abs(right)), initial=0.0))


def copies(values: Mapping[str, Any]) -> Values:
    """Return copies, so that a program that writes its inputs spoils nothing."""
    return {
        name: value.detach().clone() if isinstance(value, torch.Tensor) else np.array(value)
        for name, value in values.items()
    }


def _by_itself(variant: Variant, inputs: list[Values]) -> list[Values]:
    robot = Robot(inputs, len(inputs))
    torch.manual_seed(0)
    if variant.script:
        variant.make(lambda name: Bystander(robot), robot)
    else:
        controller = _controller(variant)
        for given in inputs:
            robot.seen.append(copies({"action": controller(**copies(given))}))
    return robot.seen


def _captured(variant: Variant, inputs: list[Values], folder: Path) -> leapp_core.CaptureSession:
    torch.manual_seed(0)
    if variant.script:
        opened: list[leapp_core.CaptureSession] = []

        def capture(name: str) -> leapp_core.CaptureSession:
            opened.append(leapp_core.capture(name, folder, max_cached_io=len(inputs)))
            return opened[-1]

        variant.make(capture, Robot(inputs, len(inputs)))
        return opened[0]
    controller = _controller(variant)
    with leapp_core.capture(variant.name, folder, max_cached_io=len(inputs)) as session:
        for given in inputs:
            now = copies(given)
            session.input_tensors("policy", now)
            session.output_tensors("policy", {"action": controller(**now)})
    return session


def _controller(variant: Variant) -> Any:
    made = variant.make()
    return made.step if hasattr(made, "step") else made


def _drawn(variant: Variant, generator: torch.Generator, step: int) -> Values:
    """Draw one step's values; after the recorded steps every seventh is thirty times larger."""
    scale = 30.0 if step >= variant.steps and step % 7 == 0 else 1.0
    values = {name: draw(generator) for name, draw in variant.draws.items()}
    scaled = {name: value if name in ("quat", "goal") else value * scale for name, value in values.items()}
    return {name: value.numpy() for name, value in scaled.items()} if variant.arrays else scaled
