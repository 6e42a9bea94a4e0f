"""Gains and limits of actuated joints, at full precision, wherever the actuator keeps them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any


@dataclass(frozen=True)
class Actuation:
    """How one joint is driven.

    Attributes:
        stiffness: Proportional gain, ``None`` if the joint has no position or velocity loop.
        damping: Derivative gain, likewise.
        effort_limit: Largest joint effort, ``None`` if unlimited.
        gear: Joint effort per unit of effort target.
    """

    stiffness: float | None
    damping: float | None
    effort_limit: float | None
    gear: float


def actuation(env: Any, entity: Any, joints: Sequence[str]) -> tuple[Actuation, ...]:
    """Return how each of ``joints`` is driven, in that order; joints without actuator have no gains."""
    found = {
        name: _one(env.sim.mj_model, actuator, index)
        for actuator in entity.actuators
        for name, index in zip(actuator.target_names, actuator.global_ctrl_ids.tolist(), strict=False)
    }
    return tuple(found.get(name, Actuation(None, None, None, 1.0)) for name in joints)


def _one(model: Any, actuator: Any, index: int) -> Actuation:
    """Read one joint's actuator: from mjlab's configuration, or from the MuJoCo model for actuators of an XML file."""
    cfg = actuator.cfg
    if hasattr(cfg, "stiffness"):
        limit = cfg.effort_limit
        return Actuation(cfg.stiffness, cfg.damping, limit if limit is not None and isfinite(limit) else None, 1.0)
    gear, bias = float(model.actuator_gear[index, 0]), model.actuator_biasprm[index]
    limit = _limit(model, index, gear)
    if not bias.any():
        return Actuation(None, None, limit, gear)
    return Actuation(-float(bias[1]), -float(bias[2]), limit, gear)


def _limit(model: Any, index: int, gear: float) -> float | None:
    limits = []
    if model.actuator_forcelimited[index]:
        limits.append(float(abs(model.actuator_forcerange[index]).max()) * abs(gear))
    if model.actuator_ctrllimited[index] and not model.actuator_biasprm[index].any():
        gain = float(model.actuator_gainprm[index, 0])
        limits.append(float(abs(model.actuator_ctrlrange[index]).max()) * abs(gain * gear))
    return min(limits) if limits else None
