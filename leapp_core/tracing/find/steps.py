"""Cut the record of a session into the steps of each node."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from leapp_core.tracing.record.events import Declaration


@dataclass(frozen=True)
class Step:
    """One step of one node: from its first input declaration to the next step's.

    Attributes:
        begin: Index of the first event of the step.
        end: Index after its last event.
        inputs: Input and declared-state ports by name, in order of declaration.
        outputs: Output and state-update ports by name, in order of declaration.
        static: Static outputs by name.
    """

    begin: int
    end: int
    inputs: dict[str, Declaration] = field(default_factory=dict)
    outputs: dict[str, Declaration] = field(default_factory=dict)
    static: dict[str, Declaration] = field(default_factory=dict)

    @property
    def out_index(self) -> int:
        """Index at which the last output was declared."""
        return max((d.index for d in self.outputs.values()), default=self.begin)


def cut_steps(declarations: Iterable[Declaration], events: int) -> dict[str, tuple[Step, ...]]:
    """Return the complete steps of each node, in order.

    Args:
        declarations: All declarations of the session, in order.
        events: Number of recorded events.
    """
    by_node: dict[str, list[Declaration]] = {}
    for declaration in declarations:
        by_node.setdefault(declaration.node, []).append(declaration)
    return {node: tuple(_node_steps(items, events)) for node, items in by_node.items()}


def by_step(noted: Iterable[tuple[int, int]], steps: Iterable[Step]) -> list[list[int]]:
    """Return numbers that were noted at some events, for each step those of its events."""
    listed = list(noted)
    return [[number for at, number in listed if step.begin <= at < step.end] for step in steps]


def _node_steps(items: list[Declaration], events: int) -> list[Step]:
    steps: list[Step] = []
    current: Step | None = None
    done = False
    for item in items:
        if item.role in ("input", "state"):
            if current is None or done or item.port in current.inputs:
                if current is not None and done:
                    steps.append(_ended(current, item.index))
                current, done = Step(item.index, events), False
            current.inputs[item.port] = item
        elif current is not None and item.role == "static":
            current.static[item.port] = item
        elif current is not None:
            current.outputs[item.port] = item
            done = done or item.role == "output"
    if current is not None and done:
        steps.append(current)
    return steps


def _ended(step: Step, end: int) -> Step:
    return Step(step.begin, end, step.inputs, step.outputs, step.static)
