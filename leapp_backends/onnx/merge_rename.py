"""Rename every value of an ONNX graph, subgraphs included, on the level of protobuf fields.

Field numbers are those of ``onnx.proto3``; a test compares them with the ``onnx`` package.
"""

from __future__ import annotations

from collections.abc import Callable

from leapp_backends.onnx.merge_wire import WireError, field_bytes, fields

Rename = Callable[[str], str]
"""Old value name to new."""

NODE_INPUT, NODE_OUTPUT, NODE_NAME, NODE_OP, NODE_ATTRIBUTE = 1, 2, 3, 4, 5
ATTRIBUTE_GRAPH, ATTRIBUTE_GRAPHS = 6, 11
GRAPH_NODE, GRAPH_NAME, GRAPH_INITIALIZER, GRAPH_DOC, GRAPH_INPUT, GRAPH_OUTPUT, GRAPH_VALUE_INFO = (
    1,
    2,
    5,
    10,
    11,
    12,
    13,
)
GRAPH_QUANTIZATION, GRAPH_SPARSE, GRAPH_METADATA = 14, 15, 16
TENSOR_NAME, TENSOR_EXTERNAL, TENSOR_LOCATION = 8, 13, 14
VALUE_NAME, VALUE_TYPE = 1, 2
TYPE_TENSOR, TENSOR_SHAPE, SHAPE_DIM, DIM_PARAM = 1, 2, 1, 2

_MAX_DEPTH = 32


def rename_node(node: memoryview, rename: Rename, prefix: str, depth: int = 0) -> bytes:
    """Return a ``NodeProto`` with its values renamed, its own name prefixed and its subgraphs renamed alike."""
    out = bytearray()
    for field in fields(node):
        if field.number in (NODE_INPUT, NODE_OUTPUT):
            # An empty name is an optional input or output left out.
            out += field_bytes(field.number, rename(field.text) if field.value else "")
        elif field.number == NODE_NAME:
            out += field_bytes(NODE_NAME, prefix + field.text)
        elif field.number == NODE_ATTRIBUTE:
            out += field_bytes(NODE_ATTRIBUTE, _rename_attribute(field.value, rename, prefix, depth))
        else:
            out += field.raw
    return bytes(out)


def _rename_attribute(attribute: memoryview, rename: Rename, prefix: str, depth: int) -> bytes:
    out = bytearray()
    for field in fields(attribute):
        if field.number in (ATTRIBUTE_GRAPH, ATTRIBUTE_GRAPHS):
            out += field_bytes(field.number, _rename_subgraph(field.value, rename, prefix, depth + 1))
        else:
            out += field.raw
    return bytes(out)


def _rename_subgraph(graph: memoryview, rename: Rename, prefix: str, depth: int) -> bytes:
    if depth > _MAX_DEPTH:
        raise WireError(f"subgraphs are nested more than {_MAX_DEPTH} levels deep")
    out = bytearray()
    for field in fields(graph):
        if field.number == GRAPH_NODE:
            out += field_bytes(GRAPH_NODE, rename_node(field.value, rename, prefix, depth))
        elif field.number == GRAPH_INITIALIZER:
            out += field_bytes(GRAPH_INITIALIZER, rename_tensor(field.value, rename))
        elif field.number in (GRAPH_INPUT, GRAPH_OUTPUT, GRAPH_VALUE_INFO):
            out += field_bytes(field.number, rename_value(field.value, rename, prefix))
        elif field.number == GRAPH_SPARSE:
            raise WireError("sparse initializers cannot be renamed")
        elif field.number not in (GRAPH_QUANTIZATION, GRAPH_METADATA, GRAPH_DOC):
            out += field.raw
    return bytes(out)


def rename_tensor(tensor: memoryview, rename: Rename) -> bytes:
    """Return a ``TensorProto`` under its new name, content untouched."""
    parts = [
        field_bytes(TENSOR_NAME, rename(field.text)) if field.number == TENSOR_NAME else bytes(field.raw)
        for field in fields(tensor)
    ]
    return b"".join(parts)


def rename_value(value: memoryview, rename: Rename, prefix: str) -> bytes:
    """Return a ``ValueInfoProto`` under its new name, its symbolic sizes prefixed.

    Two exporters may call unrelated sizes by one name, and the runtime plans memory by these names.
    """
    out = bytearray()
    for field in fields(value):
        if field.number == VALUE_NAME:
            out += field_bytes(VALUE_NAME, rename(field.text))
        elif field.number == VALUE_TYPE:
            out += field_bytes(VALUE_TYPE, _prefix_sizes(field.value, (TYPE_TENSOR, TENSOR_SHAPE, SHAPE_DIM), prefix))
        else:
            out += field.raw
    return bytes(out)


def _prefix_sizes(message: memoryview, path: tuple[int, ...], prefix: str) -> bytes:
    """Descend along ``path`` and prefix each symbolic size at its end."""
    out = bytearray()
    for field in fields(message):
        if path and field.number == path[0]:
            out += field_bytes(field.number, _prefix_sizes(field.value, path[1:], prefix))
        elif not path and field.number == DIM_PARAM:
            out += field_bytes(DIM_PARAM, prefix + field.text)
        else:
            out += field.raw
    return bytes(out)


def value_name(value: memoryview) -> str:
    """Return the name of a ``ValueInfoProto``."""
    return next((field.text for field in fields(value) if field.number == VALUE_NAME), "")


def tensor_name(tensor: memoryview) -> str:
    """Return the name of a ``TensorProto``."""
    return next((field.text for field in fields(tensor) if field.number == TENSOR_NAME), "")


def node_outputs(node: memoryview) -> list[str]:
    """Return the names of the values a ``NodeProto`` produces."""
    return [field.text for field in fields(node) if field.number == NODE_OUTPUT and field.value]


def identity_node(source: str, target: str) -> bytes:
    """Return a ``NodeProto`` that copies a value."""
    return (
        field_bytes(NODE_INPUT, source)
        + field_bytes(NODE_OUTPUT, target)
        + field_bytes(NODE_NAME, f"copy:{target}")
        + field_bytes(NODE_OP, "Identity")
    )
