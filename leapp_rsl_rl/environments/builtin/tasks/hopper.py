"""Hop at a commanded speed, with a history of observations or with a recurrent policy."""

from __future__ import annotations

import math
from dataclasses import replace

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
from leapp_rsl_rl.environments.builtin.robots.hopper import BoomHopper
from leapp_rsl_rl.environments.builtin.tasks import terms

VELOCITY = "velocity_command"
_JOINTS = ("hip", "leg")
_HOPS_PER_S = 2.5
_HOP_CENTRE_M = 0.55
_HOP_AMPLITUDE_M = 0.05
_LEG_ACTION_M = 0.08
_SPEED_M_PER_S = (-0.5, 1.0)
_IN_WORLD = {"frame": "world"}


class HopClock:
    """Sine and cosine of a clock that runs from each reset, a rhythm for the policy to hop to."""

    def __init__(self, env: SceneView) -> None:
        """Start the clocks of all environments at zero."""
        self._phase = torch.zeros(env.num_envs, 1, device=env.device)
        self._advance = _HOPS_PER_S * env.step_dt

    def __call__(self, env: SceneView) -> torch.Tensor:
        """Advance the clock by one step and return its value. Shape: (num_envs, 2)."""
        self._phase += self._advance
        self._phase.remainder_(1.0)
        angle = 2.0 * math.pi * self._phase
        return torch.cat((torch.sin(angle), torch.cos(angle)), dim=-1)

    def state(self) -> dict[str, torch.Tensor]:
        """Return the tensors that are carried from step to step, by name."""
        return {"phase": self._phase}

    def reset(self, env_ids: torch.Tensor) -> None:
        """Set the clocks of ``env_ids`` to zero."""
        self._phase[env_ids] = 0.0


def base_velocity(env: SceneView) -> torch.Tensor:
    """Velocity of the body forward and up in m/s. Shape: (num_envs, 2)."""
    return robot_as(env, BoomHopper).base_vel


def base_height(env: SceneView) -> torch.Tensor:
    """Height of the body in m. Shape: (num_envs, 1)."""
    return robot_as(env, BoomHopper).base_pos[:, 1:2]


def contact_force(env: SceneView) -> torch.Tensor:
    """Force of the ground on the foot in N, seen by the critic only. Shape: (num_envs, 2)."""
    return robot_as(env, BoomHopper).contact_force


def sample_velocity(env: SceneView, count: int) -> torch.Tensor:
    """Draw forward speeds in m/s. Shape: (count, 1)."""
    return uniform(env, (count, 1), *_SPEED_M_PER_S)


def track_velocity(env: SceneView, width: float) -> torch.Tensor:
    """One at the commanded speed, falling off over ``width`` m/s. Shape: (num_envs,)."""
    error = robot_as(env, BoomHopper).base_vel[:, 0] - env.command(VELOCITY)[:, 0]
    return torch.exp(-(error / width).square())


def hop_in_time(env: SceneView, width: float) -> torch.Tensor:
    """One with the body as high as the rhythm wants it, falling off over ``width`` m. Shape: (num_envs,)."""
    phase = 2.0 * math.pi * _HOPS_PER_S * env.step_dt * env.episode_length_buf
    wanted = _HOP_CENTRE_M + _HOP_AMPLITUDE_M * torch.sin(phase)
    return torch.exp(-((robot_as(env, BoomHopper).base_pos[:, 1] - wanted) / width).square())


def joint_effort(env: SceneView) -> torch.Tensor:
    """Squared effort as a share of what the joints can do. Shape: (num_envs,)."""
    return (env.robot.applied_effort / env.robot.effort_limit).square().sum(dim=-1)


def fell(env: SceneView, height: float) -> torch.Tensor:
    """Whether the body is lower than ``height`` m. Shape: (num_envs,)."""
    return robot_as(env, BoomHopper).base_pos[:, 1] < height


def reset_base(env: SceneView, env_ids: torch.Tensor) -> None:
    """Drop the body from a little above the ground with a little speed."""
    count = int(env_ids.numel())
    height = uniform(env, (count,), 0.52, 0.6)
    robot_as(env, BoomHopper).place_base(env_ids, height, uniform(env, (count, 2), -0.2, 0.2))


def push_base(env: SceneView, env_ids: torch.Tensor, velocity: float) -> None:
    """Disturb the velocity of the body by up to ``velocity`` m/s."""
    shape = (int(env_ids.numel()), 2)
    robot_as(env, BoomHopper).base_vel[env_ids] += uniform(env, shape, -velocity, velocity)


def _signals(history_length: int) -> tuple[ObservationTerm, ...]:
    return (
        ObservationTerm(
            "base_velocity", base_velocity, noise=0.05, scale=(1.0, 0.5), delay_steps=2, history_length=history_length
        ),
        ObservationTerm("base_height", base_height, noise=0.01, scale=2.0),
        ObservationTerm("joint_pos", terms.joint_pos_rel, noise=0.01, scale=(1.0, 5.0), history_length=history_length),
        ObservationTerm(
            "joint_vel", terms.joint_vel, noise=0.05, clip=(-15.0, 15.0), scale=0.1, history_length=history_length
        ),
        ObservationTerm("velocity_command", terms.command, {"name": VELOCITY}),
        ObservationTerm("last_action", terms.last_action, clip=(-5.0, 5.0)),
        ObservationTerm("hop_clock", HopClock),
    )


def config() -> EnvConfig:
    """Return the task with a history of four frames, as it is trained."""
    privileged = (
        ObservationTerm("true_base_velocity", base_velocity),
        ObservationTerm("contact_force", contact_force, scale=0.01),
    )
    policy = _signals(history_length=4)
    return EnvConfig(
        robot=BoomHopper,
        observations=(
            ObservationGroup("policy", policy, enable_corruption=True),
            ObservationGroup("critic", policy + privileged),
        ),
        actions=(
            JointAction("hip", ("hip",), scale=0.4, use_default_offset=True, clip=(-0.9, 0.9)),
            JointAction("leg", ("leg",), scale=_LEG_ACTION_M, use_default_offset=True, clip=(-0.2, 0.15)),
        ),
        sensors=(
            joint_position_sensor(_JOINTS),
            joint_velocity_sensor(_JOINTS),
            SensorPort("base_lin_vel", "state/body/linear_velocity", ("x", "z"), base_velocity, _IN_WORLD),
            SensorPort("base_height", "state/body/position", ("z",), base_height, _IN_WORLD),
            SensorPort(
                VELOCITY,
                "command/body/velocity",
                ("x",),
                lambda scene: scene.command(VELOCITY),
                {"range": [list(_SPEED_M_PER_S)]},
            ),
        ),
        targets=(TargetPort("joint_targets", "target/joint/position", _JOINTS),),
        commands=(CommandTerm(VELOCITY, sample_velocity, width=1, resampling_range_s=(3.0, 5.0)),),
        events=(
            EventTerm("reset_joints", terms.reset_joints, {"position": 0.03, "velocity": 0.1}),
            EventTerm("reset_base", reset_base),
            EventTerm("push", push_base, {"velocity": 0.4}, interval_range_s=(2.0, 5.0)),
        ),
        rewards=(
            RewardTerm("track_velocity", track_velocity, 1.0, {"width": 0.3}),
            RewardTerm("hop_in_time", hop_in_time, 1.0, {"width": 0.03}),
            RewardTerm("joint_effort", joint_effort, -0.05),
            RewardTerm("target_rate", terms.target_rate, -0.05, {"unit": _LEG_ACTION_M}),
        ),
        terminations=(
            TerminationTerm("fell", fell, {"height": 0.3}),
            TerminationTerm("time_out", terms.time_out, time_out=True),
        ),
        physics_dt=0.0025,
        decimation=8,
        episode_length_s=10.0,
    )


def recurrent_config() -> EnvConfig:
    """Return the task without history, for a policy that remembers by itself."""
    base = config()
    policy = _signals(history_length=0)
    return replace(base, observations=(replace(base.observations[0], terms=policy), base.observations[1]))
