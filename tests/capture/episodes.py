"""Records policies of three numbers that begin anew when they are made, and runs bundles beside them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch

import leapp_core
from leapp_core.runtime import load

Step = Callable[[torch.Tensor], torch.Tensor]


def record(policy: Step, steps: int, folder: Path, *, follow: bool = True) -> leapp_core.CaptureSession:
    """Record a policy in a session of its own."""
    generator = torch.Generator().manual_seed(1)
    session = leapp_core.capture("loop", folder, follow=follow)
    with torch.no_grad(), session:
        for _ in range(steps):
            session.input_tensors("policy", {"x": (x := torch.randn(3, generator=generator))})
            session.output_tensors("policy", {"action": policy(x)})
    return session


def beside(make: Callable[[], Step], bundle: Path, lengths: Sequence[int]) -> None:
    """Run a bundle beside the code over episodes of some lengths, with a reading 40 times larger now and then."""
    runtime = load(bundle)
    generator = torch.Generator().manual_seed(2)
    with torch.no_grad():
        for length in lengths:
            runtime.reset()
            policy = make()
            for number in range(length):
                x = torch.randn(3, generator=generator) * (40 if number % 9 == 5 else 1)
                np.testing.assert_allclose(
                    runtime.step({"x": x.numpy()})["action"], policy(x).numpy(), rtol=1e-4, atol=1e-4
                )
