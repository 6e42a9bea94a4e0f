"""Clean a translated ONNX graph: one function and one reason each. Results stay bit-identical."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    import onnx_ir as ir

_REARRANGING = frozenset({"Slice", "Concat", "Transpose", "Reshape", "Squeeze", "Unsqueeze", "Split", "Cast", "Neg"})
_PROTOBUF_LIMIT = 2**31 - 1
STACK = "pkg.torch.onnx.stack_trace"
"""Where the translator notes the call that a node was written for."""
_FOREVER = 2**31 - 1
"""Slice ends at or above this mean "to the end" whatever the size."""


def tidy(model: ir.Model, metadata: Mapping[str, str]) -> None:
    """Clean in place and embed facts."""
    import onnx_ir as ir
    from onnx_ir.passes import common

    if model.functions:
        common.InlinePass()(model)
    if not any(
        attribute.type == ir.AttributeType.GRAPH for node in model.graph for attribute in node.attributes.values()
    ):
        common.IdentityEliminationPass()(model)  # a branch may not return an outer value as it is
    fold_rearranged_weights(model)
    drop_whole_slices(model.graph)
    squeeze_single_direction(model.graph)
    drop_default_attributes(model)
    common.RemoveUnusedNodesPass()(model)
    share_initializers(model)
    strip_origin(model)
    model.metadata_props.clear()
    model.metadata_props.update(metadata)


def fold_rearranged_weights(model: ir.Model) -> None:
    """Compute what only rearranges weights: the optimizer leaves large ones, such as the gates of a wide LSTM."""
    from onnxscript import optimizer

    def rearranges(node: ir.Node) -> bool:
        return (
            node.domain == ""
            and node.op_type in _REARRANGING
            and all(value is None or _is_constant(value) for value in node.inputs)
        )

    if any(rearranges(node) for node in model.graph):
        optimizer.fold_constants_ir(
            model, input_size_limit=_PROTOBUF_LIMIT, output_size_limit=_PROTOBUF_LIMIT, should_fold=rearranges
        )


def _is_constant(value: ir.Value) -> bool:
    return value.const_value is not None and not value.is_graph_input()


def drop_whole_slices(graph: ir.Graph) -> None:
    """Remove slices that take everything: the translator puts them around the state of a one-layer GRU or LSTM."""
    for node in tuple(graph):
        if node.op_type == "Slice" and node.domain == "" and _takes_everything(node):
            _replace(graph, node, node.inputs[0])


def _takes_everything(node: ir.Node) -> bool:
    data = node.inputs[0]
    known = [_constant(value) for value in node.inputs[1:]]
    if data is None or data.shape is None or len(known) < 2 or known[0] is None or known[1] is None:
        return False
    starts, ends = known[0].tolist(), known[1].tolist()
    axes = known[2].tolist() if len(known) > 2 and known[2] is not None else list(range(len(starts)))
    if len(known) > 3 and (known[3] is None or any(step != 1 for step in known[3].tolist())):
        return False
    return all(
        start == 0 and (end >= _FOREVER or (isinstance(data.shape[axis], int) and end >= int(data.shape[axis])))
        for start, end, axis in zip(starts, ends, axes, strict=True)
    )


def squeeze_single_direction(graph: ir.Graph) -> None:
    """Turn the transpose and reshape behind a one-directional GRU or LSTM into the squeeze that they amount to."""
    import numpy as np
    import onnx_ir as ir

    for node in tuple(graph):
        transpose = _only_user(node.outputs[0]) if node.op_type in {"GRU", "LSTM"} else None
        if transpose is None or transpose.op_type != "Transpose":
            continue
        reshape = _only_user(transpose.outputs[0])
        if reshape is None or reshape.op_type != "Reshape" or not _drops_direction(node, transpose, reshape):
            continue
        axis = ir.Value(name=f"{node.outputs[0].name}_direction", const_value=ir.tensor(np.array([1], np.int64)))
        axis.shape, axis.type = ir.Shape([1]), ir.TensorType(ir.DataType.INT64)
        graph.register_initializer(axis)
        squeeze = ir.Node("", "Squeeze", [node.outputs[0], axis], name=f"{reshape.name}_squeeze")
        old, new = reshape.outputs[0], squeeze.outputs[0]
        new.name, new.type, new.shape = f"{old.name}_squeezed", old.type, old.shape
        graph.insert_after(reshape, squeeze)
        _replace(graph, reshape, new)


def _drops_direction(rnn: ir.Node, transpose: ir.Node, reshape: ir.Node) -> bool:
    direction = rnn.attributes.get("direction")
    perm = transpose.attributes.get("perm")
    before, after = rnn.outputs[0].shape, reshape.outputs[0].shape
    if (direction is not None and direction.as_string() not in {"forward", "reverse"}) or perm is None:
        return False
    if tuple(perm.as_ints()) != (0, 2, 1, 3) or before is None or after is None or len(before) != 4:
        return False
    return before[1] == 1 and [str(before[at]) for at in (0, 2, 3)] == [str(size) for size in after]


def drop_default_attributes(model: ir.Model) -> None:
    """Leave out attributes that say what holds without them: some readers know fewer attributes than operators."""
    import onnx
    import onnx_ir as ir

    version = model.opset_imports.get("")
    for node in ir.traversal.RecursiveGraphIterator(model.graph):
        if node.domain != "" or version is None or not onnx.defs.has(node.op_type, max_inclusive_version=version):
            continue
        known = onnx.defs.get_schema(node.op_type, max_inclusive_version=version).attributes
        for name, attribute in tuple(node.attributes.items()):
            default = known[name].default_value if name in known else None
            if default is None or not default.name or attribute.is_ref():
                continue
            if ir.to_proto(attribute).SerializeToString() == default.SerializeToString():
                del node.attributes[name]


def share_initializers(model: ir.Model) -> None:
    """Keep equal weights once; tied layers and repeated constants arrive as several."""
    from onnx_ir.passes import common

    common.DeduplicateInitializersPass(size_limit=2**31)(model)


def origins(model: ir.Model) -> dict[str, str]:
    """Return, by operator, ``file:line`` of the user's call that it was first written for.

    The translator notes the call at each node; operators it made of several calls, and those of PyTorch's older
    exporter, have none.
    """
    import onnx_ir as ir

    from leapp_backends.common.failures import last_frame

    found: dict[str, str] = {}
    for node in ir.traversal.RecursiveGraphIterator(model.graph):
        place = last_frame(node.metadata_props.get(STACK, ""))
        if place:
            found.setdefault(f"{node.domain}::{node.op_type}" if node.domain else node.op_type, place)
    return found


def strip_origin(model: ir.Model) -> None:
    """Drop where each node came from: paths of the machine that exported have no place in a bundle."""
    from onnx_ir.passes import common

    common.ClearMetadataAndDocStringPass()(model)
    model.doc_string = None
    model.graph.doc_string = None
    model.graph.metadata_props.clear()
    for value in (*model.graph.inputs, *model.graph.initializers.values()):
        value.metadata_props.clear()
        value.doc_string = None
    for node in model.graph:
        for output in node.outputs:
            output.metadata_props.clear()


def _only_user(value: ir.Value) -> ir.Node | None:
    users = value.uses()
    if len(users) != 1 or value.is_graph_output():
        return None
    found: ir.Node = next(iter(users)).node
    return found


def _replace(graph: ir.Graph, node: ir.Node, by: ir.Value | None) -> None:
    """Let users of a node's only result read another value, and remove the node."""
    import onnx_ir as ir

    assert by is not None
    old = node.outputs[0]
    ir.convenience.replace_all_uses_with(old, by)
    for at, output in enumerate(graph.outputs):
        if output is old:
            graph.outputs[at] = by
    graph.remove(node, safe=True)


def _constant(value: ir.Value | None) -> np.ndarray[Any, Any] | None:
    import onnx_ir as ir

    tensor = None if value is None else ir.convenience.get_const_tensor(value)
    return None if tensor is None else tensor.numpy()
