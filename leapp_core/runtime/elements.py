"""Values by element name (``left_knee``) instead of by position, so that a robot's own joint order does not matter."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from leapp_core.errors import RuntimeInputError
from leapp_core.runtime.arrays import Array
from leapp_core.spec.dtypes import numpy_dtype
from leapp_core.spec.port import PortSpec
from leapp_core.suggest import suggest


def axis_names(port: PortSpec) -> tuple[tuple[str, ...] | None, ...]:
    """Return the element names of every axis, ``None`` for an unnamed one."""
    given = port.element_names or ()
    # The leading batch axis may be left out.
    axes = (None,) * (len(port.shape) - len(given)) + tuple(given)
    return tuple(axis if isinstance(axis, tuple) else None for axis in axes)


def by_element_names(port: PortSpec, value: Array) -> Any:
    """Return a value as nested mappings by element name; unnamed axes of size 1 are dropped.

    ``[[0.1, 0.2]]`` with names ``left_knee, right_knee`` becomes ``{"left_knee": 0.1, "right_knee": 0.2}``.
    """
    names = axis_names(port)
    if not any(names):
        return value
    return _split(value, names)


def _split(value: Array, names: tuple[tuple[str, ...] | None, ...]) -> Any:
    axis = next((i for i, axis in enumerate(names) if axis), None)
    if axis is None:
        return value.item() if value.size == 1 else value.squeeze()
    rest = names[:axis] + names[axis + 1 :]
    return {name: _split(value.take(i, axis), rest) for i, name in enumerate(names[axis] or ())}


def from_element_names(
    ports: Mapping[str, PortSpec], inputs: Mapping[str, Any], named: Mapping[str, Any]
) -> dict[str, Any]:
    """Return inputs by port, those given by element name put in the order of their port.

    Args:
        ports: Inputs by name, with concrete sizes.
        inputs: Inputs given as arrays.
        named: Port name to values by element name; or element name to value, where that names one port's element.

    Raises:
        RuntimeInputError: an unknown, missing, ambiguous or doubly given name, or a value of the wrong shape.
    """
    by_port: dict[str, dict[str, Any]] = {}
    for name, value in named.items():
        if isinstance(value, Mapping) and name in ports:
            by_port.setdefault(name, {}).update(value)
        else:
            by_port.setdefault(_owner(name, ports), {})[name] = value
    twice = by_port.keys() & inputs.keys()
    if twice:
        raise RuntimeInputError(f"input {min(twice)!r} is given twice: as an array and by element name")
    return {**inputs, **{key: _assemble(key, ports[key], values) for key, values in by_port.items()}}


def _owner(element: str, ports: Mapping[str, PortSpec]) -> str:
    owners = [key for key, port in ports.items() if any(axis and element in axis for axis in axis_names(port))]
    if len(owners) == 1:
        return owners[0]
    if owners:
        raise RuntimeInputError(
            f"element name {element!r} belongs to {', '.join(owners)}",
            fix=f"say which: {{{owners[0]!r}: {{{element!r}: …}}}}",
        )
    known = {name for port in ports.values() for axis in axis_names(port) if axis for name in axis}
    raise RuntimeInputError(f"no input has an element {element!r}", expected=suggest(element, known | set(ports)))


def _assemble(key: str, port: PortSpec, values: Mapping[str, Any]) -> Array:
    array = np.zeros(tuple(int(size) for size in port.shape), numpy_dtype(port.dtype))
    names = axis_names(port)
    if not any(names):
        raise RuntimeInputError(f"input {key!r} has no element names", where=key, fix="give it as an array")
    _fill(key, array, names, values)
    return array


def _fill(key: str, array: Array, names: tuple[tuple[str, ...] | None, ...], values: Any) -> None:
    axis = next((i for i, axis in enumerate(names) if axis), None)
    if axis is None or not isinstance(values, Mapping):
        _assign(key, array, values)
        return
    order = names[axis] or ()
    for name in values:
        if name not in order:
            raise RuntimeInputError(f"input {key!r} has no element {name!r}", where=key, expected=suggest(name, order))
    missing = [name for name in order if name not in values]
    if missing:
        raise RuntimeInputError(f"input {key!r} lacks element {', '.join(map(repr, missing))}", where=key)
    rest = names[:axis] + names[axis + 1 :]
    for i, name in enumerate(order):
        _fill(f"{key}/{name}", array[(slice(None),) * axis + (i, ...)], rest, values[name])


def _assign(key: str, array: Array, value: Any) -> None:
    given = np.asarray(value)
    if given.size == array.size and np.can_cast(given.dtype, array.dtype, "same_kind"):
        array[...] = given.reshape(array.shape)
        return
    raise RuntimeInputError(
        f"element {key!r} is {given.dtype} of shape {list(given.shape)}",
        where=key,
        expected=f"{array.dtype} of shape {list(array.shape)}, or a number",
    )
