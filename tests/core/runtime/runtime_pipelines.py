"""Small pipelines whose models are written with ``onnx.helper``, so that runtime tests need no exporter."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from onnx import ModelProto, NodeProto, TensorProto, helper, numpy_helper

from leapp_core.runtime.loading import open_document
from leapp_core.runtime.policy import PolicyRuntime
from leapp_core.spec.document import ArtifactRef, BundleDocument
from leapp_core.spec.names import PortRef
from leapp_core.spec.pipeline import Edge, GraphConfigs, NodeSpec, PipelineSpec
from leapp_core.spec.port import PortSpec
from leapp_core.spec.yaml_io import write_document

ONNX_TYPES = {
    "float32": TensorProto.FLOAT,
    "float64": TensorProto.DOUBLE,
    "float16": TensorProto.FLOAT16,
    "bfloat16": TensorProto.BFLOAT16,
    "int64": TensorProto.INT64,
    "int32": TensorProto.INT32,
    "uint8": TensorProto.UINT8,
    "bool": TensorProto.BOOL,
}


@dataclass
class Graph:
    """An ONNX graph while it is written down."""

    nodes: list[NodeProto] = field(default_factory=list)
    weights: list[TensorProto] = field(default_factory=list)

    def op(self, kind: str, inputs: Sequence[str], outputs: Sequence[str], **attributes) -> None:
        self.nodes.append(helper.make_node(kind, list(inputs), list(outputs), **attributes))

    def weight(self, name: str, value: np.ndarray) -> str:
        self.weights.append(numpy_helper.from_array(value, name))
        return name

    def model(self, spec: NodeSpec, opset: int = 18, names: Mapping[str, str] | None = None) -> ModelProto:
        def info(port: PortSpec):
            name = (names or {}).get(port.name, port.name)
            return helper.make_tensor_value_info(name, ONNX_TYPES[port.dtype], list(port.shape))

        graph = helper.make_graph(
            self.nodes, spec.name, [info(p) for p in spec.inputs], [info(p) for p in spec.outputs], self.weights
        )
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)])
        model.ir_version = 8
        return model


@dataclass
class Pipeline:
    """A pipeline with its models in a folder, ready to open."""

    spec: PipelineSpec
    folder: Path
    models: dict[str, ModelProto]
    initial: dict[PortRef, np.ndarray] = field(default_factory=dict)

    @property
    def paths(self) -> dict[str, Path]:
        paths = {}
        for name, model in self.models.items():
            paths[name] = self.folder / f"{name}.onnx"
            paths[name].write_bytes(model.SerializeToString())
        return paths

    def document(self) -> BundleDocument:
        artifacts = {
            name: ArtifactRef(path.name, "onnx", hashlib.sha256(path.read_bytes()).hexdigest())
            for name, path in self.paths.items()
        }
        return BundleDocument("graph", self.spec, artifacts)

    def write(self) -> Path:
        """Write the whole bundle; return its YAML file."""
        from safetensors.numpy import save_file

        document = dataclasses.replace(
            self.document(), system_information={"leapp version": "0", "leapp config version": "1.3"}
        )
        if self.initial:
            save_file({str(ref): value for ref, value in self.initial.items()}, self.folder / "graph.safetensors")
            document = dataclasses.replace(document, initial_values="graph.safetensors")
        yaml = self.folder / "graph.yaml"
        yaml.write_text(write_document(document))
        return yaml

    def open(self, **options) -> PolicyRuntime:
        return open_document(self.document(), self.paths, self.initial, **options)


def port(name: str, *shape: int | str, dtype: str = "float32", **more) -> PortSpec:
    return PortSpec(name, dtype, shape, **more)


def edge(source: str, target: str) -> Edge:
    return Edge(PortRef(*source.split("/")), PortRef(*target.split("/")))


def refs(*names: str) -> tuple[PortRef, ...]:
    return tuple(PortRef(*name.split("/")) for name in names)


def dense(graph: Graph, x: str, y: str, size_in: int, size_out: int, seed: int, activation: str | None = None) -> None:
    random = np.random.default_rng(seed)
    weight = (random.standard_normal((size_out, size_in)) / np.sqrt(size_in)).astype(np.float32)
    graph.weight(f"{y}.w", weight)
    graph.weight(f"{y}.b", random.standard_normal(size_out).astype(np.float32))
    graph.op("Gemm", [x, f"{y}.w", f"{y}.b"], [f"{y}.pre" if activation else y], transB=1)
    if activation:
        graph.op(activation, [f"{y}.pre"], [y])


def mlp(folder: Path, sizes: Sequence[int] = (6, 16, 3), frequency: float | None = 50.0) -> Pipeline:
    """One node ``policy``: two joint readings and a command in, joint targets out."""
    names = ("left_hip", "left_knee", "right_knee")
    spec = NodeSpec(
        "policy",
        (
            port("joint_pos", 1, 3, kind="state/joint/position", element_names=(None, names)),
            port("joint_vel", 1, 3, kind="state/joint/velocity", element_names=(names,)),
        ),
        (port("joint_targets", 1, 3, element_names=(names,)),),
    )
    graph = Graph()
    graph.op("Concat", ["joint_pos", "joint_vel"], ["obs"], axis=1)
    dense(graph, "obs", "hidden", sizes[0], sizes[1], 0, "Elu")
    dense(graph, "hidden", "joint_targets", sizes[1], sizes[2], 1)
    pipeline = PipelineSpec(
        (spec,),
        inputs=refs("policy/joint_pos", "policy/joint_vel"),
        outputs=refs("policy/joint_targets"),
        configs=GraphConfigs(frequency),
    )
    return Pipeline(pipeline, folder, {"policy": graph.model(spec)})


def recurrent(folder: Path, size: int = 4, batch: int | str = 1) -> Pipeline:
    """One node with state: ``h' = tanh(W x + U h)``, which is also returned, and a step counter."""
    spec = NodeSpec(
        "rnn",
        (
            port("x", batch, 3, element_names=(None, ("a", "b", "c"))),
            port("h_in", batch, size),
            port("count_in", batch, dtype="int64"),
        ),
        (port("h_out", batch, size), port("count_out", batch, dtype="int64"), port("action", batch, 2)),
    )
    graph = Graph()
    dense(graph, "x", "wx", 3, size, 2)
    dense(graph, "h_in", "uh", size, size, 3)
    graph.op("Add", ["wx", "uh"], ["sum"])
    graph.op("Tanh", ["sum"], ["h_out"])
    graph.weight("one", np.ones(1, np.int64))
    graph.op("Add", ["count_in", "one"], ["count_out"])
    dense(graph, "h_out", "action", size, 2, 4)
    pipeline = PipelineSpec(
        (spec,),
        feedback=(edge("rnn/h_out", "rnn/h_in"), edge("rnn/count_out", "rnn/count_in")),
        inputs=refs("rnn/x"),
        outputs=refs("rnn/action", "rnn/h_out", "rnn/count_out"),
    )
    initial = {
        PortRef("rnn", "h_in"): np.full((1, size), 0.25, np.float32),
        PortRef("rnn", "count_in"): np.full(1, 7, np.int64),
    }
    return Pipeline(pipeline, folder, {"rnn": graph.model(spec)}, initial)


def three_nodes(folder: Path, order: Sequence[str] = ("pre", "net", "post")) -> Pipeline:
    """Three nodes; the last action goes back to the first and a skip connection from first to last."""
    specs = {
        "pre": NodeSpec("pre", (port("x", 1, 4), port("last", 1, 2)), (port("obs", 1, 6),)),
        "net": NodeSpec("net", (port("obs", 1, 6),), (port("y", 1, 8),)),
        "post": NodeSpec("post", (port("y", 1, 8), port("obs", 1, 6)), (port("action", 1, 2),)),
    }
    graphs = {name: Graph() for name in specs}
    # Values named alike in every model, as exporters name them.
    graphs["pre"].op("Concat", ["x", "last"], ["val_0"], axis=1)
    graphs["pre"].weight("scale", np.linspace(0.5, 2.0, 6, dtype=np.float32)[None])
    graphs["pre"].op("Mul", ["val_0", "scale"], ["obs"])
    dense(graphs["net"], "obs", "val_0", 6, 16, 5, "Elu")
    dense(graphs["net"], "val_0", "y", 16, 8, 6, "Elu")
    dense(graphs["post"], "y", "val_0", 8, 2, 7)
    dense(graphs["post"], "obs", "scale", 6, 2, 8)
    graphs["post"].op("Add", ["val_0", "scale"], ["sum"])
    graphs["post"].op("Tanh", ["sum"], ["action"])
    pipeline = PipelineSpec(
        tuple(specs[name] for name in order),
        data_flow=(edge("pre/obs", "net/obs"), edge("net/y", "post/y"), edge("pre/obs", "post/obs")),
        feedback=(edge("post/action", "pre/last"),),
        inputs=refs("pre/x"),
        outputs=refs("post/action"),
    )
    initial = {PortRef("pre", "last"): np.array([[0.5, -0.5]], np.float32)}
    return Pipeline(pipeline, folder, {name: graphs[name].model(specs[name]) for name in specs}, initial)


def delay(folder: Path, dtype: str, start: np.ndarray) -> Pipeline:
    """``y`` is what ``x`` was one step before."""
    spec = NodeSpec(
        "n",
        (port("x", *start.shape, dtype=dtype), port("s_in", *start.shape, dtype=dtype)),
        (port("y", *start.shape, dtype=dtype), port("s_out", *start.shape, dtype=dtype)),
    )
    graph = Graph()
    graph.op("Identity", ["s_in"], ["y"])
    graph.op("Identity", ["x"], ["s_out"])
    pipeline = PipelineSpec((spec,), feedback=(edge("n/s_out", "n/s_in"),), inputs=refs("n/x"), outputs=refs("n/y"))
    return Pipeline(pipeline, folder, {"n": graph.model(spec)}, {PortRef("n", "s_in"): start})


def reference(pipeline: Pipeline, inputs: Sequence[Mapping[PortRef, np.ndarray]]) -> list[dict[PortRef, np.ndarray]]:
    """Run a pipeline with plain ``session.run`` calls and nothing of ours: what the runtime has to reproduce."""
    import onnxruntime

    sessions = {
        name: onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
        for name, model in pipeline.models.items()
    }
    state, results = dict(pipeline.initial), []
    for step in inputs:
        values = {**state, **step}
        written: dict[PortRef, np.ndarray] = {}
        for name in ("policy", "rnn", "pre", "net", "post"):
            if name not in sessions:
                continue
            node = pipeline.spec.node(name)
            feed = {p.name: values[PortRef(name, p.name)] for p in node.inputs}
            for p, value in zip(node.outputs, sessions[name].run([p.name for p in node.outputs], feed), strict=True):
                written[PortRef(name, p.name)] = value
                values.update({e.target: value for e in pipeline.spec.data_flow if e.source == PortRef(name, p.name)})
        state = {e.target: written[e.source] for e in pipeline.spec.feedback}
        results.append({ref: written[ref] for ref in pipeline.spec.outputs})
    return results
