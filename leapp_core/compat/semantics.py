"""Tensor descriptions as the ``leapp`` module has them: element names are lists, values may be set later."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from leapp_core.spec.semantics import TensorSemantics as CoreSemantics
from leapp_core.spec.semantics import normalise_element_names


@dataclass
class TensorSemantics:
    """A tensor with its name and meaning.

    Attributes:
        name: Port name.
        ref: The tensor.
        kind: Meaning: an enum member or any text.
        element_names: A name, names of the last axis, or one entry per axis; normalised to one entry per axis.
        extra: Further keys for the port.
        temporal_period_ms: Period of a temporal axis among ``element_names``.
    """

    name: str = ""
    ref: Any = None
    kind: Any = None
    element_names: Any = None
    extra: Mapping[str, Any] | None = None
    temporal_period_ms: float | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        if self.element_names is None:
            return
        given = self.element_names or [[]]  # no names of no elements, as a selection of nothing gives
        names, self.temporal_period_ms = normalise_element_names(given, self.name)
        self.element_names = [list(axis) if isinstance(axis, tuple) else axis for axis in names or ()]

    def core(self) -> CoreSemantics:
        """Return the framework's own form."""
        kind = self.kind.value if isinstance(self.kind, Enum) else self.kind
        return CoreSemantics(
            self.name,
            self.ref,
            kind,
            self.element_names,
            dict(self.extra or {}),
            temporal_period_ms=self.temporal_period_ms,
        )


def core_form(tensors: Any) -> Any:
    """Return what an annotation was given in the framework's own form."""
    if isinstance(tensors, TensorSemantics):
        return tensors.core()
    if isinstance(tensors, (list, tuple)):
        return [core_form(t) for t in tensors]
    return tensors


def plain_values(tensors: Any) -> Any:
    """Return the tensors an annotation was given: one for one entry, a tuple in order for more."""
    if isinstance(tensors, Mapping):
        values = list(tensors.values())
    else:
        values = [s.ref for s in (tensors if isinstance(tensors, (list, tuple)) else [tensors])]
    return values[0] if len(values) == 1 else tuple(values)
