"""Make a motion file for mjlab's tracking tasks: the G1 swaying about its standing pose."""

from __future__ import annotations

from pathlib import Path

FRAMES = 300
FREQUENCY = 50.0


def make_motion(path: Path) -> Path:
    """Write joint and body trajectories in the format of mjlab's ``MotionLoader``; returns the path."""
    import mujoco
    import numpy as np
    from mjlab.asset_zoo.robots import get_g1_robot_cfg
    from mjlab.entity import Entity

    model = Entity(get_g1_robot_cfg()).compile()
    data = mujoco.MjData(model)
    start = model.key_qpos[0] if model.nkey else model.qpos0
    joints, positions, rotations = [], [], []
    for frame in range(FRAMES):
        data.qpos[:] = start
        data.qpos[7:] += 0.15 * np.sin(2 * np.pi * frame / FREQUENCY + np.arange(model.nq - 7))
        mujoco.mj_forward(model, data)
        joints.append(data.qpos[7:].copy())
        positions.append(data.xpos[1:].copy())
        rotations.append(data.xquat[1:].copy())
    joint_pos, body_pos = np.array(joints, np.float32), np.array(positions, np.float32)
    np.savez(
        path,
        fps=np.array([FREQUENCY]),
        joint_pos=joint_pos,
        joint_vel=np.gradient(joint_pos, axis=0).astype(np.float32) * FREQUENCY,
        body_pos_w=body_pos,
        body_quat_w=np.array(rotations, np.float32),
        body_lin_vel_w=np.gradient(body_pos, axis=0).astype(np.float32) * FREQUENCY,
        body_ang_vel_w=np.zeros_like(body_pos),
    )
    return path
