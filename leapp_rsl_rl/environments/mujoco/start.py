"""The state that an episode begins in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import mujoco

from leapp_core.errors import UsageError
from leapp_core.spec.document import BundleDocument
from leapp_core.suggest import suggest
from leapp_rsl_rl.environments.mujoco.mapping import Mapped
from leapp_rsl_rl.environments.mujoco.model import Parts
from leapp_rsl_rl.environments.mujoco.names import find_name
from leapp_rsl_rl.environments.mujoco.sources import last_axis

BUNDLE, MODEL, HOME = "bundle", "model", "home"
DEFAULT = "default"
"""Key of a port that holds default joint positions (rad or m), one for each element."""
BASE_HEIGHT = "default_base_height"
"""Key of ``pipeline.configs``: height (m) of the base in the start pose."""


class Start:
    """Puts the model's data into the start state.

    Args:
        asked: Name of a keyframe, ``bundle``, ``model``, or ``None`` for the best that is known.
        document: The bundle.
        parts: What the model holds.
        mapped: What the user says.

    Attributes:
        words: What the start is, for people.

    Raises:
        UsageError: no such keyframe, or a bundle that states no pose.
    """

    def __init__(self, asked: str | None, document: BundleDocument, parts: Parts, mapped: Mapped) -> None:
        self._parts = parts
        self._joints = _default_joints(document, parts, mapped)
        height = document.pipeline.configs.extra.get(BASE_HEIGHT)
        self._height = float(height) if isinstance(height, (int, float)) else None
        self._key: int | None = None
        self._posed = False
        keyframes = parts.keyframes
        if asked is None:
            asked = BUNDLE if self._joints else HOME if HOME in keyframes else MODEL
        if asked in keyframes:
            self._key = keyframes[asked]
            self.words = f"keyframe {asked!r} of the model"
        elif asked == BUNDLE:
            if not self._joints:
                raise UsageError(
                    "--start bundle: the bundle states no default joint positions",
                    expected=suggest(MODEL, [MODEL, *keyframes]),
                    code="U003",
                )
            self._posed = True
            self.words = f"default joint positions of the bundle ({len(self._joints)} joints)"
        elif asked == MODEL:
            self.words = "the model's own"
        else:
            raise UsageError(
                f"--start: the model has no keyframe {asked!r}",
                expected=suggest(asked, [BUNDLE, MODEL, *keyframes]),
                code="U001",
            )

    def apply(self, data: Any) -> None:
        """Reset MuJoCo's data to the start state, with everything that follows from it computed."""
        model = self._parts.model
        if self._key is not None:
            mujoco.mj_resetDataKeyframe(model, data, self._key)
        else:
            mujoco.mj_resetData(model, data)
        if self._posed:
            for joint, position in self._joints.items():
                data.qpos[model.jnt_qposadr[joint]] = position
            base = self._parts.base
            if base is not None and self._height is not None and model.jnt_type[model.body_jntadr[base]] == 0:
                data.qpos[model.jnt_qposadr[model.body_jntadr[base]] + 2] = self._height
        mujoco.mj_forward(model, data)


def _default_joints(document: BundleDocument, parts: Parts, mapped: Mapped) -> Mapping[int, float]:
    """Return default positions of joints by their number, from every port that states them."""
    pipeline = document.pipeline
    specs = [pipeline.input_spec(ref) for ref in pipeline.inputs] + [pipeline.output_spec(r) for r in pipeline.outputs]
    found: dict[int, float] = {}
    for spec in specs:
        stated = spec.extra.get(DEFAULT)
        if not (spec.kind or "").endswith("/joint/position") or not isinstance(stated, (list, tuple)):
            continue
        for name, position in zip(last_axis(spec), stated, strict=False):
            joint = find_name(name, parts.joints, mapped.joints)
            if joint is not None and position is not None:
                found.setdefault(parts.joints[joint], float(position))
    return found
