"""What LEAPP calls. Neither OpenVINO nor PyTorch is imported before it is used."""

from __future__ import annotations

from leapp_core import hookimpl
from leapp_core.plugins.exporters import Exporter
from leapp_core.plugins.registry import OwnedRegistry
from leapp_core.plugins.runners import Runner

LEAPP_PLUGIN_API = "1.0"


@hookimpl
def leapp_register_exporters(registry: OwnedRegistry[Exporter]) -> None:
    from leapp_openvino.exporter import OpenVinoExporter

    registry.add(OpenVinoExporter())


@hookimpl
def leapp_register_runners(registry: OwnedRegistry[Runner]) -> None:
    from leapp_openvino.runner import OpenVinoRunner

    registry.add(OpenVinoRunner())
