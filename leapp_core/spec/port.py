"""Ports: the tensors that enter and leave a node, with their meaning."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Dim = int | str
"""A size, or the name of a symbolic dimension such as ``batch``."""

TEMPORAL_AXIS = "__temporal_axis__"
"""How an axis that counts control steps is written among element names."""

AxisNames = tuple[str, ...] | str | None
"""Element names of one axis: the names, :data:`TEMPORAL_AXIS`; ``None`` or nothing for an unnamed axis.

Both of the latter are written ``[]``; a file that has ``null`` in its place reads back as ``None``.
"""


@dataclass(frozen=True)
class PortSpec:
    """One tensor port.

    Attributes:
        name: Port name, unique among the node's inputs or outputs.
        dtype: Canonical dtype name such as ``float32`` (see :mod:`leapp_core.spec.dtypes`).
        shape: Sizes; a string names a symbolic dimension.
        kind: Meaning, such as ``state/joint/position``.
        element_names: One entry per axis; the leading batch axis may be left out. Fewer stand for the last axes.
        temporal_period_ms: Milliseconds between entries of the temporal axis, if there is one.
        extra: Further keys, flattened into the port in the YAML file.
    """

    name: str
    dtype: str
    shape: tuple[Dim, ...]
    kind: str | None = None
    element_names: tuple[AxisNames, ...] | None = None
    temporal_period_ms: float | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)
