"""What users say about a tensor: its name, meaning, and the names of its elements."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from leapp_core.errors import UsageError
from leapp_core.spec.dtypes import canonical
from leapp_core.spec.names import check_name
from leapp_core.spec.pipeline import GraphConfigs
from leapp_core.spec.plain import check_plain
from leapp_core.spec.port import TEMPORAL_AXIS, AxisNames, Dim, PortSpec

__all__ = [
    "GraphConfigs",
    "InputKind",
    "OutputKind",
    "PORT_KEYS",
    "TemporalAxis",
    "TensorSemantics",
    "check_element_names",
    "duplicate_name",
    "named_axes",
    "normalise_element_names",
    "port_spec",
]

PORT_KEYS = frozenset({"name", "dtype", "shape", "type", "kind", "element_names", "temporal_period_ms"})
"""Keys of a port in the YAML file; extras cannot use them."""


class InputKind(str, Enum):
    """Meanings of inputs that existing deployment runtimes know; any other text is allowed as project-defined."""

    JOINT_POSITION = "state/joint/position"
    JOINT_VELOCITY = "state/joint/velocity"
    JOINT_EFFORT = "state/joint/effort"
    BODY_POSE = "state/body/pose"
    BODY_VEL = "state/body/velocity"
    BODY_ACC = "state/body/acceleration"
    BODY_LINEAR_ACCELERATION = "state/body/linear_acceleration"
    BODY_LINEAR_VELOCITY = "state/body/linear_velocity"
    BODY_ANGULAR_ACCELERATION = "state/body/angular_acceleration"
    BODY_ANGULAR_VELOCITY = "state/body/angular_velocity"
    BODY_ROTATION = "state/body/rotation"
    BODY_POSITION = "state/body/position"
    WRENCH = "state/wrench"
    VECTOR3D = "state/vector3d"
    CAMERA_IMAGE = "state/camera/image"
    COMMAND_JOINT_POSITION = "command/joint/position"
    COMMAND_JOINT_VELOCITY = "command/joint/velocity"
    COMMAND_JOINT_TORQUES = "command/joint/torques"
    COMMAND_BODY_ROTATION = "command/body/rotation"
    COMMAND_BODY_VELOCITY = "command/body/velocity"
    COMMAND_BODY_VELOCITY_HEIGHT = "command/body/velocity_height"
    COMMAND_BODY_TARGET_POSITION = "command/body/target_position"
    COMMAND_BODY_TARGET_ROTATION = "command/body/target_rotation"
    COMMAND_POSE = "command/body/pose"


class OutputKind(str, Enum):
    """Meanings of outputs that existing deployment runtimes know; any other text is allowed as project-defined."""

    KP = "kp"
    KD = "kd"
    JOINT_POSITION = "target/joint/position"
    JOINT_VELOCITY = "target/joint/velocity"
    JOINT_TORQUES = "target/joint/torques"
    JOINT_EFFORT = "target/joint/effort"
    BODY_POSITION = "target/body/position"
    BODY_LINEAR_ACCELERATION = "target/body/linear_acceleration"
    BODY_ORIENTATION = "target/body/orientation"
    BODY_LINEAR_VELOCITY = "target/body/linear_velocity"
    BODY_ANGULAR_ACCELERATION = "target/body/angular_acceleration"


@dataclass(frozen=True)
class TemporalAxis:
    """An axis that counts control steps, given in place of that axis's element names.

    Attributes:
        period_ms: Milliseconds between two entries, more than 0.
    """

    period_ms: float

    def __post_init__(self) -> None:
        if not math.isfinite(self.period_ms) or self.period_ms <= 0:
            raise UsageError(
                f"a temporal axis has a period of {self.period_ms} ms", expected="a positive number", code="D004"
            )


@dataclass(frozen=True)
class TensorSemantics:
    """What a tensor is called and means.

    Attributes:
        name: Port name.
        ref: The tensor itself, where a call takes semantics in place of tensors; it is never copied.
        kind: Meaning: a member of :class:`InputKind` or :class:`OutputKind`, or any text. Kept as text.
        element_names: ``"a"``, ``["a", "b"]`` for the last axis, or one entry per axis: a list, ``None`` or a
            :class:`TemporalAxis`. Kept normalised: one entry per axis. Fewer entries than axes stand for the last ones.
        extra: Further keys for the port in the YAML file (plain values only).
        temporal_period_ms: Period of the temporal axis; set from ``element_names``.

    Raises:
        UsageError: a name, element name or extra that a bundle cannot hold.
    """

    name: str
    ref: Any = field(default=None, compare=False, repr=False)
    kind: InputKind | OutputKind | str | None = None
    element_names: Any = None
    extra: Mapping[str, Any] = field(default_factory=dict)
    temporal_period_ms: float | None = None

    def __post_init__(self) -> None:
        check_name(self.name, "port")
        kind = self.kind.value if isinstance(self.kind, Enum) else self.kind
        if kind is not None and (not isinstance(kind, str) or not kind):
            raise UsageError(
                f"kind of {self.name!r} is {kind!r}", expected="a text such as 'state/joint/position'", code="D004"
            )
        names, period = normalise_element_names(self.element_names, self.name, self.temporal_period_ms)
        extra = check_plain(dict(self.extra or {}), f"extra of {self.name!r}")
        clash = sorted(PORT_KEYS & set(extra))
        if clash:
            raise UsageError(
                f"extra of {self.name!r} uses the key {clash[0]!r}, which every port has", fix="rename it", code="D004"
            )
        object.__setattr__(self, "kind", kind)
        object.__setattr__(self, "element_names", names)
        object.__setattr__(self, "temporal_period_ms", period)
        object.__setattr__(self, "extra", extra)


def normalise_element_names(
    names: Any, port: str, period_ms: float | None = None
) -> tuple[tuple[AxisNames, ...] | None, float | None]:
    """Return element names with one entry per axis, and the period of the temporal axis if there is one.

    Args:
        names: See :class:`TensorSemantics`; already normalised names are fine too.
        port: Port name, for messages.
        period_ms: Period of a temporal axis that ``names`` holds only as :data:`TEMPORAL_AXIS`.

    Raises:
        UsageError: not names, or more than one temporal axis, or a temporal axis without a period.
    """
    if names is None:
        return None, None
    what = f"element_names of {port!r}"
    if isinstance(names, str):
        names = [names]
    if isinstance(names, TemporalAxis) or not isinstance(names, Sequence) or isinstance(names, bytes):
        raise UsageError(
            f"{what} is a {type(names).__name__}", expected="a name, a list of names, or one per axis", code="D004"
        )
    if names and all(isinstance(item, str) and item != TEMPORAL_AXIS for item in names):
        names = [names]
    axes = tuple(_axis(item, what) for item in names)
    periods = [item.period_ms for item in names if isinstance(item, TemporalAxis)]
    if axes.count(TEMPORAL_AXIS) > 1:
        raise UsageError(f"{what} has more than one temporal axis", expected="at most one", code="D004")
    if TEMPORAL_AXIS not in axes:
        return axes, None
    period = periods[0] if periods else period_ms
    if period is None:
        raise UsageError(
            f"{what} has a temporal axis without a period", fix="give TemporalAxis(period_ms=...)", code="D004"
        )
    return axes, TemporalAxis(period).period_ms


def _axis(item: Any, what: str) -> AxisNames:
    if item is None or (isinstance(item, Sequence) and not item):
        return item if item is None else ()
    if isinstance(item, TemporalAxis) or (isinstance(item, str) and item == TEMPORAL_AXIS):
        return TEMPORAL_AXIS
    if isinstance(item, str) or not isinstance(item, Sequence):
        raise UsageError(
            f"{what} mixes names and axes ({item!r})", expected="a flat list of names, or one per axis", code="D004"
        )
    for name in item:
        if not isinstance(name, str) or name == TEMPORAL_AXIS:
            raise UsageError(f"{what} holds {name!r}", expected="names as text", code="D004")
    return tuple(str(name) for name in item)


def check_element_names(port: PortSpec) -> str | None:
    """Return what is wrong with a port's element names given its shape, or ``None``; they stand for the last axes."""
    return _misfit(port.element_names, port.shape)


def named_axes(semantics: TensorSemantics, shape: Sequence[Dim]) -> tuple[AxisNames, ...] | None:
    """Return the element names of a tensor of this shape: an entry for each axis, unnamed ones in front of those given.

    A leading batch axis alone may stay out, as in existing bundles.

    Raises:
        UsageError: the names do not fit the shape.
    """
    names: tuple[AxisNames, ...] | None = semantics.element_names
    wrong = _misfit(names, shape)
    if wrong:
        raise UsageError(
            f"port {semantics.name!r}: {wrong}",
            expected="one entry per axis with one name per element; fewer entries stand for the last axes",
            code="D004",
        )
    unnamed = 0 if names is None else len(shape) - len(names)
    return (*(None,) * unnamed, *(names or ())) if unnamed > 1 else names


def _misfit(names: tuple[AxisNames, ...] | None, shape: Sequence[Dim]) -> str | None:
    if names is None:
        return None
    skipped = len(shape) - len(names)
    if skipped < 0:
        return f"element_names has {len(names)} axes for shape {list(shape)}"
    for axis, (entry, size) in enumerate(zip(names, shape[skipped:], strict=True), start=skipped):
        if isinstance(entry, tuple) and entry and isinstance(size, int) and len(entry) != size:
            given = "1 name" if len(entry) == 1 else f"{len(entry)} names"
            return f"element_names has {given} for axis {axis}, which has size {size}"
    return None


def duplicate_name(port: PortSpec) -> str | None:
    """Return an element name that a port gives to two elements of an axis, or ``None``."""
    for axis in port.element_names or ():
        if isinstance(axis, tuple) and len(set(axis)) < len(axis):
            return next(name for name in axis if axis.count(name) > 1)
    return None


def port_spec(semantics: TensorSemantics, *, dtype: object, shape: Sequence[Dim]) -> PortSpec:
    """Return the port that a tensor of this dtype and shape with these semantics is.

    Raises:
        UsageError: element names do not fit the shape, or the dtype cannot cross a port.
    """
    port = PortSpec(
        name=semantics.name,
        dtype=canonical(dtype),
        shape=tuple(size if isinstance(size, str) else int(size) for size in shape),
        kind=None if semantics.kind is None else str(semantics.kind),
        element_names=named_axes(semantics, shape),
        temporal_period_ms=semantics.temporal_period_ms,
        extra=semantics.extra,
    )
    twice = duplicate_name(port)
    if twice is not None:
        raise UsageError(
            f"port {port.name!r} has the element name {twice!r} more than once",
            expected="a name of its own for every element of an axis",
            fix="rename one: by name, nobody could tell them apart",
            code="D004",
        )
    return port
