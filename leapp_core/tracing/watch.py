"""Later steps of a session, of which only inputs and outputs are kept: what a program is held against."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import torch

from leapp_core.tracing.record.memory import MemoryRecord
from leapp_core.tracing.record.storage import read_bytes

ENOUGH_STEPS = 50
"""Later steps that settle what the source of a program does not tell."""
MAX_BYTES = 256 << 20
MAX_STEPS = 20_000
_MAX_SEQUENCES = 64

Port = tuple[str, str]
"""Role and name of a declared port."""


@dataclass
class WatchedStep:
    """One later step of one node.

    Attributes:
        values: What was declared, by role and name; copies, on the device they were on.
        calls: Number of the sequence of calls that led to the next step; -1 if too many different ones were seen.
        reset: The session was told that state began anew before this step.
        shaken: Inputs are not those that came.
    """

    values: dict[Port, torch.Tensor] = field(default_factory=dict)
    calls: int = -1
    reset: bool = False
    shaken: bool = False

    @property
    def complete(self) -> bool:
        """Whether outputs were declared."""
        return any(role == "output" for role, _ in self.values)


class Watch:
    """Keeps the declared values of steps that are not recorded, within bounds.

    Attributes:
        steps: By node, in order.
        dropped: Steps that were not kept, by node, once :data:`MAX_BYTES` or :data:`MAX_STEPS` was reached.
        calls: ``id`` of the ATen overloads called since the last step began.
        sequences: The different sequences of calls that steps made, in order of their first appearance.
        changed: What memory that came from outside held when the session ended, by number of the storage, where it was
            not what the last recorded step had read.
    """

    def __init__(self) -> None:
        self.steps: dict[str, list[WatchedStep]] = {}
        self.dropped: dict[str, int] = {}
        self.calls: list[int] = []
        self.sequences: dict[tuple[int, ...], int] = {}
        self.changed: dict[int, bytes] = {}
        self.ended: str | None = None
        self._bytes = 0
        self._full = False
        self._reset = False
        self._last: WatchedStep | None = None

    @property
    def length(self) -> int:
        """Later steps that every node completed."""
        counts = [len(steps) - (not steps[-1].complete) for steps in self.steps.values()]
        return min(counts, default=0)

    def shaken(self, number: int) -> bool:
        """Return whether any node's inputs were shaken in a later step."""
        return any(steps[number].shaken for steps in self.steps.values())

    def reset(self) -> None:
        """Note that state begins anew with the next step."""
        self._reset = True

    def begin(self, node: str, *, shaken: bool = False) -> None:
        """Begin a step of a node."""
        self._end_calls()
        steps = self.steps.setdefault(node, [])
        self._full = self._full or len(steps) >= MAX_STEPS
        if self._full:
            self.dropped[node] = self.dropped.get(node, 0) + 1
            return
        steps.append(WatchedStep(reset=self._reset, shaken=shaken))
        self._last = steps[-1]
        self._reset = False

    def add(self, node: str, role: str, ports: Iterable[tuple[str, torch.Tensor]]) -> None:
        """Keep what was declared in the node's step."""
        steps = self.steps.get(node)
        if self._full or not steps:
            return
        values = steps[-1].values
        with torch._C._DisableTorchDispatch(), torch._C.DisableTorchFunction():
            for name, tensor in ports:
                value = tensor.clone()
                values[role, name] = value
                self._bytes += value.nbytes
        self._full = self._bytes > MAX_BYTES

    def end(self, record: MemoryRecord) -> None:
        """Look at memory that came from outside once more: the session ends."""
        self._end_calls()
        if not self.steps:
            return
        for storage in record.storages:
            if storage.birth < 0 and storage.snapshots:
                data = read_bytes(storage.storage)
                if data != storage.snapshots[-1][1]:
                    self.changed[storage.number] = data

    def _end_calls(self) -> None:
        if self._last is not None and not self._full:
            key = tuple(self.calls)
            number = self.sequences.get(key)
            if number is None and len(self.sequences) < _MAX_SEQUENCES:
                number = self.sequences[key] = len(self.sequences)
            self._last.calls = -1 if number is None else number
        self.calls.clear()
