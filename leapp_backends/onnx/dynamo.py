"""``onnx-dynamo``: the default backend."""

from __future__ import annotations

from typing import Any

from leapp_backends.onnx.options import OnnxDynamoOptions
from leapp_core.errors import ExportError, LeappError
from leapp_core.plugins.exporters import Exporter, ExportRequest, NodeProgram, WrittenArtifact


class OnnxDynamoExporter(Exporter):
    """Writes ONNX with PyTorch's translator for exported programs."""

    name = "onnx-dynamo"
    aliases = ("onnx",)
    format = "onnx"
    suffix = ".onnx"
    summary = "ONNX through torch.export and onnxscript; runs without PyTorch"
    options_type = OnnxDynamoOptions
    requires = ("torch", "onnx", "onnxscript", "onnx_ir")
    extra = "export"

    def check(self, program: NodeProgram, options: Any) -> None:
        """Refuse element types ONNX Runtime cannot compute; see :meth:`Exporter.check`."""
        from leapp_backends.onnx.limits import check_dtypes

        check_dtypes(program)

    def export(self, request: ExportRequest) -> WrittenArtifact:
        """Write one self-contained ``.onnx`` file; see :meth:`Exporter.export`."""
        from leapp_backends.batch.apply import apply_batch
        from leapp_backends.common.failures import root_cause
        from leapp_backends.common.quiet import quiet
        from leapp_backends.onnx.interface import set_interface
        from leapp_backends.onnx.tidy import origins, tidy
        from leapp_backends.onnx.translate import translate
        from leapp_backends.onnx.write import check_opset, count_operators, write_model

        options: OnnxDynamoOptions = request.options
        program = apply_batch(request.program, options.dynamic_batch)
        try:
            with quiet() as notes:
                model = translate(program.exported, options.opset, optimize=options.optimize)
                places = origins(model)
                tidy(model, request.metadata)
        except LeappError:
            raise
        except Exception as error:
            raise ExportError(
                f"PyTorch's ONNX translator failed on node {program.spec.name!r}: {root_cause(error)}",
                fix="try --backend onnx-torchscript, or pt2",
                code="X003",
            ) from error
        set_interface(model, program.spec)
        parameters = write_model(model, request.destination, program.spec.name)
        check_opset(parameters["opset_version"], options.opset)
        counts = count_operators(model)
        return WrittenArtifact(request.destination, parameters, program.spec, tuple(notes), counts, places)
