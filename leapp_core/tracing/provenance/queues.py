"""Lists and queues of tensors that are refilled when they are empty: the rows of a tensor, and how many are left.

A policy that predicts several actions at once keeps them in a list or a ``deque``, gives one per step and asks the
network again when none is left. Here ``queue.popleft()`` is a row of the last chunk, at an index that is the size of
the chunk less what is left. The user's own container is kept as Python would.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from typing import Any, Protocol

import torch

from leapp_core.tracing.provenance.values import KINDS, bare, is_tensor
from leapp_core.tracing.record.recorder import unrecorded

CONTAINERS = (list, deque)


class Engine(Protocol):
    """What a queue asks of the hooks."""

    @property
    def real(self) -> bool:
        """Whether Python does what is run now."""

    @property
    def deciding(self) -> bool:
        """Whether a way of a decision is run."""

    def number_of(self, owner: Any, name: str) -> Any:
        """Return the number in an attribute, with its origin."""

    def put(self, owner: Any, name: str, value: Any, *, constant: bool) -> None:
        """Assign an attribute so that it can be taken back."""

    def subtract(self, left: Any, right: Any) -> Any:
        """Return a difference."""

    def limited(self, value: Any, most: int) -> Any:
        """Return a number, not below zero and not above ``most``."""

    def row(self, rows: torch.Tensor, at: Any) -> torch.Tensor:
        """Return a copy of a row."""

    def took(self, row: torch.Tensor, entry: torch.Tensor) -> None:
        """Say which entry a row was taken for."""

    def give_up(self, number: Any, *, unsafe: bool) -> None:
        """Say that a queue is none that can be followed."""


class Rows:
    """What a queue is in the program; its two attributes have the queue's name in theirs."""


class Queue:
    """A list or ``deque`` as rewritten code uses it.

    Args:
        engine: The hooks.
        owner: Object, or dictionary, that holds the container.
        key: Its attribute, or key.
        name: What it is called.
    """

    def __init__(self, engine: Engine, owner: Any, key: Any, name: str) -> None:
        self._engine, self.owner, self._key = engine, owner, key
        self._rows, self._left = f"{name}_rows", f"{name}_left"
        self._state = Rows()
        self.dead = False
        self._set(None, len(self.container))

    @property
    def container(self) -> Any:
        """The user's own."""
        return self.owner[self._key] if type(self.owner) is dict else getattr(self.owner, self._key)

    @property
    def left(self) -> Any:
        """How many entries are left."""
        return self._engine.number_of(self._state, self._left)

    def __len__(self) -> int:
        self.show()
        return int(bare(self.left))

    def show(self) -> None:
        """Let code that is not known see the container: how many entries are left then decides unseen."""
        self._engine.give_up(self.left, unsafe=False)

    def look(self) -> None:
        """See whether the container is what it is known to be: code that is not followed may have changed it."""
        if self._engine.real and len(self.container) != getattr(self._state, self._left):
            self._set(None, len(self.container))

    def emptied(self) -> None:
        """Know that nothing is left: the way that is run is the one for that."""
        self._engine.put(self._state, self._left, 0, constant=True)

    def popleft(self) -> Any:
        """Take the first entry."""
        return self._pop(first=True)

    def pop(self, at: int = -1) -> Any:
        """Take the last entry, or the first; others are not followed."""
        if at not in (0, -1):
            self._die()
            return self.container.pop(at)
        return self._pop(first=at == 0)

    def append(self, value: Any) -> None:
        """Add an entry."""
        self.extend((value,))

    def extend(self, values: Iterable[Any]) -> None:
        """Add entries."""
        added = list(values)
        left = self.left
        if (type(left) in KINDS and left.roots) or not _alike(added):
            self._die()
        elif added:
            before = [getattr(self._state, self._rows)[-bare(left) :]] if bare(left) else []
            rows = torch.cat([*before, torch.stack(added)])
            most = getattr(self.container, "maxlen", None)
            self._take(rows if most is None else rows[-most:])
        if self._engine.real:
            self.container.extend(added)

    def clear(self) -> None:
        """Take all entries."""
        self._engine.put(self._state, self._left, 0, constant=True)
        if self._engine.real:
            self.container.clear()

    def given(self, container: Any) -> None:
        """The attribute was assigned another container. In every step, it is none that is refilled when it is empty."""
        if not self._engine.deciding or type(container) not in CONTAINERS or not _alike(container):
            self._die()
        elif container:
            self._take(torch.stack(list(container)))
        else:
            self.emptied()

    def _pop(self, *, first: bool) -> Any:
        rows = getattr(self._state, self._rows)
        real = self._engine.real
        if rows is None or (real and not len(self.container)):
            self._die()
            return self._taken(first)
        left, size = self.left, len(rows)
        at = self._engine.subtract(size, left) if first else self._engine.subtract(left, 1)
        at = self._engine.limited(at, size - 1)  # where nothing is left, nobody sees what is taken
        value = self._engine.row(rows, at)
        self._engine.put(self._state, self._left, self._engine.subtract(left, 1), constant=False)
        if not real:
            return value
        taken = self._taken(first)
        with unrecorded():
            same = torch.equal(taken, value)
        if not same:  # the entry was written after it was added
            self._engine.give_up(left, unsafe=True)
            return taken
        self._engine.took(value, taken)
        return value

    def _taken(self, first: bool) -> Any:
        """Take an entry from the container."""
        container = self.container
        if not first:
            return container.pop()
        return container.popleft() if type(container) is deque else container.pop(0)

    def _take(self, rows: torch.Tensor) -> None:
        self._engine.put(self._state, self._rows, rows, constant=False)
        self._engine.put(self._state, self._left, len(rows), constant=True)

    def _set(self, rows: torch.Tensor | None, left: int) -> None:
        setattr(self._state, self._rows, rows)
        setattr(self._state, self._left, left)

    def _die(self) -> None:
        self.dead = True
        self.show()


def _alike(entries: Iterable[Any]) -> bool:
    """Return whether entries are tensors that can lie in one."""
    kinds = {(type(e), e.shape, e.dtype, e.device) if is_tensor(e) else None for e in entries}
    return len(kinds) <= 1 and all(kind is not None and kind[0] is torch.Tensor for kind in kinds)
