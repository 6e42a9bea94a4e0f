"""Check what a caller gives besides inputs: a state to continue from, a mask of rows to reset."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from leapp_core.errors import RuntimeInputError
from leapp_core.runtime.arrays import Array
from leapp_core.runtime.inputs import describe
from leapp_core.runtime.port_names import PortNames
from leapp_core.spec.dtypes import numpy_dtype
from leapp_core.spec.names import PortRef
from leapp_core.spec.pipeline import PipelineSpec


def state_by_port(given: Mapping[str, Any], names: PortNames) -> dict[PortRef, Array]:
    """Return a state as arrays by the ports that read it.

    Raises:
        RuntimeInputError: no mapping, an unknown name, a value given twice or no array.
    """
    if not isinstance(given, Mapping):
        raise RuntimeInputError(
            f"the state is a {type(given).__name__}",
            expected="a mapping as runtime.state gives it, or a file",
            code="R009",
        )
    values: dict[PortRef, Array] = {}
    for name, value in given.items():
        ref = names.find(name)
        if ref in values:
            raise RuntimeInputError(
                f"state {str(ref)!r} is given twice, under both of its names", where=str(ref), code="R007"
            )
        values[ref] = _array(value, f"state {str(ref)!r}")
    return values


def check_state(values: Mapping[PortRef, Array], refs: Iterable[PortRef], pipeline: PipelineSpec) -> None:
    """Refuse a state that does not fit.

    Args:
        values: By fed-back input port.
        refs: All of these ports.
        pipeline: With concrete sizes.

    Raises:
        RuntimeInputError: something is missing, misshaped or mistyped.
    """
    for ref in refs:
        port = pipeline.input_spec(ref)
        if ref not in values:
            raise RuntimeInputError(
                f"state {str(ref)!r} is missing", where=str(ref), expected=describe(port), code="R009"
            )
        value = values[ref]
        if value.shape != port.shape or value.dtype != numpy_dtype(port.dtype):
            raise RuntimeInputError(
                f"state {str(ref)!r} is {value.dtype} of shape {list(value.shape)}",
                where=str(ref),
                expected=describe(port),
                code="R009",
            )


def mask_of(given: Any) -> Array:
    """Return a mask of rows.

    Raises:
        RuntimeInputError: it is no vector of booleans.
    """
    mask = _array(given, "the mask")
    if mask.ndim != 1 or mask.dtype != np.bool_:
        raise RuntimeInputError(
            f"the mask is {mask.dtype} of shape {list(mask.shape)}", expected="booleans of shape [batch]", code="R009"
        )
    return mask


def _array(value: Any, what: str) -> Array:
    try:
        array: Array = np.asarray(value)
    except (ValueError, TypeError, RuntimeError) as error:
        raise RuntimeInputError(f"{what} is not an array: {error}", code="R006") from error
    return array
