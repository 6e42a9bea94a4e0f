"""Values kept by reference from step to step: who makes them, and where each step's value lies."""

from __future__ import annotations

from typing import NamedTuple

from leapp_core.tracing.find.align import Alignment
from leapp_core.tracing.find.steps import Step
from leapp_core.tracing.record.events import Event, TensorInfo


class Chain(NamedTuple):
    """What makes a kept value anew in every step.

    Attributes:
        producer: Event of the reference step that makes it; -1 for a declared input that is kept.
        output: Position among that event's results.
        port: The declared input.
    """

    producer: int
    output: int = 0
    port: str = ""


class ChainTable:
    """Looks chains up over the steps of a node.

    Args:
        events: All events.
        steps: Steps of the node.
        alignment: Their alignment.
        reference: Index of the reference step.
    """

    def __init__(self, events: list[Event], steps: tuple[Step, ...], alignment: Alignment, reference: int) -> None:
        self._events = events
        self._steps = steps
        self._alignment = alignment
        self._reference = reference

    def made_in(self, chain: Chain, step: int) -> TensorInfo | None:
        """Return where the value that a step made lies, or ``None`` if that step made none."""
        if not 0 <= step < len(self._steps):
            return None
        if chain.producer < 0:
            declaration = self._steps[step].inputs.get(chain.port)
            return declaration.info if declaration else None
        at = self._alignment.between(self._reference, step).get(chain.producer)
        if at is None or chain.output >= len(self._events[at].outs):
            return None
        return self._events[at].outs[chain.output]

    def successor(self, chain: Chain) -> TensorInfo:
        """Return where the reference step's value lies: what the next step will read as one step old."""
        made = self.made_in(chain, self._reference)
        if made is None:
            raise AssertionError("a chain is made of calls or inputs of the reference step")
        return made
