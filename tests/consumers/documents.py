"""A bundle's document that Isaac ROS Deploy runs, and changes that break one rule each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from leapp_core.plugins.consumers import ConsumedBundle
from leapp_core.spec.document import ArtifactRef, BundleDocument
from leapp_core.spec.names import PortRef
from leapp_core.spec.pipeline import Edge, GraphConfigs, NodeSpec, PipelineSpec
from leapp_core.spec.port import TEMPORAL_AXIS, PortSpec

JOINTS = (("left", "right"),)
Change = Callable[[BundleDocument], BundleDocument]


def walker() -> BundleDocument:
    inputs = (
        PortSpec("q", "float32", (1, 2), "state/joint/position", JOINTS),
        PortSpec("quat", "float32", (1, 4), "state/body/rotation", (("w", "x", "y", "z"),)),
        PortSpec("image", "float32", (1, 8, 8, 3), "state/camera/image"),
        PortSpec("memory_in", "float32", (1, 2)),
    )
    outputs = (
        PortSpec("targets", "float32", (1, 2), "target/joint/position", JOINTS),
        PortSpec("kp", "float32", (1, 2), "kp", ((), *JOINTS)),
        PortSpec("memory_out", "float32", (1, 2)),
    )
    node = NodeSpec("policy", inputs, outputs)
    pipeline = PipelineSpec(
        (node,),
        feedback=(Edge(PortRef("policy", "memory_out"), PortRef("policy", "memory_in")),),
        inputs=tuple(PortRef("policy", name) for name in ("q", "quat", "image")),
        outputs=tuple(PortRef("policy", name) for name in ("targets", "kp", "memory_out")),
        configs=GraphConfigs(50.0),
    )
    return BundleDocument("walker", pipeline, {"policy": ArtifactRef("policy.onnx", "onnx", "0" * 64)})


def bundle(document: BundleDocument) -> ConsumedBundle:
    return ConsumedBundle(document, Path())


def port(name: str, **changes: object) -> Change:
    """Return a change of every port whose name begins with ``name``."""

    def change(document: BundleDocument) -> BundleDocument:
        def fill(ports: tuple[PortSpec, ...]) -> tuple[PortSpec, ...]:
            return tuple(replace(p, **changes) if p.name.startswith(name) else p for p in ports)

        nodes = tuple(NodeSpec(n.name, fill(n.inputs), fill(n.outputs)) for n in document.pipeline.nodes)
        return replace(document, pipeline=replace(document.pipeline, nodes=nodes))

    return change


def another_node(document: BundleDocument) -> BundleDocument:
    pipeline = document.pipeline
    extra = NodeSpec("extra", (), ())
    artifacts = {**document.artifacts, "extra": ArtifactRef("extra.onnx", "onnx", "0" * 64)}
    return replace(document, pipeline=replace(pipeline, nodes=(*pipeline.nodes, extra)), artifacts=artifacts)


def artifact(artifact_format: str) -> Change:
    return lambda document: replace(
        document, artifacts={name: replace(a, format=artifact_format) for name, a in document.artifacts.items()}
    )


CONTROL: dict[str, Change] = {
    "one-node": another_node,
    "onnx": artifact("jit"),
    "float32-state": port("memory", dtype="bool"),
    "float32-ports": port("targets", dtype="float64"),
    "fixed-shapes": port("targets", shape=("batch", 2)),
    "listed-axes": port("kp", element_names=(None, *JOINTS)),
    "no-temporal-axis": port(
        "targets", shape=(1, 2, 2), element_names=(TEMPORAL_AXIS, *JOINTS), temporal_period_ms=20.0
    ),
    "input-kind": port("image", kind="state/wrench"),
    "output-kind": port("targets", kind="target/joint/effort"),
    "joint-names": port("targets", element_names=None),
    "components": port("quat", element_names=None),
    "image": port("image", shape=(1, 8, 8)),
}
"""Rule of the ros2_control runtime to a change of :func:`walker` that breaks it and no other."""
