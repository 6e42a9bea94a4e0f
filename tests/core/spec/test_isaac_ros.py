from __future__ import annotations

import pytest

from leapp_core.spec.document import ArtifactRef, BundleDocument
from leapp_core.spec.isaac_ros import why_not_controlled, why_not_wired
from leapp_core.spec.pipeline import NodeSpec, PipelineSpec
from leapp_core.spec.port import PortSpec

JOINTS = (("left", "right"),)


@pytest.mark.parametrize(
    ("port", "is_input", "reason"),
    [
        (PortSpec("q", "float32", (1, 2), "state/joint/position", JOINTS), True, None),
        (PortSpec("q", "float32", (1, 2), "state/joint/position"), True, "its joints are not named"),
        (PortSpec("q", "float32", ("batch", 2), "state/joint/position", JOINTS), True, "its shape has symbolic sizes"),
        (PortSpec("q", "float32", (1, 2)), True, "it has no kind"),
        (PortSpec("q", "float32", (1, 2), "my/kind"), True, "kind 'my/kind' has no converter"),
        (
            PortSpec("q", "float32", (1, 2), "state/joint/position", JOINTS),
            False,
            "kind 'state/joint/position' has no converter",
        ),
        (PortSpec("v", "float32", (1, 3), "command/body/velocity"), True, None),
        (PortSpec("c", "uint8", (1, 8, 8, 3), "state/camera/image"), True, "an image must be float32"),
        (PortSpec("kp", "float32", (1, 2), "kp", JOINTS), False, None),
    ],
)
def test_ports(port: PortSpec, is_input: bool, reason: str | None) -> None:
    found = why_not_wired(port, is_input=is_input)
    assert found == reason or (reason is not None and found is not None and found.startswith(reason))


def test_the_controller_takes_one_onnx_node() -> None:
    one = NodeSpec("a", (), ())
    assert why_not_controlled(_document(one, format="onnx")) is None
    assert why_not_controlled(_document(one, format="jit")) == "its artifact is 'jit', that runtime takes 'onnx'"
    assert (
        why_not_controlled(_document(one, NodeSpec("b", (), ()), format="onnx"))
        == "it has 2 nodes, that runtime takes one"
    )


def _document(*nodes: NodeSpec, format: str) -> BundleDocument:
    return BundleDocument("g", PipelineSpec(nodes), {node.name: ArtifactRef("x", format, "0") for node in nodes})
