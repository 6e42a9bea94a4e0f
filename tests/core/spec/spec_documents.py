"""Documents to test with: one by hand, any by hypothesis."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import strategies as st

from leapp_core.spec.document import ArtifactRef, BundleDocument, FileRef
from leapp_core.spec.dtypes import DTYPES
from leapp_core.spec.names import PortRef
from leapp_core.spec.order import execution_order
from leapp_core.spec.pipeline import Edge, GraphConfigs, NodeSpec, PipelineSpec
from leapp_core.spec.port import TEMPORAL_AXIS, PortSpec

SHA = "0123456789abcdef" * 4


def edge(source: str, target: str) -> Edge:
    return Edge(PortRef(*source.split("/")), PortRef(*target.split("/")))


def refs(*texts: str) -> tuple[PortRef, ...]:
    return tuple(PortRef(*text.split("/")) for text in texts)


def walker() -> BundleDocument:
    """Two nodes with state and everything a port can have."""
    sensor = PortSpec(
        "joint_pos",
        "float32",
        (1, 4, 2),
        kind="state/joint/position",
        element_names=(TEMPORAL_AXIS, ("left_knee", "right_knee")),
        temporal_period_ms=20.0,
        extra={"isaaclab_connection": "state:robot:joint_pos", "limits": [-1.0, 1e-05], "note": None},
    )
    flat = PortSpec("obs", "float32", (1, 8))
    memory = PortSpec("memory_in", "float64", (1, 3))
    target = PortSpec("targets", "float32", (1, 2), kind="target/joint/position", element_names=(("a", "b"),))
    nodes = (
        NodeSpec("observe", (sensor,), (flat,)),
        NodeSpec("decide", (flat, memory), (target, replace(memory, name="memory_out"))),
    )
    pipeline = PipelineSpec(
        nodes,
        data_flow=(edge("observe/obs", "decide/obs"),),
        feedback=(edge("decide/memory_out", "decide/memory_in"),),
        inputs=refs("observe/joint_pos"),
        outputs=refs("decide/targets"),
        configs=GraphConfigs(50.0, {"decimation": 4}),
    )
    return BundleDocument(
        "walker",
        pipeline,
        {
            "observe": ArtifactRef("observe.onnx", "onnx", SHA, parameters={"opset_version": 20}),
            "decide": ArtifactRef("decide.pt2", "pt2", SHA, md5="0" * 32),
        },
        initial_values="walker_initial_values.safetensors",
        initial_values_sha256=SHA,
        validation=FileRef("walker_validation.safetensors", SHA),
        system_information={"leapp config version": "1.3", "leapp version": "x", "cuda version": "None"},
    )


# Everything a name may hold, and what YAML readers trip over.
_TRICKY = [
    "on",
    "null",
    "1e5",
    "0x1f",
    "1.3",
    "y",
    "~",
    "a: b",
    "- a",
    "#x",
    "{a}",
    "it's",
    'say "x"',
    "é",
    "日本",
    "a b",
]
names = st.one_of(
    st.sampled_from(_TRICKY),
    st.text(st.characters(exclude_categories=("C", "Z"), exclude_characters="/\\"), min_size=1, max_size=8).filter(
        lambda text: text not in {".", ".."} and text.isprintable()
    ),
)
plain = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**20), 10**20)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)
extras = st.dictionaries(st.text(min_size=1, max_size=6).map("x_".__add__), plain, max_size=2)


@st.composite
def ports(draw: st.DrawFn, name: str) -> PortSpec:
    shape = tuple(draw(st.lists(st.integers(0, 4) | st.just("batch"), max_size=3)))
    axes: list = []
    for size in shape:
        named = draw(st.booleans()) and isinstance(size, int)
        axes.append(tuple(draw(st.lists(names, min_size=size, max_size=size))) if named else ())
    temporal = draw(st.booleans()) and bool(axes)
    if temporal:
        axes[0] = TEMPORAL_AXIS
    # The empty and the flat forms of element names mean something else when read back.
    element_names = tuple(axes) if any(axes) else None
    return PortSpec(
        name,
        draw(st.sampled_from(sorted(DTYPES))),
        shape,
        kind=draw(st.none() | st.text(min_size=1, max_size=12)),
        element_names=element_names,
        temporal_period_ms=draw(st.floats(0.001, 1e6)) if temporal else None,
        extra=draw(extras),
    )


@st.composite
def documents(draw: st.DrawFn) -> BundleDocument:
    node_names = draw(st.lists(names, min_size=1, max_size=4, unique=True))
    nodes, data_flow, feedback, inputs, outputs = [], [], [], [], []
    for index, node in enumerate(node_names):
        given_names = draw(st.lists(names, min_size=1, max_size=3, unique=True))
        given = tuple(draw(ports(name)) for name in given_names)
        results = [*given] if draw(st.booleans()) else [draw(ports(name)) for name in given_names]
        taken = []
        for number in range(draw(st.integers(0, 2))):
            name = f"in{number}"
            sources = [(n, port) for n in nodes for port in n.outputs]
            choice = draw(st.sampled_from(["outside", "forward", "feedback"]))
            if choice == "forward" and sources:
                source, port = draw(st.sampled_from(sources))
                data_flow.append(Edge(PortRef(source.name, port.name), PortRef(node, name)))
            elif choice == "feedback":
                port = draw(st.sampled_from(results))
                feedback.append(Edge(PortRef(node, port.name), PortRef(node, name)))
            else:
                port = draw(ports(name))
                inputs.append(PortRef(node, name))
            taken.append(replace(port, name=name))
        outputs.extend(PortRef(node, port.name) for port in results)
        nodes.append(NodeSpec(node, tuple(taken), tuple(results)))
        del index
    order = execution_order([node.name for node in nodes], data_flow)
    by_name = {node.name: node for node in nodes}
    pipeline = PipelineSpec(
        tuple(by_name[name] for name in order),
        _grouped(data_flow),
        _grouped(feedback),
        tuple(inputs),
        tuple(outputs),
        GraphConfigs(draw(st.none() | st.floats(0.1, 1e4)), draw(extras)),
    )
    artifacts = {
        name: ArtifactRef(f"{number}.onnx", draw(names), SHA, draw(st.none() | st.just("0" * 32)), draw(extras))
        for number, name in enumerate(order)
    }
    return BundleDocument(
        "graph",
        pipeline,
        artifacts,
        initial_values="values.safetensors" if feedback else None,
        system_information={"leapp config version": "1.3", **draw(extras)},
    )


def _grouped(edges: list[Edge]) -> tuple[Edge, ...]:
    """Edges are written by source, so those of one source come together when read back."""
    sources = list(dict.fromkeys(e.source for e in edges))
    return tuple(sorted(edges, key=lambda e: sources.index(e.source)))
