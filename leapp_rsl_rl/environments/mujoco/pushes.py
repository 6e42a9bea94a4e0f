"""Disturbances: a force on a body for some time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from leapp_core.errors import UsageError
from leapp_core.suggest import suggest
from leapp_rsl_rl.environments.mujoco.model import Parts
from leapp_rsl_rl.environments.mujoco.names import find_name

_FORM = "TIME:BODY:FX,FY,FZ[:SECONDS], such as 1.5:trunk:50,0,0:0.2"
_SECONDS = 0.1


@dataclass(frozen=True)
class Push:
    """A force (N, world frame) at a body's centre of mass from ``start`` to ``end`` (s)."""

    start: float
    end: float
    body: int
    force: np.ndarray[Any, Any]


def read_pushes(texts: Sequence[str], parts: Parts) -> tuple[Push, ...]:
    """Read what ``--push`` was given.

    Raises:
        UsageError: another form, or a body that the model does not have.
    """
    return tuple(_push(text, parts) for text in texts)


def apply_pushes(pushes: Sequence[Push], data: Any, seconds: float) -> None:
    """Set the forces that act from ``seconds`` on, in MuJoCo's ``xfrc_applied``."""
    for push in pushes:
        data.xfrc_applied[push.body] = 0.0
    for push in pushes:
        if push.start <= seconds + 1e-9 < push.end:
            data.xfrc_applied[push.body, :3] += push.force


def _push(text: str, parts: Parts) -> Push:
    fields = text.split(":")
    try:
        start, body, force = fields[:3]
        seconds = float(fields[3]) if len(fields) > 3 else _SECONDS
        vector = np.array([float(number) for number in force.split(",")])
        begin = float(start)
        good = vector.shape == (3,) and len(fields) <= 4 and bool(np.isfinite([begin, seconds, *vector]).all())
    except ValueError:
        good = False
    if not good or begin < 0.0 or seconds <= 0.0:
        raise UsageError(f"--push got {text!r}", expected=_FORM, code="U003")
    return Push(begin, begin + seconds, _body(body, parts, text), vector)


def _body(name: str, parts: Parts, text: str) -> int:
    if not name and parts.base is not None:
        return parts.base
    found = find_name(name, parts.bodies, {}) if name else None
    if found is None:
        what = f"the model has no body {name!r}" if name else "the model has no single base, so a body has to be named"
        raise UsageError(f"--push {text}: {what}", expected=suggest(name, parts.bodies), code="U001")
    return parts.bodies[found]
