"""What ONNX Runtime's CPU provider cannot compute, refused before any work."""

from __future__ import annotations

from leapp_backends.common.failures import where
from leapp_backends.common.functional import dtypes, op_name
from leapp_core.errors import ExportError
from leapp_core.plugins.exporters import NodeProgram


def check_dtypes(program: NodeProgram) -> None:
    """Refuse element types that ONNX Runtime has no CPU kernels for.

    Raises:
        ExportError: naming the type, where it first occurs and what to do.
    """
    import torch

    refused = {
        torch.bfloat16: "ONNX Runtime's CPU provider has no bfloat16 kernels",
        torch.complex32: "ONNX has no complex numbers",
        torch.complex64: "ONNX has no complex numbers",
        torch.complex128: "ONNX has no complex numbers",
    }
    for dtype, node in dtypes(program.exported).items():
        if dtype in refused:
            called = f"{op_name(node)} computes in" if node.op == "call_function" else f"{node.name} is"
            raise ExportError(
                f"node {program.spec.name!r} cannot be written to ONNX: {called} {str(dtype).removeprefix('torch.')}, "
                f"and {refused[dtype]}",
                where=where(node),
                fix="compute in float32 (or float16), or use --backend jit-script or pt2",
                code="X001",
            )
