"""Join the models of a pipeline into one, so that a control step is a single native call.

Every value of a node gets a prefix of its own; an input fed by another node takes the name of the value that feeds
it. Weights and operators are not touched. Values that pass from node to node are outputs of the joined model too: an
optimizer keeps an output as it is, so nothing is fused or reordered across what used to be the border of two models,
and the bits stay the same. What cannot be joined safely raises :class:`CannotMergeError`, and the
pipeline then runs its models one after the other.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from leapp_backends.onnx import merge_rename as proto
from leapp_backends.onnx.merge_model import (
    MODEL_FUNCTION,
    MODEL_GRAPH,
    MODEL_IR,
    MODEL_OPSET,
    OPSET_DOMAIN,
    OPSET_VERSION,
    ModelParts,
    read_model,
)
from leapp_backends.onnx.merge_wire import WireError, field_bytes, field_varint
from leapp_core.spec.names import PortRef
from leapp_core.spec.pipeline import PipelineSpec


class CannotMergeError(Exception):
    """The models of a pipeline have to stay apart; the text says why."""


@dataclass(frozen=True)
class NodeModel:
    """One node's model as it is in the bundle.

    Attributes:
        content: Bytes of the file.
        inputs: Input port to the name it has in the file.
        outputs: Output port to the name it has in the file.
    """

    content: bytes
    inputs: Mapping[str, str]
    outputs: Mapping[str, str]


@dataclass(frozen=True)
class MergedModel:
    """One model for the whole pipeline.

    Attributes:
        content: Serialized model.
        inputs: Ports fed from outside or by the previous step, to input names.
        outputs: Ports that anything reads, to output names.
    """

    content: bytes
    inputs: Mapping[PortRef, str]
    outputs: Mapping[PortRef, str]


def merge_models(pipeline: PipelineSpec, models: Mapping[str, NodeModel]) -> MergedModel:
    """Join the models.

    Args:
        pipeline: Nodes in execution order and their wiring.
        models: Node name to model.

    Raises:
        CannotMergeError: opsets or functions clash, weights are outside the file, or the file cannot be read.
    """
    try:
        parts = {name: read_model(model.content) for name, model in models.items()}
        opsets, functions = _shared_parts(parts)
        graph = _Graph(pipeline)
        for index, node in enumerate(pipeline.nodes):
            graph.add(node.name, f"n{index}:", parts[node.name], models[node.name])
        content = graph.finish()
    except WireError as error:
        raise CannotMergeError(f"a model file is not understood: {error}") from error
    head = field_varint(MODEL_IR, max(p.ir_version for p in parts.values()))
    tail = b"".join(
        field_bytes(MODEL_OPSET, field_bytes(OPSET_DOMAIN, domain) + field_varint(OPSET_VERSION, version))
        for domain, version in sorted(opsets.items())
    )
    tail += b"".join(field_bytes(MODEL_FUNCTION, function) for function in functions)
    return MergedModel(head + field_bytes(MODEL_GRAPH, content) + tail, graph.inputs, graph.outputs)


def _shared_parts(parts: Mapping[str, ModelParts]) -> tuple[dict[str, int], list[bytes]]:
    """Return opsets and functions of all models together."""
    opsets: dict[str, int] = {}
    functions: dict[tuple[str, str, str], bytes] = {}
    for name, part in parts.items():
        if part.external or part.sparse:
            raise CannotMergeError(f"node {name!r} keeps weights outside its file or in sparse form")
        for domain, version in part.opsets.items():
            if opsets.setdefault(domain, version) != version:
                raise CannotMergeError(
                    f"node {name!r} uses opset {version} of domain {domain or 'ai.onnx'!r}, another {opsets[domain]}"
                )
        for key, function in part.functions.items():
            if functions.setdefault(key, function) != function:
                raise CannotMergeError(f"node {name!r} defines function {'::'.join(key[:2])!r} in its own way")
    return opsets, list(functions.values())


class _Graph:
    """The joined graph while it grows, node by node in execution order."""

    def __init__(self, pipeline: PipelineSpec) -> None:
        self.inputs: dict[PortRef, str] = {}
        self.outputs: dict[PortRef, str] = {}
        self._sources = {edge.target: edge.source for edge in pipeline.data_flow}
        edges = (*pipeline.feedback, *pipeline.data_flow)
        self._wanted = dict.fromkeys((*pipeline.outputs, *(edge.source for edge in edges)))
        self._values: dict[PortRef, str] = {}
        self._infos: dict[PortRef, bytes] = {}
        self._produced: set[str] = set()
        self._body = bytearray()

    def add(self, node: str, prefix: str, parts: ModelParts, model: NodeModel) -> None:
        """Add one model's nodes, weights, inputs and outputs."""
        aliases = {model.inputs[port]: self._feed(PortRef(node, port)) for port in model.inputs}
        missing = set(aliases) - set(parts.inputs)
        if missing:
            raise CannotMergeError(f"node {node!r} has a default value for {sorted(missing)}")

        def rename(name: str) -> str:
            return aliases.get(name) or prefix + name

        for port, name in model.inputs.items():
            if PortRef(node, port) in self.inputs:
                self._body += field_bytes(proto.GRAPH_INPUT, proto.rename_value(parts.inputs[name], rename, prefix))
        self._add_content(parts, rename, prefix)
        for port, name in model.outputs.items():
            ref = PortRef(node, port)
            self._values[ref] = rename(name)
            self._infos[ref] = proto.rename_value(parts.outputs[name], rename, prefix)

    def _feed(self, ref: PortRef) -> str:
        """Return the value that feeds an input port; a port fed from outside becomes an input of the whole."""
        if ref in self._sources:
            return self._values[self._sources[ref]]
        self.inputs[ref] = f"in:{ref}"
        return self.inputs[ref]

    def _add_content(self, parts: ModelParts, rename: Callable[[str], str], prefix: str) -> None:
        for node in parts.nodes:
            renamed = proto.rename_node(node, rename, prefix)
            self._produced.update(proto.node_outputs(memoryview(renamed)))
            self._body += field_bytes(proto.GRAPH_NODE, renamed)
        for tensor in parts.initializers.values():
            self._body += field_bytes(proto.GRAPH_INITIALIZER, proto.rename_tensor(tensor, rename))
        for value in parts.value_infos:
            self._body += field_bytes(proto.GRAPH_VALUE_INFO, proto.rename_value(value, rename, prefix))

    def finish(self) -> bytes:
        """Declare the outputs and return the serialized graph."""
        taken: set[str] = set()
        for ref in self._wanted:
            value, info = self._values[ref], self._infos[ref]
            if value in taken or value not in self._produced:
                # A graph may not return one value twice, nor return an input or a weight as it is.
                value, info = self._copy(value, f"out:{ref}", info)
            taken.add(value)
            self.outputs[ref] = value
            self._body += field_bytes(proto.GRAPH_OUTPUT, info)
        return bytes(self._body) + field_bytes(proto.GRAPH_NAME, "pipeline")

    def _copy(self, value: str, new: str, info: bytes) -> tuple[str, bytes]:
        self._body += field_bytes(proto.GRAPH_NODE, proto.identity_node(value, new))

        def rename(_name: str) -> str:
            return new

        return new, proto.rename_value(memoryview(info), rename, "")
