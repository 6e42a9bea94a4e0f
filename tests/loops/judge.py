"""Captures a program, exports it, and runs the bundle beside the program."""

from __future__ import annotations

import importlib.util
import sys
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import torch

import leapp_core
from leapp_core.errors import LeappError
from leapp_core.runtime import load

PROGRAMS = Path(__file__).with_name("programs")
RECORDED, STEPS = 40, 90


@dataclass(frozen=True)
class Outcome:
    """How a program comes out.

    Attributes:
        kind: ``exact``, ``refused`` or ``wrong``.
        says: What the refusal says, or where the bundle differs.
    """

    kind: str
    says: str = ""


def names() -> list[str]:
    """Return the names of all programs."""
    return sorted(path.stem for path in PROGRAMS.glob("*.py"))


def program(name: str) -> ModuleType:
    """Return a program: ``make()`` gives what has a ``step``, ``SHAPE`` is that of its reading."""
    spec = importlib.util.spec_from_file_location(name, PROGRAMS / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def outcome(name: str, folder: Path) -> Outcome:
    """Judge a program over 90 fresh steps, some of whose readings are 50 times larger.

    Args:
        name: Its name.
        folder: Where the bundle is written.
    """
    module = program(name)
    readings = _readings(module.SHAPE, STEPS, seed=7, larger=50.0, share=0.15)
    wanted = _run(module, readings)
    recorded = _readings(module.SHAPE, RECORDED, seed=1, larger=5.0, share=0.25)
    if hasattr(module, "record_inputs"):
        recorded = module.record_inputs(recorded)
    try:
        with leapp_core.capture(name, save_path=folder) as session:
            controller = module.make()
            for x in recorded:
                obs = session.input_tensors("policy", {"obs": _given(module, x)})
                session.output_tensors("policy", {"action": controller.step(obs)})
        runtime = load(session.export(backend="onnx-dynamo", visualize=False).bundle)
    except LeappError as error:
        return Outcome("refused", f"{error.code}: {str(error).splitlines()[0]}")
    for number, (x, expected) in enumerate(zip(readings, wanted, strict=True)):
        found = runtime.step({"obs": x})["action"]
        if not np.allclose(found, expected, rtol=1e-4, atol=1e-4, equal_nan=True):
            return Outcome("wrong", f"step {number}: {np.ravel(found)[:4]} instead of {np.ravel(expected)[:4]}")
    return Outcome("exact")


def _readings(shape: tuple[int, ...], count: int, *, seed: int, larger: float, share: float) -> list[Any]:
    generator, made = np.random.default_rng(seed), []
    for _ in range(count):
        x = generator.normal(size=shape)
        made.append((x * larger if generator.random() < share else x).astype(np.float32))
    return made


def _given(module: ModuleType, x: Any) -> Any:
    return x.copy() if getattr(module, "NUMPY", False) else torch.from_numpy(x.copy())


def _run(module: ModuleType, readings: list[Any]) -> list[Any]:
    controller, made = module.make(), []
    for x in readings:
        y = controller.step(_given(module, x))
        made.append(np.array(y.detach().numpy() if isinstance(y, torch.Tensor) else y, copy=True))
    return made
