"""What LEAPP calls. Neither module imports torch before it is used, so that `leapp envs list` stays fast."""

from __future__ import annotations

from leapp_core import hookimpl
from leapp_core.plugins.environments import EnvironmentProvider
from leapp_core.plugins.policies import PolicyAdapter
from leapp_core.plugins.registry import OwnedRegistry

LEAPP_PLUGIN_API = "1.0"


@hookimpl
def leapp_register_environments(registry: OwnedRegistry[EnvironmentProvider]) -> None:
    from leapp_pendulum.provider import PendulumProvider

    registry.add(PendulumProvider())


@hookimpl
def leapp_register_adapters(registry: OwnedRegistry[PolicyAdapter]) -> None:
    from leapp_pendulum.adapter import PendulumAdapter

    registry.add(PendulumAdapter())
