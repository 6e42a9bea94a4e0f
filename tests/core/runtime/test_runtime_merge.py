"""Nodes joined into one model: which models can be, that results stay bit-identical, and what keeps them apart."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
from pathlib import Path

import numpy as np
import onnx
import pytest
import runtime_pipelines as pipelines
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import helper, numpy_helper

from leapp_backends.onnx import merge_model, merge_rename
from leapp_backends.onnx.merge import CannotMergeError, NodeModel, merge_models
from leapp_backends.onnx.merge_wire import WireError, field_bytes, fields


def merged_model(pipeline: pipelines.Pipeline) -> onnx.ModelProto:
    models = {
        node.name: NodeModel(
            pipeline.models[node.name].SerializeToString(),
            {p.name: p.name for p in node.inputs},
            {p.name: p.name for p in node.outputs},
        )
        for node in pipeline.spec.nodes
    }
    return onnx.load_from_string(merge_models(pipeline.spec, models).content)


def assert_same_with_and_without(pipeline: pipelines.Pipeline, steps: int = 20, *, merged: bool = True) -> None:
    one, two = pipeline.open(), pipeline.open(merge=False)
    assert one.merged is merged, one.notes
    assert not two.merged
    random = np.random.default_rng(3)
    for _ in range(steps):
        inputs = {
            str(ref): random.standard_normal(pipeline.spec.input_spec(ref).shape).astype("f4")
            for ref in pipeline.spec.inputs
        }
        first, second = one.step(inputs), two.step(inputs)
        for key, value in first.items():
            assert value.tobytes() == second[key].tobytes()


def two_nodes(tmp_path, first: pipelines.Graph, second: pipelines.Graph, opsets=(18, 18)) -> pipelines.Pipeline:
    specs = (
        pipelines.NodeSpec("pre", (pipelines.port("x", 1, 3),), (pipelines.port("y", 1, 3),)),
        pipelines.NodeSpec("post", (pipelines.port("y", 1, 3),), (pipelines.port("z", 1, 3),)),
    )
    spec = pipelines.PipelineSpec(
        specs,
        data_flow=(pipelines.edge("pre/y", "post/y"),),
        inputs=pipelines.refs("pre/x"),
        outputs=pipelines.refs("pre/y", "post/z"),
    )
    models = {s.name: g.model(s, o) for s, g, o in zip(specs, (first, second), opsets, strict=True)}
    return pipelines.Pipeline(spec, tmp_path, models)


def simple(kind: str, x: str, y: str) -> pipelines.Graph:
    graph = pipelines.Graph()
    graph.op(kind, [x], [y])
    return graph


def test_the_joined_model_is_valid_onnx(tmp_path):
    model = merged_model(pipelines.three_nodes(tmp_path))
    onnx.checker.check_model(model, full_check=True)
    assert [i.name for i in model.graph.input] == ["in:pre/x", "in:pre/last"]
    assert len({output for node in model.graph.node for output in node.output}) == sum(
        len(node.output) for node in model.graph.node
    )


def test_results_are_bit_identical(tmp_path):
    assert_same_with_and_without(pipelines.three_nodes(tmp_path), 100)


def test_subgraphs_that_read_values_around_them(tmp_path):
    branch = pipelines.Graph()
    branch.weight("zero", np.zeros(1, np.float32))
    branch.op("ReduceSum", ["y"], ["total"], keepdims=0)
    branch.op("Squeeze", ["zero"], ["limit"])
    branch.op("Greater", ["total", "limit"], ["positive"])
    then, other = (
        helper.make_graph(
            [helper.make_node(kind, ["y"], ["out"])],
            kind,
            [],
            [helper.make_tensor_value_info("out", onnx.TensorProto.FLOAT, [1, 3])],
        )
        for kind in ("Exp", "Neg")
    )
    branch.op("If", ["positive"], ["z"], then_branch=then, else_branch=other)
    pipeline = two_nodes(tmp_path, simple("Tanh", "x", "y"), branch)
    onnx.checker.check_model(merged_model(pipeline), full_check=True)
    assert_same_with_and_without(pipeline)


def test_a_loop(tmp_path):
    body = helper.make_graph(
        [
            helper.make_node("Identity", ["condition"], ["again"]),
            helper.make_node("Mul", ["carried", "y"], ["product"]),
        ],
        "body",
        [
            helper.make_tensor_value_info("i", onnx.TensorProto.INT64, []),
            helper.make_tensor_value_info("condition", onnx.TensorProto.BOOL, []),
            helper.make_tensor_value_info("carried", onnx.TensorProto.FLOAT, [1, 3]),
        ],
        [
            helper.make_tensor_value_info("again", onnx.TensorProto.BOOL, []),
            helper.make_tensor_value_info("product", onnx.TensorProto.FLOAT, [1, 3]),
        ],
    )
    graph = pipelines.Graph()
    graph.weight("times", np.array(3, np.int64))
    graph.op("Loop", ["times", "", "y"], ["z"], body=body)
    assert_same_with_and_without(two_nodes(tmp_path, simple("Tanh", "x", "y"), graph))


def test_a_node_that_returns_its_input_and_an_output_used_twice(tmp_path):
    assert_same_with_and_without(two_nodes(tmp_path, simple("Identity", "x", "y"), simple("Identity", "y", "z")))


def test_local_functions_that_agree_are_shared(tmp_path):
    def with_function(graph: pipelines.Graph, spec, factor: float) -> onnx.ModelProto:
        body = [
            helper.make_node("Constant", [], ["k"], value=numpy_helper.from_array(np.array([factor], np.float32))),
            helper.make_node("Mul", ["a", "k"], ["b"]),
        ]
        function = helper.make_function("mine", "Scale", ["a"], ["b"], body, [helper.make_opsetid("", 18)])
        model = graph.model(spec)
        model.opset_import.append(helper.make_opsetid("mine", 1))
        model.functions.append(function)
        return model

    def pipeline(second_factor: float) -> pipelines.Pipeline:
        first, second = pipelines.Graph(), pipelines.Graph()
        first.op("Scale", ["x"], ["y"], domain="mine")
        second.op("Scale", ["y"], ["z"], domain="mine")
        made = two_nodes(tmp_path, simple("Neg", "x", "y"), simple("Neg", "y", "z"))
        made.models["pre"] = with_function(first, made.spec.nodes[0], 2.0)
        made.models["post"] = with_function(second, made.spec.nodes[1], second_factor)
        return made

    assert_same_with_and_without(pipeline(2.0))
    assert_same_with_and_without(pipeline(3.0), merged=False)
    assert "defines function 'mine::Scale' in its own way" in pipeline(3.0).open().notes[0]


def test_different_opsets_stay_apart_and_work(tmp_path):
    pipeline = two_nodes(tmp_path, simple("Neg", "x", "y"), simple("Exp", "y", "z"), opsets=(17, 18))
    assert_same_with_and_without(pipeline, merged=False)
    assert "uses opset 18 of domain 'ai.onnx', another 17" in pipeline.open().notes[0]


def test_models_that_refuse_random_values_stay_apart_and_work(tmp_path):
    """Nothing can be shown for them, so nothing is changed."""
    first, second = pipelines.Graph(), pipelines.Graph()
    first.op("Cast", ["x"], ["indices"], to=onnx.TensorProto.INT64)
    first.op("Cast", ["indices"], ["y"], to=onnx.TensorProto.FLOAT)
    second.weight("table", np.arange(2, dtype=np.float32))
    second.op("Cast", ["y"], ["rows"], to=onnx.TensorProto.INT64)
    second.op("Gather", ["table", "rows"], ["z"])
    runtime = two_nodes(tmp_path, first, second).open()
    assert not runtime.merged
    assert runtime.step({"x": np.array([[0, 1, 1]], np.float32)})["z"].tolist() == [[0, 1, 1]]


def test_names_that_look_like_ours(tmp_path):
    first, second = pipelines.Graph(), pipelines.Graph()
    first.op("Neg", ["x"], ["n1:val"])
    first.op("Neg", ["n1:val"], ["y"])
    second.op("Neg", ["y"], ["val"])
    second.op("Exp", ["val"], ["z"])
    assert_same_with_and_without(two_nodes(tmp_path, first, second))


def test_symbolic_sizes_of_two_models_are_told_apart(tmp_path):
    first, second = simple("Neg", "x", "y"), simple("Exp", "y", "z")
    pipeline = two_nodes(tmp_path, first, second)
    nodes = []
    for node in pipeline.spec.nodes:
        ports = [tuple(dataclasses.replace(p, shape=("batch", 3)) for p in ps) for ps in (node.inputs, node.outputs)]
        nodes.append(pipelines.NodeSpec(node.name, *ports))
    pipeline.spec = dataclasses.replace(pipeline.spec, nodes=tuple(nodes))
    pipeline.models = {n.name: g.model(n) for n, g in zip(nodes, (first, second), strict=True)}
    runtime = pipeline.open()
    assert runtime.merged
    for batch in (3, 1, 7):
        found = runtime.step({"x": np.ones((batch, 3), np.float32)})
        assert found["z"].shape == (batch, 3)


def test_weights_outside_the_file_stay_apart(tmp_path):
    pipeline = pipelines.three_nodes(tmp_path)
    tensor = pipeline.models["net"].graph.initializer[0]
    tensor.ClearField("raw_data")
    tensor.data_location = onnx.TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="weights.bin")
    with pytest.raises(CannotMergeError, match="keeps weights outside"):
        merged_model(pipeline)


def test_field_numbers_are_those_of_onnx():
    def number(message, name):
        return message.DESCRIPTOR.fields_by_name[name].number

    expected = {
        "NODE_INPUT": (onnx.NodeProto, "input"),
        "NODE_OUTPUT": (onnx.NodeProto, "output"),
        "NODE_NAME": (onnx.NodeProto, "name"),
        "NODE_OP": (onnx.NodeProto, "op_type"),
        "NODE_ATTRIBUTE": (onnx.NodeProto, "attribute"),
        "ATTRIBUTE_GRAPH": (onnx.AttributeProto, "g"),
        "ATTRIBUTE_GRAPHS": (onnx.AttributeProto, "graphs"),
        "GRAPH_NODE": (onnx.GraphProto, "node"),
        "GRAPH_NAME": (onnx.GraphProto, "name"),
        "GRAPH_INITIALIZER": (onnx.GraphProto, "initializer"),
        "GRAPH_DOC": (onnx.GraphProto, "doc_string"),
        "GRAPH_INPUT": (onnx.GraphProto, "input"),
        "GRAPH_OUTPUT": (onnx.GraphProto, "output"),
        "GRAPH_VALUE_INFO": (onnx.GraphProto, "value_info"),
        "GRAPH_QUANTIZATION": (onnx.GraphProto, "quantization_annotation"),
        "GRAPH_SPARSE": (onnx.GraphProto, "sparse_initializer"),
        "GRAPH_METADATA": (onnx.GraphProto, "metadata_props"),
        "TENSOR_NAME": (onnx.TensorProto, "name"),
        "TENSOR_EXTERNAL": (onnx.TensorProto, "external_data"),
        "TENSOR_LOCATION": (onnx.TensorProto, "data_location"),
        "VALUE_NAME": (onnx.ValueInfoProto, "name"),
        "VALUE_TYPE": (onnx.ValueInfoProto, "type"),
        "TYPE_TENSOR": (onnx.TypeProto, "tensor_type"),
        "TENSOR_SHAPE": (onnx.TypeProto.Tensor, "shape"),
        "SHAPE_DIM": (onnx.TensorShapeProto, "dim"),
        "DIM_PARAM": (onnx.TensorShapeProto.Dimension, "dim_param"),
    }
    assert {name: getattr(merge_rename, name) for name in expected} == {
        name: number(*where) for name, where in expected.items()
    }
    model = {
        "MODEL_IR": (onnx.ModelProto, "ir_version"),
        "MODEL_GRAPH": (onnx.ModelProto, "graph"),
        "MODEL_OPSET": (onnx.ModelProto, "opset_import"),
        "MODEL_FUNCTION": (onnx.ModelProto, "functions"),
        "OPSET_DOMAIN": (onnx.OperatorSetIdProto, "domain"),
        "OPSET_VERSION": (onnx.OperatorSetIdProto, "version"),
        "FUNCTION_NAME": (onnx.FunctionProto, "name"),
        "FUNCTION_DOMAIN": (onnx.FunctionProto, "domain"),
        "FUNCTION_OVERLOAD": (onnx.FunctionProto, "overload"),
        "ATTRIBUTE_TENSOR": (onnx.AttributeProto, "t"),
        "ATTRIBUTE_TENSORS": (onnx.AttributeProto, "tensors"),
        "ENTRY_KEY": (onnx.StringStringEntryProto, "key"),
        "ENTRY_VALUE": (onnx.StringStringEntryProto, "value"),
    }
    assert {name: getattr(merge_model, name) for name in model} == {
        name: number(*where) for name, where in model.items()
    }


def test_splitting_a_model_loses_nothing(tmp_path):
    content = pipelines.three_nodes(tmp_path).models["net"].SerializeToString()
    assert b"".join(bytes(field.raw) for field in fields(content)) == content


@pytest.mark.parametrize(
    "content", [b"\x08", b"\xff" * 20, b"\x0a\x05ab", b"\x0b\x00", b"\x00\x00", b"\x0d\x01"], ids=repr
)
def test_damaged_bytes_are_refused(content):
    with pytest.raises(WireError, match=r"runs past the end|does not end|wire type"):
        list(fields(content))


def test_every_truncation_of_a_model_is_refused_or_lacks_a_graph(tmp_path):
    content = pipelines.mlp(tmp_path).models["policy"].SerializeToString()
    for length in range(0, len(content), 7):
        try:
            merge_model.read_model(content[:length])
        except WireError:
            continue
        pytest.fail(f"{length} of {len(content)} bytes were taken for a model")


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_mutated_models_are_read_or_refused(data):
    """Reading a model that somebody tampered with ends, in a model or in a WireError."""
    content = bytearray(_content())
    for _ in range(data.draw(st.integers(1, 8))):
        position = data.draw(st.integers(0, len(content) - 1))
        content[position] = data.draw(st.integers(0, 255))
    cut = data.draw(st.sampled_from([len(content), len(content), len(content) // 2]))
    with contextlib.suppress(WireError):
        merge_model.read_model(bytes(content[:cut]))


@functools.cache
def _content() -> bytes:
    return pipelines.three_nodes(Path()).models["net"].SerializeToString()


def test_subgraphs_nested_without_end_are_refused():
    node = b""
    for _ in range(200):
        graph = field_bytes(merge_rename.GRAPH_NODE, node)
        attribute = field_bytes(merge_rename.ATTRIBUTE_GRAPH, graph)
        node = field_bytes(merge_rename.NODE_ATTRIBUTE, attribute)
    graph = field_bytes(merge_rename.GRAPH_NODE, node)
    with pytest.raises(WireError, match="nested more than 32 levels"):
        merge_model.read_model(field_bytes(merge_model.MODEL_GRAPH, graph))
    with pytest.raises(WireError, match="nested more than 32 levels"):
        merge_rename.rename_node(memoryview(node), str, "")
