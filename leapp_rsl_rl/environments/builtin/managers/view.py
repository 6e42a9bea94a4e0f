"""What a term function may see of the environment it belongs to."""

from __future__ import annotations

from typing import Protocol, TypeVar

import torch

from leapp_rsl_rl.environments.builtin.robots.base import Robot

RobotT = TypeVar("RobotT", bound=Robot)


class SceneView(Protocol):
    """The part of an environment that physics, scores and events read.

    Terms are written against this protocol and not against the environment class, so that managers know nothing
    of the environment that owns them.
    """

    num_envs: int
    """Number of environments stepped together."""
    device: torch.device
    """Device of every tensor."""
    step_dt: float
    """Seconds between two policy calls."""
    generator: torch.Generator
    """Source of all randomness of the environment."""
    robot: Robot
    """The simulated robot."""
    episode_length_buf: torch.Tensor
    """Steps since the last reset. Shape: (num_envs,)."""
    max_episode_length: int
    """Steps after which an episode times out."""

    def command(self, name: str) -> torch.Tensor:
        """Return the current command of the term ``name``. Shape: (num_envs, width)."""
        ...


class EnvView(SceneView, Protocol):
    """What observation terms may read as well: the policy's own past."""

    def last_action(self) -> torch.Tensor:
        """Return the most recent raw action of the policy. Shape: (num_envs, num_actions)."""
        ...


def robot_as(env: SceneView, kind: type[RobotT]) -> RobotT:
    """Return the robot of ``env`` as ``kind``.

    Args:
        env: The environment a term was called with.
        kind: The robot class the term is written for.

    Raises:
        TypeError: If the environment simulates another robot.
    """
    if not isinstance(env.robot, kind):
        raise TypeError(f"this term needs a {kind.__name__}, but the environment has a {type(env.robot).__name__}")
    return env.robot


def uniform(env: SceneView, shape: tuple[int, ...], low: float, high: float) -> torch.Tensor:
    """Draw from the uniform distribution between ``low`` and ``high`` with the environment's generator."""
    unit = torch.rand(shape, generator=env.generator, device=env.device)
    return unit * (high - low) + low
