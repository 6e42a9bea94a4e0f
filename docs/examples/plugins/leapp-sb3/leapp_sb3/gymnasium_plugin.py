"""What the environments bring to LEAPP."""

from __future__ import annotations

from leapp_core import hookimpl
from leapp_core.plugins.environments import EnvironmentProvider
from leapp_core.plugins.registry import OwnedRegistry

LEAPP_PLUGIN_API = "1.0"


@hookimpl
def leapp_register_environments(registry: OwnedRegistry[EnvironmentProvider]) -> None:
    from leapp_sb3.provider import GymnasiumProvider

    registry.add(GymnasiumProvider())
