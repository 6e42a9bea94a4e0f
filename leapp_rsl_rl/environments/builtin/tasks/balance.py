"""Balance a pole on a cart from positions alone: the policy has to remember to know velocities."""

from __future__ import annotations

import torch

from leapp_rsl_rl.environments.builtin.config import EnvConfig
from leapp_rsl_rl.environments.builtin.managers.action import JointAction
from leapp_rsl_rl.environments.builtin.managers.event import EventTerm
from leapp_rsl_rl.environments.builtin.managers.observation import ObservationGroup, ObservationTerm
from leapp_rsl_rl.environments.builtin.managers.scoring import RewardTerm, TerminationTerm
from leapp_rsl_rl.environments.builtin.managers.view import SceneView
from leapp_rsl_rl.environments.builtin.ports import TargetPort, joint_position_sensor
from leapp_rsl_rl.environments.builtin.robots.cartpole import CartPole
from leapp_rsl_rl.environments.builtin.tasks import terms

_SLIDER, _POLE = 0, 1


def cart_position(env: SceneView) -> torch.Tensor:
    """Position of the cart on the rail in m. Shape: (num_envs, 1)."""
    return env.robot.joint_pos[:, _SLIDER : _SLIDER + 1]


def pole_direction(env: SceneView) -> torch.Tensor:
    """Sine and cosine of the pole's angle. Shape: (num_envs, 2)."""
    angle = env.robot.joint_pos[:, _POLE]
    return torch.stack((torch.sin(angle), torch.cos(angle)), dim=-1)


def upright(env: SceneView) -> torch.Tensor:
    """Cosine of the pole's angle. Shape: (num_envs,)."""
    return torch.cos(env.robot.joint_pos[:, _POLE])


def centred(env: SceneView, width: float) -> torch.Tensor:
    """One with the cart in the middle of the rail, falling off over ``width`` metres. Shape: (num_envs,)."""
    return torch.exp(-(env.robot.joint_pos[:, _SLIDER] / width).square())


def pole_fell(env: SceneView, angle: float) -> torch.Tensor:
    """Whether the pole leans more than ``angle`` rad. Shape: (num_envs,)."""
    return env.robot.joint_pos[:, _POLE].abs() > angle


def off_the_rail(env: SceneView, distance: float) -> torch.Tensor:
    """Whether the cart is more than ``distance`` m from the middle. Shape: (num_envs,)."""
    return env.robot.joint_pos[:, _SLIDER].abs() > distance


def config() -> EnvConfig:
    """Return the task as it is trained."""
    policy = (
        ObservationTerm("cart_position", cart_position, noise=0.002, clip=(-3.0, 3.0), scale=0.5),
        ObservationTerm("pole_direction", pole_direction, noise=0.002, scale=(4.0, 1.0)),
        ObservationTerm("last_action", terms.last_action, clip=(-1.0, 1.0)),
    )
    privileged = (ObservationTerm("joint_vel", terms.joint_vel, scale=0.2),)
    return EnvConfig(
        robot=CartPole,
        observations=(
            ObservationGroup("policy", policy, enable_corruption=True),
            ObservationGroup("critic", policy + privileged),
        ),
        actions=(JointAction("force", ("slider",), scale=10.0, clip=(-20.0, 20.0), target="effort"),),
        sensors=(joint_position_sensor(("slider", "pole")),),
        targets=(TargetPort("joint_effort", "target/joint/effort", ("slider",), target="effort"),),
        events=(
            EventTerm("reset_joints", terms.reset_joints, {"position": 0.25, "velocity": 0.4}),
            EventTerm("push", terms.push_joints, {"velocity": 0.4}, interval_range_s=(2.0, 5.0)),
        ),
        rewards=(
            RewardTerm("upright", upright, 0.5),
            RewardTerm("centred", centred, 0.5, {"width": 0.5}),
            RewardTerm("effort_rate", terms.effort_rate, -0.0002),
        ),
        terminations=(
            TerminationTerm("pole_fell", pole_fell, {"angle": 0.8}),
            TerminationTerm("off_the_rail", off_the_rail, {"distance": 2.4}),
            TerminationTerm("time_out", terms.time_out, time_out=True),
        ),
        episode_length_s=10.0,
    )
