"""Values by element name (``left_knee``) instead of by position, so that a robot's own joint order does not matter."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from leapp_core.errors import RuntimeInputError
from leapp_core.runtime.arrays import Array, to_numpy
from leapp_core.spec.dtypes import numpy_dtype
from leapp_core.spec.port import PortSpec
from leapp_core.spec.semantics import duplicate_name
from leapp_core.suggest import suggest


def axis_names(port: PortSpec) -> tuple[tuple[str, ...] | None, ...]:
    """Return the element names of every axis, ``None`` for an unnamed one."""
    given = port.element_names or ()
    # Fewer entries than axes stand for the last ones.
    axes = (None,) * (len(port.shape) - len(given)) + tuple(given)
    return tuple(axis if isinstance(axis, tuple) else None for axis in axes)


def by_element_names(port: PortSpec, value: Array) -> Any:
    """Return a value as nested mappings by element name; unnamed axes of size 1 are dropped.

    ``[[0.1, 0.2]]`` with names ``left_knee, right_knee`` becomes ``{"left_knee": 0.1, "right_knee": 0.2}``.
    """
    names = axis_names(port)
    if not any(names):
        return value
    _refuse_duplicates(port.name, port)
    return _split(value, names)


def _refuse_duplicates(key: str, port: PortSpec) -> None:
    twice = duplicate_name(port)
    if twice is not None:
        raise RuntimeInputError(
            f"{key!r} has the element name {twice!r} more than once",
            where=key,
            expected="arrays, in the order of the port",
            fix="give and read it by position; export again with a name of its own for every element",
            code="R008",
        )


def _split(value: Array, names: tuple[tuple[str, ...] | None, ...]) -> Any:
    axis = next((i for i, axis in enumerate(names) if axis), None)
    if axis is None:
        return value.item() if value.size == 1 else value.squeeze()
    rest = names[:axis] + names[axis + 1 :]
    return {name: _split(value.take(i, axis), rest) for i, name in enumerate(names[axis] or ())}


def _same(name: object) -> str | None:
    return name if isinstance(name, str) else None


def from_element_names(
    ports: Mapping[str, PortSpec],
    inputs: Mapping[str, Any],
    named: Mapping[str, Any],
    sizes: Mapping[str, int] | None = None,
    find: Callable[[object], str | None] = _same,
) -> dict[str, Any]:
    """Return inputs by port, those given by element name put in the order of their port.

    Args:
        ports: Inputs by name; sizes may be symbolic.
        inputs: Inputs given as arrays.
        named: Port name to values by element name; or element name to value, where that names one port's element.
        sizes: Symbolic sizes at present, for where the values given do not tell them.
        find: Returns the key in ``ports`` that a name means, if it means one.

    Raises:
        RuntimeInputError: an unknown, missing, ambiguous or doubly given name, or a value of the wrong shape.
    """
    for what, given in (("inputs are", inputs), ("inputs_by_name is", named)):
        if not isinstance(given, Mapping):
            raise RuntimeInputError(f"{what} a {type(given).__name__}", expected="a mapping", code="R006")
    by_port: dict[str, dict[str, Any]] = {}
    for name, value in named.items():
        key = find(name)
        if key is not None and key in ports and isinstance(value, Mapping):
            _merge(by_port, key, value)
        else:
            _merge(by_port, _owner(name, value, ports, key), {name: value})
    twice = by_port.keys() & inputs.keys()
    if twice:
        raise RuntimeInputError(f"input {min(twice)!r} is given twice: as an array and by element name", code="R007")
    return {**inputs, **{key: _assemble(key, ports[key], values, sizes or {}) for key, values in by_port.items()}}


def _merge(by_port: dict[str, dict[str, Any]], key: str, values: Mapping[str, Any]) -> None:
    known = by_port.setdefault(key, {})
    for name, value in values.items():
        if name in known:
            raise RuntimeInputError(f"element {name!r} of input {key!r} is given twice", where=key, code="R007")
        known[name] = value


def _owner(element: str, value: Any, ports: Mapping[str, PortSpec], port: str | None) -> str:
    owners = [key for key, port in ports.items() if any(axis and element in axis for axis in axis_names(port))]
    if len(owners) == 1:
        return owners[0]
    if owners:
        raise RuntimeInputError(
            f"element name {element!r} belongs to {', '.join(owners)}",
            fix=f"say which: {{{owners[0]!r}: {{{element!r}: …}}}}",
            code="R008",
        )
    if port in ports:
        raise RuntimeInputError(
            f"input {port!r} is given by element name as a {type(value).__name__}",
            where=port,
            expected="a mapping of its elements",
            fix="give arrays in inputs",
            code="R008",
        )
    known = {name for port in ports.values() for axis in axis_names(port) if axis for name in axis}
    raise RuntimeInputError(
        f"no input has an element {element!r}", expected=suggest(str(element), known | set(ports)), code="R008"
    )


def _assemble(key: str, port: PortSpec, values: Mapping[str, Any], sizes: Mapping[str, int]) -> Array:
    names = axis_names(port)
    _refuse_duplicates(key, port)
    if not any(names):
        raise RuntimeInputError(
            f"input {key!r} has no element names", where=key, fix="give it as an array", code="R008"
        )
    known = {**sizes, **_sizes_in(key, port, values)}
    shape = tuple(known.get(size, 1) if isinstance(size, str) else size for size in port.shape)
    array = np.zeros(shape, numpy_dtype(port.dtype))
    _fill(key, array, names, values)
    return array


def _sizes_in(key: str, port: PortSpec, values: Any) -> dict[str, int]:
    """Return the symbolic sizes that the first value of a port has; a number is one row."""
    rest = []
    for size, names in zip(port.shape, axis_names(port), strict=True):
        if names and isinstance(values, Mapping) and values:
            values = next(iter(values.values()))
        else:
            rest.append(size)
    if isinstance(values, Mapping) or not any(isinstance(size, str) for size in rest):
        return {}
    shape = _read(key, values, "an array or a number").shape
    if not shape:
        return {size: 1 for size in rest if isinstance(size, str)}
    if len(shape) != len(rest):
        return {}
    return {size: extent for size, extent in zip(rest, shape, strict=True) if isinstance(size, str)}


def _fill(key: str, array: Array, names: tuple[tuple[str, ...] | None, ...], values: Any) -> None:
    axis = next((i for i, axis in enumerate(names) if axis), None)
    if axis is None or not isinstance(values, Mapping):
        _assign(key, array, values)
        return
    order = names[axis] or ()
    for name in values:
        if name not in order:
            raise RuntimeInputError(
                f"input {key!r} has no element {name!r}", where=key, expected=suggest(str(name), order), code="R008"
            )
    missing = [name for name in order if name not in values]
    if missing:
        raise RuntimeInputError(f"input {key!r} lacks element {', '.join(map(repr, missing))}", where=key, code="R002")
    rest = names[:axis] + names[axis + 1 :]
    for i, name in enumerate(order):
        _fill(f"{key}/{name}", array[(slice(None),) * axis + (i, ...)], rest, values[name])


def _assign(key: str, array: Array, value: Any) -> None:
    expected = f"{array.dtype} of shape {list(array.shape)}" + (", or a number" if array.size == 1 else "")
    given = _read(key, value, expected)
    if given.size != array.size or not _of_a_kind(given.dtype, array.dtype):
        raise RuntimeInputError(
            f"element {key!r} is {given.dtype} of shape {list(given.shape)}", where=key, expected=expected, code="R004"
        )
    given = given.reshape(array.shape)
    with np.errstate(over="ignore", invalid="ignore"):
        array[...] = given.astype(array.dtype)
        whole = array.dtype.kind in "iub"
        lost = array != given if whole else np.isinf(array.astype(np.float64)) & np.isfinite(given)
    if lost.any():
        raise RuntimeInputError(
            f"element {key!r} is {given[lost].flat[0]}, which no {array.dtype} holds",
            where=key,
            expected=expected,
            code="R003",
        )


def _read(key: str, value: Any, expected: str) -> Array:
    if hasattr(value, "__array__") or hasattr(value, "__dlpack__"):
        return to_numpy(value, key, expected)
    try:
        return np.asarray(value)
    except (ValueError, TypeError) as error:
        raise RuntimeInputError(
            f"element {key!r} is a {type(value).__name__} that is not an array: {error}",
            where=key,
            expected=expected,
            code="R006",
        ) from error


def _of_a_kind(given: np.dtype[Any], wanted: np.dtype[Any]) -> bool:
    """Return whether numbers of one type may be given for another; whether each fits is another matter."""
    return {given.kind, wanted.kind} <= {"i", "u"} or np.can_cast(given, wanted, "same_kind")
