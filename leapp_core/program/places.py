"""Which line of the user's code each node of a graph comes from, so that a backend's refusal can name it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from torch.fx import Graph

from leapp_core.errors import CaptureError
from leapp_core.tracing.record.events import Event
from leapp_core.tracing.source.callsite import CallSites

KEY = "stack_trace"
"""Entry of ``node.meta`` that PyTorch carries through export and decomposition. No backend writes it to a file."""


class Places:
    """Marks nodes while a graph is built.

    Args:
        graph: The graph under construction; nodes are only ever added behind the last one.
        sites: Call sites of the session.
    """

    def __init__(self, graph: Graph, sites: CallSites) -> None:
        self._graph = graph
        self._sites = sites
        self._texts: dict[tuple[int, int], str] = {}

    @contextmanager
    def of(self, event: Event) -> Iterator[None]:
        """Mark the nodes made meanwhile, and errors, with the line of a call, unless they are marked already."""
        last = next(iter(reversed(self._graph.nodes)), None)
        try:
            yield
        except CaptureError as error:
            error.where = error.where or self._sites.describe(event.stack, event.line)
            raise
        text = self._text(event)
        for node in reversed(self._graph.nodes):
            if node is last:
                break
            node.meta.setdefault(KEY, text)

    def _text(self, event: Event) -> str:
        key = (event.stack, event.line)
        if key not in self._texts:
            file, line = self._sites.user_frame(*key)
            self._texts[key] = f'File "{file}", line {line}'
        return self._texts[key]
