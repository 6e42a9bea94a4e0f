"""What LEAPP calls."""

from __future__ import annotations

from leapp_core import hookimpl
from leapp_core.plugins.exporters import Exporter
from leapp_core.plugins.registry import OwnedRegistry
from leapp_core.plugins.runners import Runner

LEAPP_PLUGIN_API = "1.0"


@hookimpl
def leapp_register_exporters(registry: OwnedRegistry[Exporter]) -> None:
    from leapp_c99.exporter import C99Exporter

    registry.add(C99Exporter())


@hookimpl
def leapp_register_runners(registry: OwnedRegistry[Runner]) -> None:
    from leapp_c99.runner import C99Runner

    registry.add(C99Runner())
