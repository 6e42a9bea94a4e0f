"""Serialize an ONNX model, prove that ONNX Runtime takes it, write it, and read back what the file says."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from leapp_core.errors import ExportError

if TYPE_CHECKING:
    import onnx_ir as ir

_PROTOBUF_LIMIT = 2**31 - 1
_OLDEST_IR = 8
"""Read by every ONNX Runtime since 1.10; older ones are of no interest to anybody who can install this project."""
_NO_KERNEL = re.compile(r"Could not find an implementation for (\w+)\((\d+)\) node with name '([^']*)'")


def write_model(model: ir.Model, destination: Path, node: str) -> dict[str, Any]:
    """Write one self-contained file and return the facts to state about it.

    Raises:
        ExportError: the model is too large for one file, or ONNX Runtime cannot load it.
    """
    import onnx_ir as ir

    model.ir_version = oldest_ir_version(model)
    size = sum(value.const_value.nbytes for value in model.graph.initializers.values() if value.const_value is not None)
    if size > _PROTOBUF_LIMIT:
        raise ExportError(
            f"node {node!r} has {size / 2**30:.1f} GiB of weights, an ONNX file holds 2 GiB",
            fix="use --backend pt2 or jit-script for this node",
            code="X005",
        )
    proto = ir.to_proto(model)
    content = proto.SerializeToString(deterministic=True)
    check_loads(content, node)
    destination.write_bytes(content)
    return {"opset_version": next(item.version for item in proto.opset_import if item.domain in {"", "ai.onnx"})}


def count_operators(model: ir.Model) -> dict[str, int]:
    """Return how often each operator stands in a model, those of branches and loops included."""
    nodes = [node for function in model.functions.values() for node in function.all_nodes()]
    counts = Counter(f"{n.domain}::{n.op_type}" if n.domain else n.op_type for n in (*model.graph.all_nodes(), *nodes))
    return dict(sorted(counts.items()))


def oldest_ir_version(model: ir.Model) -> int:
    """Return the oldest version of the file format that holds a model's operator sets.

    Translators write the newest, which older releases of ONNX Runtime refuse whatever the operators.
    """
    import onnx

    imports = [onnx.helper.make_opsetid(domain, version) for domain, version in model.opset_imports.items()]
    return max(_OLDEST_IR, int(onnx.helper.find_min_ir_version_for(imports, ignore_unknown=True)))


def check_opset(written: int, wanted: int | None) -> None:
    """Refuse a file whose operator set is not the one asked for.

    Raises:
        ExportError: naming both.
    """
    if wanted is not None and written != wanted:
        raise ExportError(
            f"the graph could not be converted to opset {wanted}, PyTorch wrote {written}",
            fix=f"leave the option out, or use opset {written}",
            code="X004",
        )


def check_loads(content: bytes, node: str) -> None:
    """Load a model with ONNX Runtime on the CPU.

    Raises:
        ExportError: naming the operator it has no kernel for, or its own message.
    """
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    try:
        onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    except Exception as error:
        text = " ".join(str(error).split())
        missing = _NO_KERNEL.search(text)
        if missing:
            kernel, version, name = missing.groups()
            at = f" (node {name!r} of the graph)" if name else ""
            text = f"it has no CPU kernel for operator {kernel}-{version} with these element types{at}"
        raise ExportError(
            f"ONNX Runtime {onnxruntime.__version__} cannot run node {node!r}: {text}",
            fix="compute that part in float32, or use --backend jit-script or pt2, whose runners have every kernel",
            code="X004",
        ) from error
