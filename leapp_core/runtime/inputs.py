"""Take the inputs of a step: check each against its port, copy it into the buffer the pipeline reads."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from leapp_core.errors import RuntimeInputError
from leapp_core.runtime.arrays import Array, to_numpy
from leapp_core.runtime.elements import axis_names
from leapp_core.runtime.port_names import PortNames
from leapp_core.spec.names import PortRef
from leapp_core.spec.pipeline import PipelineSpec
from leapp_core.spec.port import PortSpec
from leapp_core.words import counted

_FEW = 12
"""Names that a message may list."""

_FRACTIONS = "fV"
"""Kinds of dtypes that can be NaN; ``V`` is bfloat16."""


def describe(port: PortSpec) -> str:
    """Return what a port takes: ``float32 array of shape [1, 12] (state/joint/position)``."""
    kind = f" ({port.kind})" if port.kind else ""
    return f"{port.dtype} array of shape [{', '.join(map(str, port.shape))}]{kind}"


def element_name(port: PortSpec, index: tuple[int, ...]) -> str:
    """Return an element's names and position: ``left_knee, index (0, 3)``."""
    found = [names[i] for names, i in zip(axis_names(port), index, strict=True) if names]
    return ", ".join([*found, f"index {index}"])


def _elements(port: PortSpec, shape: tuple[int, ...]) -> str:
    """Return how many numbers a port takes, with the names of its elements if they are few."""
    count = counted(int(np.prod(shape)), "number")
    names = next((names for names in reversed(axis_names(port)) if names), ())
    return f"{count}: {', '.join(names)}" if 0 < len(names) <= _FEW else count


class InputWriter:
    """Writes the inputs of a step into a stepper's buffers.

    Args:
        pipeline: With concrete sizes.
        names: Names of the inputs that are asked for.
        buffers: Where the stepper reads them.
        check_finite: Refuse NaN and infinities.
    """

    def __init__(
        self, pipeline: PipelineSpec, names: PortNames, buffers: Mapping[PortRef, Array], *, check_finite: bool
    ) -> None:
        self._names = names
        self._ports = {names[ref]: pipeline.input_spec(ref) for ref in names.refs}
        self._slots = tuple((names[ref], buffers[ref], buffers[ref].dtype, buffers[ref].shape) for ref in names.refs)
        asked = frozenset(names.refs)
        self._shared = tuple(
            (buffers[edge.target], buffers[edge.source]) for edge in pipeline.shared_inputs if edge.target not in asked
        )
        self._check_finite = check_finite

    def write(self, inputs: Mapping[str, Any]) -> None:
        """Check and copy.

        Raises:
            RuntimeInputError: an input is missing, unknown, misshaped, mistyped or (if asked for) not finite.
        """
        # This loop runs at control rate: a plain array of the right type and shape is copied at once, anything
        # else takes the thorough way below.
        for key, buffer, dtype, shape in self._slots:
            try:
                value = inputs[key]
            except (KeyError, TypeError, IndexError):
                return self._write_slowly(inputs)
            if type(value) is not np.ndarray or value.dtype != dtype or value.shape != shape:
                value = self._checked(key, value, dtype, shape)
            buffer[...] = value
        if len(inputs) != len(self._slots):
            return self._write_slowly(inputs)
        for buffer, source in self._shared:
            buffer[...] = source
        if self._check_finite:
            self._refuse_non_finite()
        return None

    def _write_slowly(self, inputs: Mapping[str, Any]) -> None:
        given = self.by_key(inputs)
        for key, buffer, dtype, shape in self._slots:
            if key not in given:
                raise RuntimeInputError(
                    f"input {key!r} is missing",
                    where=key,
                    expected=describe(self._ports[key]),
                    fix=f"give all of {', '.join(self._ports)}",
                    code="R002",
                )
            buffer[...] = self._checked(key, given[key], dtype, shape)
        for buffer, source in self._shared:
            buffer[...] = source
        if self._check_finite:
            self._refuse_non_finite()

    def by_key(self, inputs: Mapping[str, Any]) -> dict[str, Any]:
        """Return the inputs under the names of this runtime, whichever form the caller used.

        Raises:
            RuntimeInputError: no mapping, an unknown name, one input given twice.
        """
        if not isinstance(inputs, Mapping):
            raise RuntimeInputError(
                f"inputs are a {type(inputs).__name__}",
                expected=f"a mapping with {', '.join(self._ports)}",
                code="R006",
            )
        given: dict[str, Any] = {}
        for name, value in inputs.items():
            key = self._names[self._names.find(name)]
            if key in given:
                raise RuntimeInputError(
                    f"input {key!r} is given twice, under both of its names", where=key, code="R007"
                )
            given[key] = value
        return given

    def _checked(self, key: str, value: Any, dtype: np.dtype[Any], shape: tuple[int, ...]) -> Array:
        port = self._ports[key]
        array = to_numpy(value, key, describe(port))
        if array.dtype != dtype:
            raise RuntimeInputError(
                f"input {key!r} is {array.dtype}, the port takes {port.dtype}",
                where=key,
                expected=describe(port),
                fix=f"convert it where it is made, for example with .astype({port.dtype!r})",
                code="R003",
            )
        if array.shape != shape:
            raise RuntimeInputError(
                f"input {key!r} has shape {list(array.shape)}, the port takes {list(shape)}",
                where=key,
                expected=describe(port),
                fix=f"use .reshape({', '.join(map(str, shape))})"
                if array.size == np.prod(shape)
                else f"give {_elements(port, shape)}",
                code="R004",
            )
        return array

    def _refuse_non_finite(self) -> None:
        for key, buffer, dtype, _shape in self._slots:
            if dtype.kind in _FRACTIONS and not np.isfinite(buffer).all():
                index = tuple(int(i) for i in np.argwhere(~np.isfinite(buffer))[0])
                raise RuntimeInputError(
                    f"input {key!r} holds {buffer[index]} at {element_name(self._ports[key], index)}",
                    where=key,
                    expected="finite numbers",
                    fix="check the sensor that feeds it",
                    code="R005",
                )
