"""Reach with a planar arm: bring the tip to a commanded point, against gravity."""

from __future__ import annotations

import math

import torch

from leapp_rsl_rl.environments.builtin.config import EnvConfig
from leapp_rsl_rl.environments.builtin.managers.action import JointAction
from leapp_rsl_rl.environments.builtin.managers.command import CommandTerm
from leapp_rsl_rl.environments.builtin.managers.event import EventTerm
from leapp_rsl_rl.environments.builtin.managers.observation import ObservationGroup, ObservationTerm
from leapp_rsl_rl.environments.builtin.managers.scoring import RewardTerm, TerminationTerm
from leapp_rsl_rl.environments.builtin.managers.view import SceneView, robot_as, uniform
from leapp_rsl_rl.environments.builtin.ports import (
    SensorPort,
    TargetPort,
    joint_position_sensor,
    joint_velocity_sensor,
)
from leapp_rsl_rl.environments.builtin.robots.arm import PlanarArm
from leapp_rsl_rl.environments.builtin.tasks import terms

TARGET = "target_position"
_JOINTS = ("shoulder", "elbow", "wrist")
_RADIUS_M = (0.35, 0.8)
_ANGLE = (-0.25 * math.pi, 0.75 * math.pi)
_LEAST_M = round(_RADIUS_M[1] * math.sin(_ANGLE[0]), 6)
_RANGE = {"range": [[_LEAST_M, _RADIUS_M[1]]] * 2}
"""The box around the points that are drawn: x and z."""


def sample_target(env: SceneView, count: int) -> torch.Tensor:
    """Draw points in front of the arm and above, within reach, in m. Shape: (count, 2)."""
    radius = uniform(env, (count,), *_RADIUS_M)
    angle = uniform(env, (count,), *_ANGLE)
    return torch.stack((radius * torch.cos(angle), radius * torch.sin(angle)), dim=-1)


def tip_distance(env: SceneView) -> torch.Tensor:
    """Distance of the tip from the commanded point in m. Shape: (num_envs,)."""
    return tip_error(env).square().sum(dim=-1).sqrt()


def tip_error(env: SceneView) -> torch.Tensor:
    """Vector from the tip to the commanded point in m, seen by the critic only. Shape: (num_envs, 2)."""
    return env.command(TARGET) - robot_as(env, PlanarArm).tip_position()


def tip_near(env: SceneView, width: float) -> torch.Tensor:
    """One at the commanded point, falling off over ``width`` metres. Shape: (num_envs,)."""
    return torch.exp(-tip_distance(env) / width)


def config() -> EnvConfig:
    """Return the task as it is trained."""
    policy = (
        ObservationTerm("joint_pos", terms.joint_pos_rel, noise=0.01),
        ObservationTerm("joint_vel", terms.joint_vel, noise=0.1, clip=(-20.0, 20.0), scale=0.1),
        ObservationTerm("target", terms.command, {"name": TARGET}),
        ObservationTerm("last_action", terms.last_action),
    )
    privileged = (ObservationTerm("tip_error", tip_error),)
    return EnvConfig(
        robot=PlanarArm,
        observations=(
            ObservationGroup("policy", policy, enable_corruption=True),
            ObservationGroup("critic", policy + privileged),
        ),
        actions=(
            JointAction("arm", ("shoulder", "elbow"), scale=0.8, use_default_offset=True, clip=(-2.6, 2.8)),
            JointAction("wrist", ("wrist",), scale=0.5, use_default_offset=True, clip=(-2.0, 2.0)),
        ),
        sensors=(
            joint_position_sensor(_JOINTS),
            joint_velocity_sensor(_JOINTS),
            SensorPort(TARGET, "command/body/target_position", ("x", "z"), lambda scene: scene.command(TARGET), _RANGE),
        ),
        targets=(TargetPort("joint_targets", "target/joint/position", _JOINTS),),
        commands=(CommandTerm(TARGET, sample_target, width=2, resampling_range_s=(2.0, 4.0)),),
        events=(
            EventTerm("reset_joints", terms.reset_joints, {"position": 0.5, "velocity": 0.2}),
            EventTerm("push", terms.push_joints, {"velocity": 0.5}, interval_range_s=(2.0, 5.0)),
        ),
        rewards=(
            RewardTerm("near", tip_near, 1.0, {"width": 0.3}),
            RewardTerm("very_near", tip_near, 1.0, {"width": 0.05}),
            RewardTerm("target_rate", terms.target_rate, -0.1),
            RewardTerm("joint_speed", terms.joint_speed, -0.005),
        ),
        terminations=(TerminationTerm("time_out", terms.time_out, time_out=True),),
        episode_length_s=8.0,
    )
