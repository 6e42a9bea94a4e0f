"""Register the TorchScript backends and runner."""

from __future__ import annotations

from leapp_core.plugins.exporters import Exporter
from leapp_core.plugins.markers import hookimpl
from leapp_core.plugins.registry import OwnedRegistry
from leapp_core.plugins.runners import Runner


@hookimpl
def leapp_register_exporters(registry: OwnedRegistry[Exporter]) -> None:
    """Add ``jit-script`` and ``jit-trace``."""
    from leapp_backends.torchscript.exporters import JitScriptExporter, JitTraceExporter

    registry.add(JitScriptExporter())
    registry.add(JitTraceExporter())


@hookimpl
def leapp_register_runners(registry: OwnedRegistry[Runner]) -> None:
    """Add the TorchScript runner."""
    from leapp_backends.torchscript.runner import JitRunner

    registry.add(JitRunner())
