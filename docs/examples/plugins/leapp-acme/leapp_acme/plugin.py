"""What LEAPP calls. Everything heavy is imported later, so that `leapp backends list` stays fast."""

from __future__ import annotations

from leapp_core import hookimpl
from leapp_core.plugins.exporters import Exporter
from leapp_core.plugins.registry import OwnedRegistry
from leapp_core.plugins.runners import Runner

LEAPP_PLUGIN_API = "1.0"


@hookimpl
def leapp_register_exporters(registry: OwnedRegistry[Exporter]) -> None:
    from leapp_acme.exporter import PackedExporter

    registry.add(PackedExporter())


@hookimpl
def leapp_register_runners(registry: OwnedRegistry[Runner]) -> None:
    from leapp_acme.runner import PackedRunner

    registry.add(PackedRunner())
