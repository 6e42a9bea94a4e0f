"""Proportional and derivative gains of a robot's joints, from wherever the actuator that applies them keeps them.

Isaac Lab's exporter takes those of implicit actuators from the simulator, and those of actuators that it computes
itself from these. Actuators that Newton computes are neither: the simulator's buffers hold zeros for their joints.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch

_GAINS = {"kp": "stiffness", "kd": "damping"}
_ABSENT = (AttributeError, KeyError, ValueError, TypeError)
"""What asking an actuator for a gain raises that has no such thing."""


def with_actuator_gains(scene: Any, outputs: Any) -> Any:
    """Return static outputs with the gains that hold; what is no gain of a robot in the scene stays as it is.

    Args:
        scene: Isaac Lab's scene.
        outputs: Static outputs as Isaac Lab declares them: semantics with the joints' names.
    """
    if not isinstance(outputs, (list, tuple)):
        return outputs
    return [_corrected(scene, output) for output in outputs]


def _corrected(scene: Any, output: Any) -> Any:
    parameter = _GAINS.get(str(output.kind))
    entity = str(output.extra.get("isaaclab_connection", "")).split(":")[1:2]
    robot = scene.articulations.get(entity[0]) if entity else None
    names = output.element_names[-1] if output.element_names else None
    if parameter is None or robot is None or not isinstance(names, (list, tuple)):
        return output
    known = joint_gains(robot, str(output.kind))
    value = output.ref.clone()
    for index, joint in enumerate(names):
        if joint in known:
            value[..., index] = known[joint]
    return replace(output, ref=value)


def joint_gains(robot: Any, kind: str) -> dict[str, float]:
    """Return the gains of the joints that have an actuator, by joint name.

    Args:
        robot: Isaac Lab's articulation.
        kind: ``kp`` (N*m/rad or N/m) or ``kd`` (N*m*s/rad or N*s/m).
    """
    gains: dict[str, float] = {}
    for group in robot.actuators:
        _, joints = robot.find_joints(robot.cfg.actuators[group].joint_names_expr)
        values = _gains_of(robot, group, kind, len(joints))
        if values is not None:
            gains.update(zip(joints, values.tolist(), strict=True))
    return gains


def _gains_of(robot: Any, group: str, kind: str, count: int) -> torch.Tensor | None:
    """Return a group's gains in the order of its joints, or ``None`` where it has none."""
    for values in _candidates(robot, group, kind):
        flat = values.detach().reshape(-1)
        if flat.numel() == count:
            return flat
    return None


def _candidates(robot: Any, group: str, kind: str) -> Iterator[torch.Tensor]:
    """Yield what an actuator that Isaac Lab computes holds, then what one that Newton computes holds."""
    import torch

    held = getattr(robot.actuators[group], _GAINS[kind], None)
    if isinstance(held, torch.Tensor):
        yield held[0]
    try:
        from isaaclab.actuators.newton import read_group_parameter

        yield read_group_parameter(robot.actuators, group, "controller", kind)[0]
    except (ImportError, *_ABSENT):
        return
