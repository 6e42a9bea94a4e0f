"""Models that return a weight as it is, such as gains that never change, for devices whose compilers refuse that."""

from __future__ import annotations

from leapp_backends.onnx import merge_rename as proto
from leapp_backends.onnx.merge_model import MODEL_GRAPH, ModelParts
from leapp_backends.onnx.merge_wire import field_bytes, fields

_PREFIX = "weight:"


def copy_returned_weights(content: bytes, parts: ModelParts) -> bytes:
    """Return the model with every output that is a weight made by an operator that copies it.

    Args:
        content: Serialized model.
        parts: The same model, split.
    """
    returned = parts.outputs.keys() & parts.initializers.keys()
    if not returned:
        return content

    def rename(name: str) -> str:
        return _PREFIX + name if name in returned else name

    return b"".join(
        field_bytes(MODEL_GRAPH, _rewrite(item.value, returned, rename))
        if item.number == MODEL_GRAPH
        else bytes(item.raw)
        for item in fields(content)
    )


def _rewrite(graph: memoryview, returned: set[str], rename: proto.Rename) -> bytes:
    out = bytearray()
    for item in fields(graph):
        if item.number == proto.GRAPH_NODE:
            out += field_bytes(item.number, proto.rename_node(item.value, rename, ""))
        elif item.number == proto.GRAPH_INITIALIZER:
            out += field_bytes(item.number, proto.rename_tensor(item.value, rename))
        elif item.number != proto.GRAPH_QUANTIZATION:
            out += item.raw
    for name in sorted(returned):
        out += field_bytes(proto.GRAPH_NODE, proto.identity_node(rename(name), name))
    return bytes(out)
