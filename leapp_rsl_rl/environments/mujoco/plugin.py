"""What plain MuJoCo brings to LEAPP. Importing it loads neither torch nor MuJoCo."""

from __future__ import annotations

from leapp_core.plugins.environments import EnvironmentProvider
from leapp_core.plugins.markers import hookimpl
from leapp_core.plugins.registry import OwnedRegistry
from leapp_rsl_rl.environments.mujoco.provider import MujocoProvider


@hookimpl
def leapp_register_environments(registry: OwnedRegistry[EnvironmentProvider]) -> None:
    """Add the environment."""
    registry.add(MujocoProvider())
