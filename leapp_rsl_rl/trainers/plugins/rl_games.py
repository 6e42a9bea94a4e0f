"""What the rl_games adapter brings to LEAPP. Importing it loads no torch."""

from __future__ import annotations

from leapp_core.plugins.markers import hookimpl
from leapp_core.plugins.policies import PolicyAdapter
from leapp_core.plugins.registry import OwnedRegistry
from leapp_rsl_rl.trainers.adapters import RlGamesAdapter


@hookimpl
def leapp_register_adapters(registry: OwnedRegistry[PolicyAdapter]) -> None:
    """Add the adapter for rl_games policies."""
    registry.add(RlGamesAdapter())
