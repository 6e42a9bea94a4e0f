"""Emit one recorded call as graph nodes, in a form that exporters know."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch.fx import Graph, Node

from leapp_core.errors import CaptureError
from leapp_core.program.foreach import PREFIX, emit_foreach
from leapp_core.program.views import Fit
from leapp_core.tracing.record.events import Event
from leapp_core.tracing.record.recorder import PACK
from leapp_core.tracing.record.selected import SELECT

aten = torch.ops.aten
CPU = torch.device("cpu")
# Arguments that say how memory is obtained, not what is computed.
DROPPED = frozenset({"generator", "pin_memory", "non_blocking"})
# Views that take a second tensor only for its sizes.
_SIZED_LIKE = {
    aten.expand_as.default: aten.expand.default,
    aten.view_as.default: aten.view.default,
    aten.reshape_as.default: aten.reshape.default,
}
FILL_VALUES = {"zeros": 0, "ones": 1, "empty": 0}


def emit_call(graph: Graph, event: Event, nodes: list[Node | None]) -> Node:
    """Emit a call.

    Args:
        graph: Where to.
        event: The call.
        nodes: Graph node of each tensor operand, in order.

    Returns:
        The node of its result.
    """
    if event.func == PACK:
        return _emit_pack(graph, event, nodes)
    if event.func == SELECT:
        return graph.call_function(aten.index.Tensor, (nodes[0], [*[None] * _axis(event), nodes[1]]))
    if event.plan.metadata_reader:
        return _emit_filled(graph, event)
    if event.func == aten.narrow.Tensor:
        raise CaptureError(
            "narrow is given a tensor as its start, which PyTorch reads as a Python number",
            expected="a slice at a fixed place, or an index that is a tensor",
            fix="x.index_select(dim, start + torch.arange(length))",
            code="C029",
        )
    if event.func in _SIZED_LIKE:
        return graph.call_function(_SIZED_LIKE[event.func], (nodes[0], list(event.outs[0].sizes)))
    operands = iter(nodes)
    args = tuple(_replace(a, operands) for a in event.args)
    kwargs = {k: _replace(v, operands) for k, v in event.kwargs.items() if k not in DROPPED}
    if event.plan.name.startswith(PREFIX):
        return emit_foreach(graph, event.plan.name.removeprefix(PREFIX), args, kwargs)  # type: ignore[return-value]
    if event.plan.name == "aten::one_hot" and len(args) > 1 and args[1] > 0:
        return _emit_one_hot(graph, args[0], args[1])
    if event.plan.name == "aten::instance_norm" and event.args[5] and event.args[3] is not None:
        return _emit_instance_norm(graph, event, args)
    func = _functional(event) if event.plan.metadata_only else event.func
    return graph.call_function(func, args, kwargs)


def emit_write_back(graph: Graph, selection: Event, base: Node, index: Node, row: Node) -> None:
    """Write a row that was taken by a tensor index back to where it came from."""
    graph.call_function(aten.index_put_.default, (base, [*[None] * _axis(selection), index], row))


def _axis(selection: Event) -> int:
    return int(selection.args[1]) % len(selection.ins[0].sizes)


def emit_fit(graph: Graph, root: Node, fit: Fit, *, reshape: bool = True) -> Node:
    """Emit slices, permutation and expansion that take a view from a tensor, reshaped first if asked."""
    call: Callable[..., Node] = lambda f, *a: graph.call_function(f, a)  # noqa: E731
    node = root
    if reshape:
        node = call(aten.view.default, root, list(fit.shape))
    for axis, (start, stop) in enumerate(zip(fit.starts, fit.stops, strict=True)):
        if (start, stop) != (0, fit.shape[axis]):
            node = call(aten.slice.Tensor, node, axis, start, stop)
    for axis in reversed(range(len(fit.shape))):
        if axis not in fit.order:
            node = call(aten.select.int, node, axis, 0)
    kept = sorted(fit.order)
    permutation = [kept.index(axis) for axis in fit.order]
    if permutation != sorted(permutation):
        node = call(aten.permute.default, node, permutation)
    lengths = [fit.stops[axis] - fit.starts[axis] for axis in fit.order]
    remaining = iter(lengths)
    current = 0
    pending = next(remaining, None)
    for axis, size in enumerate(fit.sizes):
        if pending is not None and size == pending and size > 1:
            pending = next(remaining, None)
        else:
            node = call(aten.unsqueeze.default, node, axis)
        current += 1
    return call(aten.expand.default, node, list(fit.sizes)) if current else node


def _replace(value: Any, operands: Iterator[Node | None]) -> Any:
    if isinstance(value, torch.Tensor):
        return next(operands)
    if isinstance(value, (list, tuple)):
        return type(value)(_replace(v, operands) for v in value) if type(value) in (list, tuple) else value
    return CPU if isinstance(value, torch.device) else value


def _emit_filled(graph: Graph, event: Event) -> Node:
    """``zeros_like(x)`` and kin depend on no data: emit a plain fill."""
    info = event.outs[0]
    word = event.plan.name.removeprefix("aten::").removeprefix("new_").removesuffix("_like").split("_")[0]
    if word in FILL_VALUES:
        value = FILL_VALUES[word]
    else:
        numbers = [a for a in (*event.args[1:], *event.kwargs.values()) if isinstance(a, (int, float, complex))]
        value = event.kwargs.get("fill_value", numbers[0] if numbers else 0)
    return graph.call_function(aten.full.default, (list(info.sizes), value), {"dtype": info.dtype, "device": CPU})


def _emit_pack(graph: Graph, event: Event, nodes: list[Node | None]) -> Node:
    """``torch.tensor([t0, 2.0])``: concatenate the elements."""
    info = event.outs[0]
    operands = iter(nodes)
    parts: list[Any] = []
    for element in event.args[0]:
        if isinstance(element, torch.Tensor):
            flat = graph.call_function(aten.reshape.default, (next(operands), [-1]))
            parts.append(graph.call_function(aten.to.dtype, (flat, info.dtype)))
        else:
            parts.append(graph.call_function(aten.full.default, ([1], element), {"dtype": info.dtype, "device": CPU}))
    joined = graph.call_function(aten.cat.default, (parts, 0))
    return graph.call_function(aten.view.default, (joined, list(info.sizes)))


def _emit_one_hot(graph: Graph, classes: Node, count: int) -> Node:
    """``one_hot`` looks at values to size its result even when told the number of classes: compare instead."""
    options: dict[str, Any] = {"dtype": torch.int64, "device": CPU}
    numbers = graph.call_function(aten.arange.default, (count,), options)
    hits = graph.call_function(aten.eq.Tensor, (graph.call_function(aten.unsqueeze.default, (classes, -1)), numbers))
    return graph.call_function(aten.to.dtype, (hits, torch.int64))


def _emit_instance_norm(graph: Graph, event: Event, args: tuple[Any, ...]) -> Node:
    """``instance_norm`` that updates its statistics, which its schema does not tell: export leaves that out."""
    call: Callable[..., Node] = lambda f, *a: graph.call_function(f, a)  # noqa: E731
    x, weight, bias, *kept = args[:5]
    sizes = event.ins[0].sizes
    repeated = [call(aten.repeat.default, p, [sizes[0]]) if p is not None else None for p in (weight, bias, *kept)]
    rows = call(aten.reshape.default, x, [1, sizes[0] * sizes[1], *sizes[2:]])
    y = call(aten.batch_norm.default, rows, *repeated, True, *args[6:8], False)
    for statistics, updated in zip(kept, repeated[2:], strict=True):
        by_row = call(aten.view.default, updated, [sizes[0], sizes[1]])
        call(aten.copy_.default, statistics, call(aten.mean.dim, by_row, [0]))
    return call(aten.reshape.default, y, list(sizes))


def _functional(event: Event) -> Any:
    """Return the view operator for a call that changes metadata in place (``t_`` is ``t``)."""
    name, _, overload = str(event.func).removeprefix("aten.").partition(".")
    packet = getattr(aten, name.removesuffix("_"))
    names = packet.overloads()
    return getattr(packet, next(n for n in (overload, "default", "int", "dim", *names) if n in names))
