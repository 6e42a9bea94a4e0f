"""Capture a function that makes one control step, where no loop of the user's is needed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch

from leapp_core.tracing.decorate import named_results
from leapp_core.tracing.session import CaptureSession

Value = torch.Tensor | np.ndarray[Any, Any]
"""What an input may be."""

Inputs = Mapping[str, Value] | Callable[[torch.Generator], Mapping[str, Value]]
"""Examples by name, or what draws them given a generator."""


def capture_step(  # noqa: PLR0913 - the one call; all but the first three are named
    name: str,
    step: Callable[[Mapping[str, Any]], Any],
    inputs: Inputs,
    *,
    node: str = "policy",
    steps: int = 5,
    beside: int = 100,
    seconds: float = 60.0,
    save_path: str | Path = ".",
    strict: bool = False,
    follow: bool = True,
    seed: int = 0,
) -> CaptureSession:
    """Capture a step function and run it beside its program on shaken inputs.

    Example:
        >>> example = {"obs": torch.randn(1, 48)}
        >>> session = capture_step("walker", lambda given: policy(given["obs"]), example)  # doctest: +SKIP
        >>> session.export("onnx-dynamo")  # doctest: +SKIP

    Args:
        name: Graph name.
        step: Takes inputs by name; returns a tensor or array, a tuple of them, or them by name.
        inputs: Examples by name, around which further ones are drawn; or what draws them, given a generator.
        node: Name of the node.
        steps: Steps to record.
        beside: Steps to run beside the program, inputs shaken.
        seconds: Time limit of these.
        save_path: Folder in which the session's ``export`` makes the bundle folder.
        strict: Make every check that could not be made an error.
        follow: Let Python's numbers, decisions and first steps become part of the program, as :func:`capture` does.
        seed: Seed of all that is drawn.

    Returns:
        A closed session, to compile or export.

    Raises:
        UsageError: bad names or values.
    """
    session = CaptureSession(name, save_path=save_path, max_cached_io=steps, strict=strict, follow=follow)
    generator = torch.Generator().manual_seed(seed)

    def once() -> None:
        drawn = inputs(generator) if callable(inputs) else _around(inputs, generator)
        given = {k: v.copy() if isinstance(v, np.ndarray) else v.clone() for k, v in drawn.items()}
        session.input_tensors(node, given)
        result = step(given)
        session.output_tensors(node, named_results(step, result))

    session.start()
    try:
        with torch.no_grad():
            for _ in range(steps):
                once()
            if beside:
                session.prove(once, steps=beside, seconds=seconds, seed=seed)
    finally:
        session.stop()
    return session


def _around(inputs: Mapping[str, Value], generator: torch.Generator) -> dict[str, Value]:
    drawn: dict[str, Value] = {}
    for name, value in inputs.items():
        noise = torch.randn(value.shape, generator=generator, dtype=torch.float64)
        if isinstance(value, np.ndarray):
            if value.dtype.kind == "f" and value.size:
                value = (value + 0.1 * np.asarray(noise) * max(1.0, float(abs(value).max()))).astype(value.dtype)
        elif value.is_floating_point() and value.numel():
            value = value + 0.1 * noise.to(value) * value.abs().amax().clamp_min(1.0)
        drawn[name] = value
    return drawn
