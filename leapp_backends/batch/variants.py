"""How a call that was recorded for one row can be written for any number of rows.

Arguments are those of the recorded call, with stand-ins: :class:`Rows` for a size that grows with the batch and
:class:`Expanded` for a tensor that all rows share and that has to be given once per row.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from leapp_backends.batch.marks import batch_axis, tensors, view_targets

if TYPE_CHECKING:
    from torch.fx import Node

Args = tuple[tuple[Any, ...], dict[str, Any]]
ValueOf = Callable[["Node"], Any]
Variant = tuple[Args, "int | None"]
"""Arguments, and how many entries of the result's batch axis are in front of the batch if that is known."""

_VIEWS = frozenset({"view", "reshape", "_unsafe_view", "view_copy"})
_EXPANDS = frozenset({"expand", "broadcast_to", "expand_copy"})
_RECURRENT = frozenset({"gru", "lstm", "rnn_tanh", "rnn_relu"})
_TO_THE_END = 2**63 - 1


@dataclass(frozen=True)
class Rows:
    """A size of ``times * batch``."""

    times: int


@dataclass(frozen=True)
class Expanded:
    """A tensor repeated along ``axis``, where its size is 1."""

    node: Node
    axis: int


@dataclass(frozen=True)
class Values:
    """What is known of the nodes of the new graph.

    Attributes:
        wide: Value with the probe as batch size.
        small: Value for one row.
        inside: How many entries of its batch axis are in front of the batch.
    """

    wide: ValueOf
    small: ValueOf
    inside: Callable[[Node], int]


def variants(node: Node, args: Args, one_row: Any, values: Values) -> Iterator[Variant]:
    """Yield ways to write a call, the most direct first; those of a view are alternatives that may all fit.

    Args:
        node: The recorded call.
        args: Its arguments with the nodes of the new graph.
        one_row: Its result for one row.
        values: What is known of the new nodes.
    """
    name = str(node.target).split(".")[1] if "." in str(node.target) else ""
    if name in _VIEWS:
        yield from _reshaped(args, one_row, values)
    others: list[Iterator[Args]] = [iter([args])]
    if name == "index_put":
        others.insert(0, _with_unsqueezed_values(args, values))
    if name in _EXPANDS:
        others.insert(0, _expanded_to(args, values.wide))
    elif name in _RECURRENT:
        others.insert(0, _with_initial_state(args, values))
    elif name == "slice":
        others.append(_whole_slice(args, values.wide))
    others.append(_with_expanded(args, values.wide))
    yield from ((variant, None) for variant in itertools.chain(*others))


def is_view(node: Node) -> bool:
    """Return whether a call reshapes, for which several variants may fit."""
    return str(node.target).split(".")[1:2] != [] and str(node.target).split(".")[1] in _VIEWS


def _reshaped(args: Args, one_row: Any, values: Values) -> Iterator[Variant]:
    (source, *_), kwargs = args
    axis = batch_axis(values.wide(source))
    if axis is None:
        return
    after = list(one_row.shape)
    for at, inside in view_targets(values.small(source).shape, axis, values.inside(source), after):
        yield ((source, [*after[:at], Rows(after[at]), *after[at + 1 :]]), kwargs), inside


def _expanded_to(args: Args, value_of: ValueOf) -> Iterator[Args]:
    (source, size, *rest), kwargs = args
    value = value_of(source)
    axis = batch_axis(value)
    if axis is not None:
        at = axis + len(size) - value.dim()
        yield (source, [*size[:at], -1, *size[at + 1 :]], *rest), kwargs


def _with_initial_state(args: Args, values: Values) -> Iterator[Args]:
    """Recurrent layers do not broadcast their initial state, whose batch axis is 1 whatever the input's is.

    One row of one moment is the same with time first and with rows first, so either may be meant.
    """
    (source, state, *rest), kwargs = args
    if batch_axis(values.wide(source)) is None:
        return
    several = isinstance(state, (list, tuple))
    given = [
        item if batch_axis(values.wide(item)) is not None else Expanded(item, 1)
        for item in (state if several else [state])
    ]
    initial = given if several else given[0]
    yield (source, initial, *rest), kwargs
    if tuple(values.small(source).shape[:2]) == (1, 1) and isinstance(rest[-1], bool):
        yield (source, initial, *rest[:-1], not rest[-1]), kwargs


def loops_over_rows(node: Node, args: Args, value_of: ValueOf) -> str | None:
    """Return why a call makes no sense with many rows if it would take them one by one, before it does so."""
    name, _, overload = str(node.target).removeprefix("aten.").partition(".")
    source: Any = next(iter(args[0]), None)
    value: Any = value_of(source) if _hashable_node(source) else None
    axis = batch_axis(value) if _is_tensor(value) else None
    if axis is None:
        return None
    if name in _RECURRENT and overload == "input" and axis == int(args[0][-1]):
        return "the batch axis is where it expects time"
    along = {"unbind": 1, "split": 2, "unsafe_split": 2}.get(name)
    if along is None:
        return None
    dim = args[0][along] if len(args[0]) > along else args[1].get("dim", 0)
    return "it takes the rows apart" if dim % value.dim() == axis else None


def _with_unsqueezed_values(args: Args, values: Values) -> Iterator[Args]:
    """Give values with their leading axes of size 1, which ``x[:, i] = v`` drops before it writes."""
    (target, indices, written, *rest), kwargs = args
    if is_view(written) and written.args:
        source = written.args[0]
        before, after = values.small(source).shape, values.small(written).shape
        if batch_axis(values.wide(source)) is not None and tuple(before[len(before) - len(after) :]) == tuple(after):
            base: Any = target if batch_axis(values.wide(target)) is not None else Expanded(target, 0)
            yield (base, indices, source, *rest), kwargs


def _whole_slice(args: Args, value_of: ValueOf) -> Iterator[Args]:
    given: list[Any] = [*args[0], *(None, 0, None, None, 1)[len(args[0]) :]]
    source, dim, start, end, step = given
    if (start or 0) == 0 and (end is None or end >= 1) and batch_axis(value_of(source)) == dim % value_of(source).dim():
        yield (source, dim, 0, _TO_THE_END, step), args[1]


def _with_expanded(args: Args, value_of: ValueOf) -> Iterator[Args]:
    """Repeat tensors that all rows share, for calls that do not broadcast: ``cat``, ``bmm``, ``slice_scatter``."""
    nodes = list(dict.fromkeys(nodes_in(args)))
    values = {node: value_of(node) for node in nodes}
    single = {node: value for node, value in values.items() if len(list(tensors(value))) == 1}
    axes = dict.fromkeys(axis for value in single.values() if (axis := batch_axis(value)) is not None)
    for axis in (*axes, *(at for at in range(3) if at not in axes)):
        shared = [
            node
            for node, value in single.items()
            if batch_axis(value) is None and value.dim() > axis and value.shape[axis] == 1
        ]
        # All of them is what cat needs; one of them what a write into a shared base needs.
        for chosen in itertools.chain((shared,), ([node] for node in shared if len(shared) > 1)):
            if chosen:
                yield _replace(args, {node: Expanded(node, axis) for node in chosen})


def nodes_in(value: Any) -> Iterator[Node]:
    """Yield the nodes among arguments."""
    from torch.fx import Node as FxNode

    if isinstance(value, FxNode):
        yield value
    elif isinstance(value, dict):
        yield from nodes_in(list(value.values()))
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from nodes_in(item)


def _replace(args: Args, table: dict[Node, Expanded]) -> Args:
    def swap(value: Any) -> Any:
        if isinstance(value, (list, tuple)):
            return [swap(item) for item in value]
        return table.get(value, value) if _hashable_node(value) else value

    return tuple(swap(item) for item in args[0]), {key: swap(item) for key, item in args[1].items()}


def _is_tensor(value: Any) -> bool:
    import torch

    return isinstance(value, torch.Tensor)


def _hashable_node(value: Any) -> bool:
    from torch.fx import Node as FxNode

    return isinstance(value, FxNode)


def resolve(value: Any, on_node: Callable[[Node], Any], on_rows: Callable[[Rows], Any], on_expanded: Any) -> Any:
    """Return arguments with nodes and stand-ins replaced."""
    from torch.fx import Node as FxNode

    if isinstance(value, FxNode):
        return on_node(value)
    if isinstance(value, Rows):
        return on_rows(value)
    if isinstance(value, Expanded):
        return on_expanded(value)
    if isinstance(value, (list, tuple)):
        items: Sequence[Any] = [resolve(item, on_node, on_rows, on_expanded) for item in value]
        return tuple(items) if isinstance(value, tuple) else items
    if isinstance(value, dict):
        return {key: resolve(item, on_node, on_rows, on_expanded) for key, item in value.items()}
    return value
