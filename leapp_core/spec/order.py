"""The order nodes run in, from their edges alone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from leapp_core.errors import BundleError
from leapp_core.spec.pipeline import Edge


def execution_order(node_names: Sequence[str], data_flow: Iterable[Edge]) -> tuple[str, ...]:
    """Return the nodes so that every edge points forward; nodes free to go either way keep the given order.

    Args:
        node_names: Every node.
        data_flow: Edges within one control step; edges of unknown nodes are ignored.

    Raises:
        BundleError: the edges form a cycle, which is named.
    """
    order, cycle = _resolve(node_names, data_flow)
    if cycle:
        raise BundleError(
            f"nodes feed each other in a cycle within one step: {' -> '.join(cycle)}",
            fix="make one of these edges feedback, so that it carries the value of the previous step",
            code="B004",
        )
    return order


def find_cycle(node_names: Sequence[str], data_flow: Iterable[Edge]) -> tuple[str, ...] | None:
    """Return nodes that feed each other within one step, first node repeated at the end, or ``None``."""
    return _resolve(node_names, data_flow)[1]


def _resolve(node_names: Sequence[str], data_flow: Iterable[Edge]) -> tuple[tuple[str, ...], tuple[str, ...] | None]:
    waiting: dict[str, set[str]] = {name: set() for name in node_names}
    for edge in data_flow:
        if edge.source.node in waiting and edge.target.node in waiting:
            waiting[edge.target.node].add(edge.source.node)
    order: list[str] = []
    while waiting:
        ready = next((name for name in waiting if not waiting[name]), None)
        if ready is None:
            return tuple(order), _cycle(waiting)
        order.append(ready)
        del waiting[ready]
        for sources in waiting.values():
            sources.discard(ready)
    return tuple(order), None


def _cycle(waiting: dict[str, set[str]]) -> tuple[str, ...]:
    """Walk backward along unmet edges, which all stay inside ``waiting``, until a node comes again."""
    path = [next(iter(waiting))]
    while True:
        source = min(waiting[path[-1]])
        if source in path:
            return (source, *reversed(path[path.index(source) :]))
        path.append(source)
