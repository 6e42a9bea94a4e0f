"""Runs every variant by itself, in a session and as an ONNX bundle, and says how it came out.

``python -m tests.idioms`` writes the table; without ``--write`` it is printed only.
"""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

import leapp_core
from leapp_core.errors import LeappError
from leapp_core.runtime import load
from tests.idioms.values import Robot, Values, all_inputs, by_itself, controller_of, copies, first_difference
from tests.idioms.variant import Variant


@dataclass(frozen=True)
class Outcome:
    """How a variant came out.

    Attributes:
        kind: ``exact``, ``refused``, ``WRONG`` or ``crash``.
        detail: What was said, or how far it was off.
    """

    kind: str
    detail: str = ""


def outcome(variant: Variant, folder: Path, options: Mapping[str, bool] | None = None) -> Outcome:
    """Say how ``variant`` comes out on ``onnx-dynamo``, over fresh steps some of which are far larger.

    Args:
        variant: The program.
        folder: Where the bundle goes.
        options: Further ones of ``capture``.
    """
    inputs = all_inputs(variant)
    wanted = by_itself(variant, inputs)
    # In a thread of its own: an ``except`` around the session here would be taken for one of the program's.
    with ThreadPoolExecutor(1) as pool:
        exported = pool.submit(_exported, variant, inputs[: variant.steps], folder, options or {})
    error = exported.exception()
    if isinstance(error, LeappError):
        return Outcome("refused", _short(error))
    if error is not None:  # a bare exception is an outcome of its own
        return Outcome("crash", f"{type(error).__name__}: {' '.join(str(error).split())[:200]}")
    runtime = exported.result()
    wrong = first_difference(
        inputs, wanted, lambda given: runtime.step({name: np.asarray(value) for name, value in given.items()})
    )
    return Outcome("WRONG", wrong) if wrong else Outcome("exact")


def _exported(variant: Variant, inputs: list[Values], folder: Path, options: Mapping[str, bool]) -> Any:
    session = _captured(variant, inputs, folder, options)
    return load(session.export(backend="onnx-dynamo", validate=False, visualize=False).bundle)


def _short(error: LeappError) -> str:
    """Return what was refused and where, without the folder in which this project lies."""
    where = f" at {error.where}" if error.where else ""
    return f"{error.message}{where}".replace(f"{Path(__file__).parents[2]}/", "")[:400]


def _captured(
    variant: Variant, inputs: list[Values], folder: Path, options: Mapping[str, bool]
) -> leapp_core.CaptureSession:
    torch.manual_seed(0)
    if variant.script:
        opened: list[leapp_core.CaptureSession] = []

        def capture(name: str) -> leapp_core.CaptureSession:
            opened.append(leapp_core.capture(name, folder, max_cached_io=len(inputs), **options))
            return opened[-1]

        variant.make(capture, Robot(inputs, len(inputs)))
        return opened[0]
    controller = controller_of(variant)
    with leapp_core.capture(variant.name, folder, max_cached_io=len(inputs), **options) as session:
        for given in inputs:
            now = copies(given)
            session.input_tensors("policy", now)
            session.output_tensors("policy", {"action": controller(**now)})
    return session
