"""Read the forms in which users hand values over: dicts, semantics, nested dicts and TensorDicts."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import Any

import numpy as np
import torch

from leapp_core.errors import UsageError
from leapp_core.spec.semantics import TensorSemantics, named_axes
from leapp_core.suggest import suggest

TensorOf = Callable[[Any], torch.Tensor | None]
"""Gives the tensor of an array or NumPy scalar; ``None`` for what has none."""


def entries(given: Any, what: str, tensor_of: TensorOf) -> tuple[list[tuple[TensorSemantics, Any]], list[Any]]:
    """Return ``(semantics, tensor)`` per port, nested values named ``obs_pos``, and the values as given.

    Args:
        given: ``{name: tensor}`` (values may be nested mappings, TensorDicts, lists or tuples), one
            :class:`TensorSemantics` with a ``ref``, or a list of them.
        what: For messages: ``inputs of node 'policy'``.
        tensor_of: Gives the tensor of an array or NumPy scalar.

    Raises:
        UsageError: something else, a missing ``ref``, a duplicate name, a sparse or quantised tensor, names that do not
            fit its shape.
    """
    if isinstance(given, TensorSemantics):
        given = [given]
    ports: list[tuple[TensorSemantics, Any]] = []
    values: list[Any] = []
    if isinstance(given, Mapping) or _is_tensordict(given):
        for name, value in given.items():
            values.append(value)
            ports += [(TensorSemantics(n), t) for n, t in _flatten(str(name), value, what, tensor_of)]
    elif isinstance(given, (list, tuple)) and all(_is_semantics(s) for s in given):
        for semantics in given:
            values.append(semantics.ref)
            ports += _semantics_entries(semantics, what, tensor_of)
    else:
        raise UsageError(
            f"{what} are a {type(given).__name__}",
            expected="a dict of tensors, a TensorSemantics or a list of TensorSemantics",
            code="D001",
        )
    _check(ports, what)
    return ports, values


def returned(values: list[Any]) -> Any:
    """Return one value for one entry, a tuple in order for more."""
    return values[0] if len(values) == 1 else tuple(values)


def _semantics_entries(semantics: TensorSemantics, what: str, tensor_of: TensorOf) -> list[tuple[TensorSemantics, Any]]:
    if semantics.ref is None:
        raise UsageError(
            f"{what}: {semantics.name!r} has no tensor", fix="pass TensorSemantics(..., ref=tensor)", code="D001"
        )
    if isinstance(semantics.ref, torch.Tensor):
        return [(semantics, semantics.ref)]
    if isinstance(semantics.ref, (np.ndarray, np.generic)):
        return [(semantics, _tensor(semantics.name, semantics.ref, what, tensor_of))]
    return [
        (TensorSemantics(name, kind=semantics.kind, extra=semantics.extra), tensor)
        for name, tensor in _flatten(semantics.name, semantics.ref, what, tensor_of)
    ]


def _flatten(name: str, value: Any, what: str, tensor_of: TensorOf) -> Iterator[tuple[str, torch.Tensor]]:
    """Yield the tensors of a value; keys and indices are joined with ``_``, as the public ``leapp`` names them."""
    if isinstance(value, torch.Tensor):
        yield name, value
    elif isinstance(value, Mapping) or _is_tensordict(value):
        for key, item in value.items():
            yield from _flatten(f"{name}_{key}", item, what, tensor_of)
    elif isinstance(value, (list, tuple)):
        for index, item in enumerate(value):
            yield from _flatten(f"{name}_{index}", item, what, tensor_of)
    else:
        yield name, _tensor(name, value, what, tensor_of)


def _tensor(name: str, value: Any, what: str, tensor_of: TensorOf) -> torch.Tensor:
    tensor = tensor_of(value) if isinstance(value, (np.ndarray, np.generic)) else None
    if tensor is None:
        kind = f"{type(value).__name__} of {value.dtype}" if hasattr(value, "dtype") else type(value).__name__
        raise UsageError(
            f"{what}: {name!r} is a {kind}", expected="a torch tensor or a NumPy array of numbers", code="D001"
        )
    return tensor


def _check(ports: list[tuple[TensorSemantics, Any]], what: str) -> None:
    seen: set[str] = set()
    for semantics, tensor in ports:
        if semantics.name in seen:
            raise UsageError(
                f"{what}: the name {semantics.name!r} is given twice", fix="rename one of them", code="D001"
            )
        seen.add(semantics.name)
        with torch._C.DisableTorchFunction():
            dense, shape = tensor.layout == torch.strided and not tensor.is_quantized, tuple(tensor.shape)
        if not dense:
            raise UsageError(
                f"{what}: {semantics.name!r} is a {tensor.layout} tensor",
                expected="a dense tensor",
                fix="call .to_dense() (or .dequantize()) before declaring it",
                code="D001",
            )
        named_axes(semantics, shape)  # refused here, before a recording is made of it


def _is_tensordict(value: Any) -> bool:
    return type(value).__module__.split(".")[0] == "tensordict" and hasattr(value, "items")


def _is_semantics(value: Any) -> bool:
    return isinstance(value, TensorSemantics)


def check_options(given: Iterable[str], known: Collection[str]) -> None:
    """Refuse options that an export does not have.

    Raises:
        UsageError: Naming the first, and the nearest that exists.
    """
    for name in sorted(set(given) - set(known)):
        raise UsageError(
            f"export has no option {name!r}",
            expected=suggest(name, known),
            fix="give options of the backend as options={'name': value}",
            code="U001",
        )
