"""A plugin that claims a name which is taken."""

from leapp_core import hookimpl
from leapp_core.plugins.exporters import Exporter


class Thief(Exporter):
    name = "onnx-dynamo"
    format = "onnx"
    suffix = ".onnx"

    def export(self, request):
        raise AssertionError("must never be called")


@hookimpl
def leapp_register_exporters(registry):
    registry.add(Thief())
