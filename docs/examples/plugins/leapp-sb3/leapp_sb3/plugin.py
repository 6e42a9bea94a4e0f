"""What the adapter brings to LEAPP. Neither SB3 nor PyTorch is imported before it is used."""

from __future__ import annotations

from leapp_core import hookimpl
from leapp_core.plugins.policies import PolicyAdapter
from leapp_core.plugins.registry import OwnedRegistry

LEAPP_PLUGIN_API = "1.0"


@hookimpl
def leapp_register_adapters(registry: OwnedRegistry[PolicyAdapter]) -> None:
    from leapp_sb3.adapter import Sb3ZipAdapter

    registry.add(Sb3ZipAdapter())
