"""The backend: a node's program becomes an .xml file and, beside it, a .bin file with the weights."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from leapp_core.errors import ExportError
from leapp_core.plugins.exporters import Exporter, ExportRequest, NodeProgram, WrittenArtifact, line_of

TYPES = ("float32", "int64", "int32", "bool")
"""Element types that OpenVINO's CPU device computes as PyTorch does."""
INTEGERS = "the CPU device computes int64 in 32 bits: counters are exact up to 2147483647, larger inputs are refused"


@dataclass(frozen=True)
class OpenVinoOptions:
    """What ``--option KEY=VALUE`` takes."""

    fp16_weights: bool = field(
        default=False, metadata={"help": "store weights in half precision: half the size, and validation may refuse it"}
    )


class OpenVinoExporter(Exporter):
    """Writes OpenVINO's intermediate representation with OpenVINO's own converter."""

    name = "openvino-ir"
    format = "openvino"
    suffix = ".xml"
    summary = "OpenVINO IR: .xml and .bin"
    options_type = OpenVinoOptions
    requires = ("torch", "openvino")

    def check(self, program: NodeProgram, options: Any) -> None:
        for node in program.exported.graph.nodes:
            value = node.meta.get("val")
            dtype = str(getattr(value, "dtype", "torch.float32")).removeprefix("torch.")
            if dtype not in TYPES:
                raise ExportError(
                    f"{node.name!r} is {dtype}, which OpenVINO's CPU device computes in another precision",
                    where=line_of(node) or f"node {program.spec.name!r}",
                    expected=f"one of {', '.join(TYPES)}",
                    fix="convert it to float32 in your code, or use --backend onnx-dynamo",
                )

    def export(self, request: ExportRequest) -> WrittenArtifact:
        from leapp_openvino.convert import convert, describe, save

        model = convert(request.program)
        describe(model, request.program.spec, request.metadata)
        save(model, request.destination, half=request.options.fp16_weights)
        operators = Counter(operation.get_type_name() for operation in model.get_ordered_ops())
        integers = any(port.dtype == "int64" for port in (*request.program.spec.inputs, *request.program.spec.outputs))
        return WrittenArtifact(
            request.destination,
            {"weights": request.destination.with_suffix(".bin").name},
            notes=(INTEGERS,) if integers else (),
            operators=dict(sorted(operators.items())),
        )
