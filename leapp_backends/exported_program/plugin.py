"""Register the ``pt2`` backend and runner."""

from __future__ import annotations

from leapp_core.plugins.exporters import Exporter
from leapp_core.plugins.markers import hookimpl
from leapp_core.plugins.registry import OwnedRegistry
from leapp_core.plugins.runners import Runner


@hookimpl
def leapp_register_exporters(registry: OwnedRegistry[Exporter]) -> None:
    """Add ``pt2``."""
    from leapp_backends.exported_program.exporter import Pt2Exporter

    registry.add(Pt2Exporter())


@hookimpl
def leapp_register_runners(registry: OwnedRegistry[Runner]) -> None:
    """Add the runner of ``.pt2`` files."""
    from leapp_backends.exported_program.runner import Pt2Runner

    registry.add(Pt2Runner())
