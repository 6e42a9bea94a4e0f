"""The parts of an ONNX model file that joining and safety checks look at, read without the ``onnx`` package."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from leapp_backends.onnx import merge_rename as proto
from leapp_backends.onnx.merge_wire import Field, WireError, fields

MODEL_IR, MODEL_GRAPH, MODEL_OPSET, MODEL_METADATA, MODEL_FUNCTION = 1, 7, 8, 14, 25
OPSET_DOMAIN, OPSET_VERSION = 1, 2
FUNCTION_NAME, FUNCTION_DOMAIN, FUNCTION_OVERLOAD = 1, 10, 13
ATTRIBUTE_TENSOR, ATTRIBUTE_TENSORS = 5, 10
ENTRY_KEY, ENTRY_VALUE = 1, 2
EXTERNAL = 1

_MAX_DEPTH = 32


@dataclass
class ModelParts:
    """An ONNX model, split.

    Attributes:
        ir_version: Format version.
        opsets: Domain to version.
        nodes: Serialized nodes, in order.
        initializers: Name to serialized tensor.
        inputs: Graph inputs that are fed, name to serialized value info (initializers left out).
        outputs: Graph outputs, likewise.
        value_infos: Serialized shapes of intermediate values.
        functions: ``(domain, name, overload)`` to serialized function.
        external: Locations of weights kept outside the file.
        sparse: Has sparse initializers.
        metadata: Facts embedded in the file.
    """

    ir_version: int = 0
    opsets: dict[str, int] = field(default_factory=dict)
    nodes: list[memoryview] = field(default_factory=list)
    initializers: dict[str, memoryview] = field(default_factory=dict)
    inputs: dict[str, memoryview] = field(default_factory=dict)
    outputs: dict[str, memoryview] = field(default_factory=dict)
    value_infos: list[memoryview] = field(default_factory=list)
    functions: dict[tuple[str, str, str], bytes] = field(default_factory=dict)
    external: list[str] = field(default_factory=list)
    sparse: bool = False
    metadata: dict[str, str] = field(default_factory=dict)


def read_model(content: bytes) -> ModelParts:
    """Split a serialized ``ModelProto``.

    Raises:
        WireError: the bytes are no ONNX model.
    """
    parts = ModelParts()
    for item in fields(content):
        if item.number == MODEL_IR:
            parts.ir_version = item.number_value
        elif item.number == MODEL_OPSET:
            domain, version = _opset(item.value)
            parts.opsets[domain] = version
        elif item.number == MODEL_METADATA:
            entry = {part.number: part for part in fields(item.value)}
            parts.metadata[_text(entry, ENTRY_KEY)] = _text(entry, ENTRY_VALUE)
        elif item.number == MODEL_FUNCTION:
            parts.functions[_function_key(item.value)] = bytes(item.value)
        elif item.number == MODEL_GRAPH:
            _read_graph(item.value, parts)
    if not parts.outputs:
        raise WireError("there is no graph with outputs")
    for name in parts.initializers:
        parts.inputs.pop(name, None)
    return parts


def _read_graph(graph: memoryview, parts: ModelParts) -> None:
    for item in fields(graph):
        if item.number == proto.GRAPH_NODE:
            parts.nodes.append(item.value)
            parts.external.extend(_external_in_node(item.value))
        elif item.number == proto.GRAPH_INITIALIZER:
            parts.initializers[proto.tensor_name(item.value)] = item.value
            parts.external.extend(_external(item.value))
        elif item.number == proto.GRAPH_INPUT:
            parts.inputs[proto.value_name(item.value)] = item.value
        elif item.number == proto.GRAPH_OUTPUT:
            parts.outputs[proto.value_name(item.value)] = item.value
        elif item.number == proto.GRAPH_VALUE_INFO:
            parts.value_infos.append(item.value)
        elif item.number == proto.GRAPH_SPARSE:
            parts.sparse = True


def _opset(message: memoryview) -> tuple[str, int]:
    domain, version = "", 0
    for item in fields(message):
        if item.number == OPSET_DOMAIN:
            domain = item.text
        elif item.number == OPSET_VERSION:
            version = item.number_value
    # "ai.onnx" is another spelling of the default domain.
    return ("" if domain == "ai.onnx" else domain), version


def _function_key(message: memoryview) -> tuple[str, str, str]:
    found = {item.number: item for item in fields(message)}
    return (_text(found, FUNCTION_DOMAIN), _text(found, FUNCTION_NAME), _text(found, FUNCTION_OVERLOAD))


def _text(found: dict[int, Field], number: int) -> str:
    return found[number].text if number in found else ""


def _external(tensor: memoryview) -> Iterator[str]:
    is_external, location = False, ""
    for item in fields(tensor):
        if item.number == proto.TENSOR_LOCATION:
            is_external = item.number_value == EXTERNAL
        elif item.number == proto.TENSOR_EXTERNAL:
            entry = {part.number: part for part in fields(item.value)}
            if _text(entry, ENTRY_KEY) == "location":
                location = _text(entry, ENTRY_VALUE)
    if is_external:
        yield location


def _external_in_node(node: memoryview, depth: int = 0) -> Iterator[str]:
    if depth > _MAX_DEPTH:
        raise WireError(f"subgraphs are nested more than {_MAX_DEPTH} levels deep")
    for attribute in (item.value for item in fields(node) if item.number == proto.NODE_ATTRIBUTE):
        for item in fields(attribute):
            if item.number in (ATTRIBUTE_TENSOR, ATTRIBUTE_TENSORS):
                yield from _external(item.value)
            elif item.number in (proto.ATTRIBUTE_GRAPH, proto.ATTRIBUTE_GRAPHS):
                yield from _external_in_subgraph(item.value, depth + 1)


def _external_in_subgraph(graph: memoryview, depth: int) -> Iterator[str]:
    for item in fields(graph):
        if item.number == proto.GRAPH_NODE:
            yield from _external_in_node(item.value, depth)
        elif item.number == proto.GRAPH_INITIALIZER:
            yield from _external(item.value)
