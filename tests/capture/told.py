"""What a loop tells a session, kept as it is told it, to run a bundle beside the loop."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch

import leapp_core
from leapp_core.runtime import load


class Told:
    """Takes the place of a session in a loop."""

    def __init__(self) -> None:
        self.steps: list[tuple[dict[str, Any], dict[str, Any]]] = []
        self._inputs: dict[str, Any] = {}

    def input_tensors(self, node: str, tensors: dict[str, Any]) -> None:
        self._inputs = {name: _copied(value) for name, value in tensors.items()}

    def output_tensors(self, node: str, tensors: dict[str, Any]) -> None:
        self.steps.append((self._inputs, {name: _copied(value) for name, value in tensors.items()}))


def assert_acts_as(session: leapp_core.CaptureSession, loop: Callable[[Any], None], folder: Path) -> int:
    """Export what a session recorded, and run it beside the loop from its beginning; return the number of steps."""
    runtime, told = load(session.export(save_path=folder, visualize=False).bundle), Told()
    with torch.no_grad():
        loop(told)
    for inputs, outputs in told.steps:
        given = runtime.step(inputs)
        for name, wanted in outputs.items():
            np.testing.assert_allclose(given[name], wanted, rtol=1e-5, atol=1e-6)
    return len(told.steps)


def _copied(value: Any) -> Any:
    return value.detach().numpy().copy() if isinstance(value, torch.Tensor) else np.array(value)
