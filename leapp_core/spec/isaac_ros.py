"""What Isaac ROS Deploy, an existing C++ reader of this bundle format, wires up without being told how."""

from __future__ import annotations

from leapp_core.spec.document import BundleDocument
from leapp_core.spec.port import PortSpec

_INPUT_KINDS = frozenset(
    {
        "state/joint/position",
        "state/joint/velocity",
        "state/body/position",
        "state/body/rotation",
        "state/body/angular_velocity",
        "state/body/linear_velocity",
        "state/camera/image",
        "command/body/velocity",
        "command/body/velocity_height",
        "command/body/rotation",
        "command/body/target_position",
        "command/body/target_rotation",
        "command/joint/position",
        "command/joint/velocity",
    }
)
_OUTPUT_KINDS = frozenset({"target/joint/position", "target/joint/effort", "target/joint/velocity", "kp", "kd"})
_JOINT_KINDS = frozenset({*(kind for kind in _INPUT_KINDS if "/joint/" in kind), *_OUTPUT_KINDS})


def why_not_wired(port: PortSpec, *, is_input: bool) -> str | None:
    """Return why such a reader could not serve an outside port by itself, or ``None`` if it could."""
    if any(isinstance(size, str) for size in port.shape):
        return "its shape has symbolic sizes"
    if port.kind is None:
        return "it has no kind"
    if port.kind not in (_INPUT_KINDS if is_input else _OUTPUT_KINDS):
        return f"kind {port.kind!r} has no converter"
    if port.kind == "state/camera/image" and (len(port.shape) != 4 or port.shape[0] != 1 or port.dtype != "float32"):
        return "an image must be float32 of shape [1, height, width, channels]"
    if port.kind in _JOINT_KINDS and not any(isinstance(axis, tuple) for axis in port.element_names or ()):
        return "its joints are not named"
    return None


def why_not_controlled(document: BundleDocument) -> str | None:
    """Return why the ros2_control runtime could not run the bundle, or ``None`` if it could."""
    if len(document.pipeline.nodes) != 1:
        return f"it has {len(document.pipeline.nodes)} nodes, that runtime takes one"
    formats = sorted({artifact.format for artifact in document.artifacts.values()} - {"onnx"})
    return f"its artifact is {formats[0]!r}, that runtime takes 'onnx'" if formats else None
