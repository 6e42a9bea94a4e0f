"""The example's simulated arm, and what the tests of controllers share."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import numpy as np

from leapp_core.bundle import load_document
from leapp_core.runtime import Layout, Limit, Limits, PolicyRuntime, load

ROOT = Path(__file__).parents[2]
BUNDLE = ROOT / "tests" / "data" / "bundles" / "v0.1.0" / "Builtin-Reach-Arm"
EXAMPLE = ROOT / "docs" / "examples" / "serve" / "simulated_arm.py"
SAFE = {"joint_targets": np.zeros((1, 3)), "kp": 0.0, "kd": 2.0}
MOST_RAD = 3.2
STEP_RAD = 1.0
"""Largest change of a target from one step to the next."""

_spec = importlib.util.spec_from_file_location("simulated_arm", EXAMPLE)
assert _spec is not None
assert _spec.loader is not None
_module = importlib.util.module_from_spec(_spec)
sys.modules["simulated_arm"] = _module
_spec.loader.exec_module(_module)
Arm = _module.Arm


def layouts(bundle: Path = BUNDLE) -> tuple[Layout, Layout]:
    """Return what a robot receives and what it sends; no model is loaded for that."""
    pipeline = load_document(bundle).document.pipeline
    outputs = {ref.port: pipeline.output_spec(ref) for ref in pipeline.outputs}
    return Layout(outputs), Layout({ref.port: pipeline.input_spec(ref) for ref in pipeline.inputs})


def limits(rate: float, max_age: float = 0.1, **how: object) -> Limits:
    """Return limits for the arm, which hold the last command where one is broken."""
    settings: dict[str, object] = {"on_violation": "hold", "safe": SAFE, "latch": False, "max_age": max_age, **how}
    return Limits(
        inputs={"joint_pos": Limit(-10.0, 10.0), "joint_vel": Limit(-40.0, 40.0)},
        outputs={"joint_targets": Limit(-MOST_RAD, MOST_RAD, rate=STEP_RAD * rate)},
        **settings,  # type: ignore[arg-type]
    )


def arm_policy(rate: float = 1000.0, **how: object) -> PolicyRuntime:
    """Return the arm's policy with these limits."""
    return load(BUNDLE, limits=limits(rate, **how), rate=rate, allow_other_rate=True)


def readings(step: int = 0) -> dict[str, np.ndarray]:
    """Return readings that move slowly."""
    joints = 0.5 * np.sin(np.arange(3, dtype=np.float32) + 0.01 * step).reshape(1, 3)
    return {
        "joint_pos": joints,
        "joint_vel": np.zeros((1, 3), np.float32),
        "target_position": np.array([[0.4, 0.3]], np.float32),
    }
