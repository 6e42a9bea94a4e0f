"""What two runs of a scene are compared by."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np


def robot_state(scene: Any) -> dict[str, np.ndarray[Any, Any]]:
    """Return joint positions, joint velocities and root pose of every articulation of an Isaac Lab scene."""
    values = {}
    for name, robot in scene.articulations.items():
        values[f"{name}.joint_pos"] = robot.data.joint_pos
        values[f"{name}.joint_vel"] = robot.data.joint_vel
        values[f"{name}.root_pose"] = robot.data.root_link_pose_w
    return {name: value.torch.detach().cpu().numpy().copy() for name, value in values.items()}
