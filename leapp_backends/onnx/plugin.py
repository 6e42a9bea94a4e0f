"""Register the ONNX backends and runner."""

from __future__ import annotations

from leapp_core.plugins.exporters import Exporter
from leapp_core.plugins.markers import hookimpl
from leapp_core.plugins.registry import OwnedRegistry
from leapp_core.plugins.runners import Runner


@hookimpl
def leapp_register_exporters(registry: OwnedRegistry[Exporter]) -> None:
    """Add ``onnx-dynamo`` and ``onnx-torchscript``."""
    from leapp_backends.onnx.dynamo import OnnxDynamoExporter
    from leapp_backends.onnx.legacy import OnnxTorchscriptExporter

    registry.add(OnnxDynamoExporter())
    registry.add(OnnxTorchscriptExporter())


@hookimpl
def leapp_register_runners(registry: OwnedRegistry[Runner]) -> None:
    """Add the ONNX Runtime runner."""
    from leapp_backends.onnx.runner import OnnxRunner

    registry.add(OnnxRunner())
