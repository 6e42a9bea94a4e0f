"""``onnx-torchscript``: PyTorch's older exporter, fed a functional program."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

from leapp_backends.onnx.options import OnnxTorchscriptOptions
from leapp_core.errors import ExportError, LeappError
from leapp_core.plugins.exporters import Exporter, ExportRequest, NodeProgram, WrittenArtifact

if TYPE_CHECKING:
    import onnx_ir as ir


class OnnxTorchscriptExporter(Exporter):
    """Writes ONNX by tracing with TorchScript; for readers that want the graphs older PyTorch releases wrote.

    That exporter loses in-place writes without a word, so only functional programs may reach it, which is what every
    node's program is.
    """

    name = "onnx-torchscript"
    format = "onnx"
    suffix = ".onnx"
    summary = "ONNX through PyTorch's older TorchScript exporter"
    options_type = OnnxTorchscriptOptions
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
        from leapp_backends.common.quiet import quiet, silent_stdout
        from leapp_backends.onnx.interface import set_interface
        from leapp_backends.onnx.tidy import tidy
        from leapp_backends.onnx.write import check_opset, count_operators, write_model

        options: OnnxTorchscriptOptions = request.options
        program = apply_batch(request.program, options.dynamic_batch)
        try:
            with quiet() as notes, silent_stdout():
                model = _trace(program, options)
                tidy(model, request.metadata)
        except LeappError:
            raise
        except Exception as error:
            raise ExportError(
                f"PyTorch's TorchScript exporter failed on node {program.spec.name!r}: {root_cause(error)}",
                fix="use --backend onnx-dynamo, the default",
                code="X003",
            ) from error
        set_interface(model, program.spec, _present(model))
        parameters = write_model(model, request.destination, program.spec.name)
        check_opset(parameters["opset_version"], options.opset)
        return WrittenArtifact(request.destination, parameters, program.spec, tuple(notes), count_operators(model))


def _trace(program: NodeProgram, options: OnnxTorchscriptOptions) -> ir.Model:
    import onnx
    import onnx_ir as ir
    import torch

    from leapp_backends.onnx.legacy_lowering import lower

    inputs = [f"input_{at}" for at in range(len(program.spec.inputs))]
    outputs = [f"output_{at}" for at in range(len(program.spec.outputs))]
    buffer = io.BytesIO()
    torch.onnx.export(
        lower(program, options.opset),
        tuple(tensor.clone() for tensor in program.sample_inputs()),
        buffer,  # type: ignore[arg-type]  # the older exporter takes a buffer
        dynamo=False,
        verbose=False,
        input_names=inputs,
        output_names=outputs,
        opset_version=options.opset,
        do_constant_folding=options.constant_folding,
        keep_initializers_as_inputs=False,
        dynamic_axes=_dynamic_axes(program) or None,
    )
    model: ir.Model = ir.from_proto(onnx.load_from_string(buffer.getvalue()))
    return model


def _dynamic_axes(program: NodeProgram) -> dict[str, dict[int, str]]:
    ports = [(f"input_{at}", port) for at, port in enumerate(program.spec.inputs)]
    ports += [(f"output_{at}", port) for at, port in enumerate(program.spec.outputs)]
    axes = {name: {at: size for at, size in enumerate(port.shape) if isinstance(size, str)} for name, port in ports}
    return {name: named for name, named in axes.items() if named}


def _present(model: ir.Model) -> list[int]:
    """Return which inputs are left; the older exporter drops those that nothing reads."""
    return [int(str(value.name).removeprefix("input_")) for value in model.graph.inputs]
