"""Register consumers and targets."""

from __future__ import annotations

from leapp_core.plugins.consumers import Consumer
from leapp_core.plugins.markers import hookimpl
from leapp_core.plugins.registry import OwnedRegistry
from leapp_core.plugins.targets import Target


@hookimpl
def leapp_register_consumers(registry: OwnedRegistry[Consumer]) -> None:
    """Add the runtimes of Isaac ROS Deploy."""
    from leapp_backends.consumers.isaac_ros import IsaacRosControl, IsaacRosNodes, IsaacRosOld

    for consumer in (IsaacRosControl(), IsaacRosNodes(), IsaacRosOld()):
        registry.add(consumer)


@hookimpl
def leapp_register_targets(registry: OwnedRegistry[Target]) -> None:
    """Add the targets that come along."""
    from leapp_backends.consumers.targets import TARGETS

    for target in TARGETS:
        registry.add(target)
