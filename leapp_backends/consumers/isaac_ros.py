"""Isaac ROS Deploy: two C++ runtimes that read this bundle format.

Rules were taken from its published sources (release 4.5, and the files of 4.6 and newer that are public) and tried with
the parser and controller of 4.5 built, the differences of 4.6 added.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import ClassVar

from leapp_backends.consumers.rules import (
    fixed_shapes,
    listed_axes,
    no_temporal_axis,
    one_node,
    onnx_artifacts,
    port_rule,
)
from leapp_core.plugins.consumers import ConsumedBundle, Consumer, Finding, PortAt, Rule, ports_of

_HARDWARE_IN = {
    "state/joint/position": "state interface NAME/position",
    "state/joint/velocity": "state interface NAME/velocity",
    "state/body/rotation": "IMU state interface, reordered from x y z w by element names",
    "state/body/angular_velocity": "IMU state interface",
}
_TOPIC_IN = {
    "state/body/position": "topic, PoseStamped",
    "state/body/linear_velocity": "topic, Odometry",
    "state/camera/image": "topic, Image",
    "command/body/velocity": "topic, Twist or TwistStamped",
    "command/body/velocity_height": "topic, Twist",
    "command/body/rotation": "topic, BodyCommand",
    "command/body/target_position": "topic, BodyCommand",
    "command/body/target_rotation": "topic, BodyCommand",
    "command/joint/position": "topic, JointCommand",
    "command/joint/velocity": "topic, JointCommand",
}
_NODE_IN = {
    "state/joint/position": "topic, JointState",
    "state/joint/velocity": "topic, JointState",
    "state/body/rotation": "topic, Imu or PoseStamped",
    "state/body/angular_velocity": "topic, Imu",
    **_TOPIC_IN,
}
_POSES = (
    *("target/body/pose_relative", "target/body/pose_rel", "target/body/pose_delta", "target/body/relative_pose"),
    *("command/body/pose_relative", "command/body/pose_rel", "command/body/pose_delta", "command/body/relative_pose"),
)
_CONTROL_OUT = {
    "target/joint/position": "command interface NAME/position",
    "kp": "command interface NAME/kp",
    "kd": "command interface NAME/kd",
    **dict.fromkeys(_POSES, "command interfaces delta_x … delta_axis_angle_z"),
}
_NODE_OUT = {
    "target/joint/position": "topic, JointCommand.position",
    "target/joint/effort": "topic, JointCommand.effort",
    "kp": "topic, JointCommand.kp",
    "kd": "topic, JointCommand.kd",
}
_JOINTS = frozenset(kind for kind in (*_NODE_IN, *_NODE_OUT) if "/joint/" in kind or kind in ("kp", "kd"))
_NODE_DTYPES = frozenset({"float32", "float64", "int8", "int16", "int32", "int64", "uint8"})
_COMPONENTS = {"state/body/rotation": "x y z w", "state/body/angular_velocity": "x y z"}
_STATE_FIX = "export with --option state_dtype=float32, which converts inside the model"


class _IsaacRos(Consumer):
    """What both runtimes have in common."""

    evidence = "sources of 4.5 built and run; differences of 4.6 and newer read and emulated"
    inputs: ClassVar[Mapping[str, str]]
    outputs: ClassVar[Mapping[str, str]]

    def serves(self, port: PortAt) -> str:
        """Return what a port is connected to."""
        if port.outside:
            return (self.inputs if port.is_input else self.outputs).get(port.spec.kind or "", "")
        return "state, fed back" if port.state else "another node"

    def _common(self) -> tuple[Rule, ...]:
        return (
            fixed_shapes(),
            listed_axes(),
            no_temporal_axis("declare the axis without TemporalAxis, as one without names"),
            port_rule("input-kind", "it feeds zeros to an input of a kind it has no reader for", self._unknown_input),
            port_rule("output-kind", "it drops an output of a kind it has no writer for", self._unknown_output),
            port_rule("joint-names", "it finds joints by the element names of the last axis", _unnamed_joints),
            port_rule("components", "it orders what an IMU gives by element names", _unnamed_components),
            port_rule("image", "an image is float32 [1, height, width, channels]", _no_image),
            Rule("one-source-per-kind", "inputs of one kind share one source", _shared_sources),
        )

    def _unknown_input(self, port: PortAt) -> tuple[str, str] | None:
        if not port.is_input or not port.outside or port.spec.kind in self.inputs:
            return None
        return (
            f"it is fed zeros: {_no_kind(port)}",
            f"use one of its kinds ({', '.join(sorted(self.inputs))}), or add a converter to it",
        )

    def _unknown_output(self, port: PortAt) -> tuple[str, str] | None:
        if port.is_input or not port.outside or port.spec.kind in self.outputs:
            return None
        if port.state and port.spec.kind is None:
            return None  # listed only because this project lists state that is returned, too
        return (
            f"it reaches nothing: {_no_kind(port)}",
            f"it writes {', '.join(sorted(self.outputs))}; use a runtime that writes this kind",
        )


class IsaacRosControl(_IsaacRos):
    """The ros2_control runtime of release 4.6 and newer."""

    name = "isaac-ros"
    aliases = ("isaac-ros-4.6", "isaac-ros-control")
    summary = "Isaac ROS Deploy 4.6 and newer, its ros2_control controller"
    inputs: ClassVar[Mapping[str, str]] = {**_TOPIC_IN, **_HARDWARE_IN}
    outputs = _CONTROL_OUT

    def rules(self) -> tuple[Rule, ...]:
        """See :meth:`Consumer.rules`."""
        return (
            one_node(),
            onnx_artifacts(),
            port_rule("float32-state", "its runner carries float32 tensors only, state too", _state_not_float),
            port_rule("float32-ports", "its runner takes and returns float32 tensors only", _port_not_float),
            *self._common(),
            Rule("decimation", "it does not read the frequency", _decimation),
        )


class IsaacRosNodes(_IsaacRos):
    """The runtime of ROS nodes of release 4.6 and newer."""

    name = "isaac-ros-nodes"
    summary = "Isaac ROS Deploy 4.6 and newer, its ROS nodes (ros2_nodes)"
    inputs = _NODE_IN
    outputs = _NODE_OUT

    def rules(self) -> tuple[Rule, ...]:
        """See :meth:`Consumer.rules`."""
        return (
            onnx_artifacts(),
            port_rule("dtypes", f"it knows the element types {', '.join(sorted(_NODE_DTYPES))}", _dtype_unknown),
            *self._common(),
        )


class IsaacRosOld(_IsaacRos):
    """Release 4.5, which reads other keys."""

    name = "isaac-ros-4.5"
    summary = "Isaac ROS Deploy 4.5 and before"
    inputs: ClassVar[Mapping[str, str]] = {**_TOPIC_IN, **_HARDWARE_IN}
    outputs = _CONTROL_OUT

    def rules(self) -> tuple[Rule, ...]:
        """See :meth:`Consumer.rules`."""
        return (
            Rule("backend", "it knows the backends 'triton' and 'mock' only", _backend_triton),
            Rule("feedback-key", "it reads pipeline.feedback_connections, so feedback_flow is not seen", _old_feedback),
            *IsaacRosControl().rules()[2:4],
            *self._common(),
        )


def _no_kind(port: PortAt) -> str:
    return "it has no kind" if port.spec.kind is None else f"kind {port.spec.kind!r} is not known there"


def _state_not_float(port: PortAt) -> tuple[str, str] | None:
    if not port.state or port.spec.dtype == "float32":
        return None
    return f"its state is {port.spec.dtype}", _STATE_FIX


def _port_not_float(port: PortAt) -> tuple[str, str] | None:
    if port.state or not port.outside or port.spec.dtype == "float32":
        return None
    return f"it is {port.spec.dtype}", "make it float32 where it is declared"


def _dtype_unknown(port: PortAt) -> tuple[str, str] | None:
    if port.spec.dtype in _NODE_DTYPES:
        return None
    fix = _STATE_FIX if port.state else "make it float32 where it is declared"
    return f"its element type {port.spec.dtype} is refused at start", fix


def _unnamed_joints(port: PortAt) -> tuple[str, str] | None:
    if not port.outside or port.spec.kind not in _JOINTS or (port.spec.element_names or (None,))[-1]:
        return None
    return "its joints are not named", "give element_names where it is declared"


def _unnamed_components(port: PortAt) -> tuple[str, str] | None:
    wanted = _COMPONENTS.get(port.spec.kind or "")
    if wanted is None or not port.is_input or not port.outside:
        return None
    names = (port.spec.element_names or (None,))[-1]
    if isinstance(names, tuple) and names and set(names) <= set(wanted.split()):
        return None
    return (
        f"its element names are not of {wanted}, so it is fed in that order",
        "name its elements where it is declared",
    )


def _no_image(port: PortAt) -> tuple[str, str] | None:
    spec = port.spec
    if not port.outside or spec.kind != "state/camera/image":
        return None
    if spec.dtype == "float32" and len(spec.shape) == 4 and spec.shape[0] == 1:
        return None
    return f"it is {spec.dtype} {list(spec.shape)}", "declare it as float32 [1, height, width, channels]"


def _shared_sources(bundle: ConsumedBundle) -> Iterable[Finding]:
    kinds: dict[str, list[PortAt]] = defaultdict(list)
    for port in ports_of(bundle.document):
        if port.is_input and port.outside and port.spec.kind:
            kinds[port.spec.kind].append(port)
    for kind, ports in kinds.items():
        for port in ports[1:]:
            yield Finding(
                f"it gets what {ports[0].ref} gets, which is of kind {kind!r} too",
                "that is right where both mean one thing; otherwise give one of them another kind",
                port,
                blocks=False,
            )


def _decimation(bundle: ConsumedBundle) -> Iterable[Finding]:
    frequency = bundle.document.pipeline.configs.frequency
    rate = f"{frequency:g} Hz" if frequency else "the rate the policy was trained at, which the bundle does not state"
    yield Finding(
        "the rate of its steps is a parameter of the controller",
        f"set decimation to the controller manager's update_rate divided by {rate}",
        blocks=False,
    )


def _backend_triton(bundle: ConsumedBundle) -> Iterable[Finding]:
    for node, artifact in bundle.document.artifacts.items():
        if artifact.format not in ("triton", "mock"):
            yield Finding(f"backend of node {node!r} is {artifact.format!r}", "use Isaac ROS Deploy 4.6 or newer")


def _old_feedback(bundle: ConsumedBundle) -> Iterable[Finding]:
    for port in ports_of(bundle.document):
        if port.state and port.is_input:
            yield Finding("its state would be zeros in every step", "use Isaac ROS Deploy 4.6 or newer", port)
