"""Calls over lists of tensors (``_foreach_add``), as one call per entry: exporters leave them whole."""

from __future__ import annotations

from typing import Any

import torch
from torch.fx import Graph, Node

from leapp_core.errors import CaptureError

aten = torch.ops.aten
PREFIX = "aten::_foreach_"
# What compares with a number has another name than what compares with a tensor.
_BY_NUMBER = {"maximum": "clamp_min", "minimum": "clamp_max", "maximum_": "clamp_min_", "minimum_": "clamp_max_"}
_SCALED = {"addcmul": aten.mul.Tensor, "addcdiv": aten.div.Tensor}


def emit_foreach(graph: Graph, name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> list[Node]:
    """Emit one call per entry.

    Args:
        graph: Where to.
        name: Operator without namespace and ``_foreach_``; in place if it ends with an underscore.
        args: Its arguments: lists hold one value per entry, anything else is shared.
        kwargs: Its named arguments.

    Returns:
        The results.

    Raises:
        CaptureError: there is no operator for one entry.
    """
    count = max(len(a) for a in args if isinstance(a, (list, tuple)))
    entries = [[a[i] if isinstance(a, (list, tuple)) else a for a in args] for i in range(count)]
    return [_emit_entry(graph, name, entry, kwargs, index) for index, entry in enumerate(entries)]


def _emit_entry(graph: Graph, name: str, args: list[Any], kwargs: dict[str, Any], index: int) -> Node:
    plain = name.removesuffix("_")
    if plain in _SCALED and len(args) == 4:
        if isinstance(args[3], Node):  # one factor per entry, in a tensor
            factor = graph.call_function(aten.select.int, (args[3], 0, index))
            scaled = graph.call_function(aten.mul.Tensor, (args[1], factor))
            product = graph.call_function(_SCALED[plain], (scaled, args[2]))
            return graph.call_function(aten.add_.Tensor if name != plain else aten.add.Tensor, (args[0], product))
        args, kwargs = args[:3], {**kwargs, "value": args[3]}
    if len(args) == 2 and not isinstance(args[1], Node):
        name = _BY_NUMBER.get(name, name)
    if name != plain and not hasattr(aten, name):
        result = graph.call_function(overload_for(plain, args, kwargs), tuple(args), kwargs)
        return graph.call_function(aten.copy_.default, (args[0], result))
    name = "linalg_vector_norm" if name == "norm" else name  # exporters know no other
    return graph.call_function(overload_for(name, args, kwargs), tuple(args), kwargs)


def overload_for(name: str, args: list[Any], kwargs: dict[str, Any]) -> Any:
    """Return the overload of an operator whose tensors are tensors and whose numbers are numbers in these arguments.

    Raises:
        CaptureError: there is none.
    """
    packet = getattr(aten, name, None)
    for overload in (getattr(packet, n) for n in packet.overloads()) if packet is not None else ():
        schema = overload._schema
        positional = [a for a in schema.arguments if not a.kwarg_only]
        required = [a for a in positional if not a.has_default_value()]
        if any(a.is_out for a in schema.arguments) or set(kwargs) - {a.name for a in schema.arguments}:
            continue
        if len(required) <= len(args) <= len(positional) and all(map(_fits, positional, args)):
            return overload
    raise CaptureError(
        f"_foreach_{name} has no form for one tensor, and no format knows the one for lists",
        expected="an operator that exists for one tensor",
        fix="write a loop over the tensors",
        code="C029",
    )


def _fits(expected: Any, value: Any) -> bool:
    kind = str(expected.real_type if hasattr(expected, "real_type") else expected.type)
    if isinstance(value, Node) or "Tensor" in kind:
        return "Tensor" in kind and isinstance(value, Node)
    return kind.removeprefix("Optional[") != "str" or isinstance(value, str)
