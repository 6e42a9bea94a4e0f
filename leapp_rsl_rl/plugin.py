"""What this package brings to LEAPP. Importing it loads no torch."""

from __future__ import annotations

from leapp_core.plugins.environments import EnvironmentProvider
from leapp_core.plugins.markers import hookimpl
from leapp_core.plugins.policies import PolicyAdapter
from leapp_core.plugins.registry import OwnedRegistry
from leapp_rsl_rl.adapter import RslRlAdapter
from leapp_rsl_rl.environments.builtin.provider import BuiltinProvider
from leapp_rsl_rl.environments.isaaclab.provider import IsaacLabProvider
from leapp_rsl_rl.environments.mjlab.provider import MjlabProvider


@hookimpl
def leapp_register_adapters(registry: OwnedRegistry[PolicyAdapter]) -> None:
    """Add the adapter for RSL-RL policies."""
    registry.add(RslRlAdapter())


@hookimpl
def leapp_register_environments(registry: OwnedRegistry[EnvironmentProvider]) -> None:
    """Add the environment providers."""
    registry.add(BuiltinProvider())
    registry.add(MjlabProvider())
    registry.add(IsaacLabProvider())
