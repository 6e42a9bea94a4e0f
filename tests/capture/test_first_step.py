"""A first step that initialises, in a session that declares more than inputs and outputs."""

from __future__ import annotations

from pathlib import Path

import torch

from leapp_core import capture
from leapp_core.runtime import load


class Mean:
    """A mean that begins as the number 0, and gains that never change."""

    def __init__(self) -> None:
        self.mean, self.gains = 0.0, torch.tensor([1.0, 2.0, 3.0])

    def step(self, x: torch.Tensor) -> torch.Tensor:
        """Return the reading less its mean."""
        self.mean = 0.9 * self.mean + 0.1 * x
        return x - self.mean


def test_outputs_that_never_change_stand_beside_it(tmp_path: Path) -> None:
    readings = torch.randn(9, 1, 3, generator=torch.Generator().manual_seed(0))
    program, session = Mean(), capture("mean", tmp_path)
    with session:
        for reading in readings[:4]:
            x = session.input_tensors("policy", {"x": reading})
            gains = {"gains": program.gains}
            session.output_tensors("policy", {"y": program.step(x)}, static_outputs=gains)
    runtime = load(session.export("jit-trace").bundle)
    again = Mean()
    for reading in readings:
        made = runtime.step({"x": reading.numpy()})
        assert torch.allclose(torch.as_tensor(made["y"]), again.step(reading), atol=1e-6)
        assert made["gains"].tolist() == [1.0, 2.0, 3.0]
