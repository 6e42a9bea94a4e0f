"""Observation, event, reward and termination terms that several tasks share."""

from __future__ import annotations

import torch

from leapp_rsl_rl.environments.builtin.managers.view import EnvView, SceneView, uniform


def joint_pos(env: SceneView) -> torch.Tensor:
    """Joint positions. Shape: (num_envs, num_joints)."""
    return env.robot.joint_pos


def joint_pos_rel(env: SceneView) -> torch.Tensor:
    """Joint positions relative to the default ones. Shape: (num_envs, num_joints)."""
    return env.robot.joint_pos - env.robot.default_joint_pos


def joint_vel(env: SceneView) -> torch.Tensor:
    """Joint velocities. Shape: (num_envs, num_joints)."""
    return env.robot.joint_vel


def last_action(env: EnvView) -> torch.Tensor:
    """The policy's previous raw action. Shape: (num_envs, num_actions)."""
    return env.last_action()


def command(env: SceneView, name: str) -> torch.Tensor:
    """The current command ``name``. Shape: (num_envs, width)."""
    return env.command(name)


def target_rate(env: SceneView, unit: float = 1.0) -> torch.Tensor:
    """Squared change of the position targets in this policy step, in units of ``unit``. Shape: (num_envs,)."""
    change = env.robot.joint_pos_target - env.robot.last_joint_pos_target
    return (change / unit).square().sum(dim=-1)


def effort_rate(env: SceneView) -> torch.Tensor:
    """Squared change of the effort targets in this policy step. Shape: (num_envs,)."""
    return (env.robot.joint_effort_target - env.robot.last_joint_effort_target).square().sum(dim=-1)


def joint_speed(env: SceneView) -> torch.Tensor:
    """Squared joint velocities. Shape: (num_envs,)."""
    return env.robot.joint_vel.square().sum(dim=-1)


def time_out(env: SceneView) -> torch.Tensor:
    """Whether the time of an episode is up. Shape: (num_envs,)."""
    return env.episode_length_buf >= env.max_episode_length


def reset_joints(env: SceneView, env_ids: torch.Tensor, position: float, velocity: float) -> None:
    """Place joints at their default position plus up to ``position``, with velocity up to ``velocity``."""
    shape = (int(env_ids.numel()), len(env.robot.joint_names))
    offset = uniform(env, shape, -position, position)
    env.robot.place(env_ids, env.robot.default_joint_pos + offset, uniform(env, shape, -velocity, velocity))


def push_joints(env: SceneView, env_ids: torch.Tensor, velocity: float) -> None:
    """Disturb joint velocities by up to ``velocity``."""
    shape = (int(env_ids.numel()), len(env.robot.joint_names))
    env.robot.joint_vel[env_ids] += uniform(env, shape, -velocity, velocity)
