"""Hooks at which rewritten code uses queues."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from typing import Any

import torch

from leapp_core.tracing.provenance.given import GivenNumbers
from leapp_core.tracing.provenance.list_hooks import ListHooks
from leapp_core.tracing.provenance.operators import BINARY_CODES
from leapp_core.tracing.provenance.queues import CONTAINERS, Queue
from leapp_core.tracing.provenance.values import KINDS
from leapp_core.tracing.record.opplan import OpPlan
from leapp_core.tracing.record.recorder import TraceRecorder

_SUBTRACT = BINARY_CODES["Sub"]


class QueueHooks(ListHooks):
    """Follows lists and queues of tensors.

    Args:
        recorder: The record.
    """

    def __init__(self, recorder: TraceRecorder) -> None:
        super().__init__(recorder)
        self._given = GivenNumbers(recorder, self._leave)
        self._queues: dict[tuple[int, Any], Queue] = {}
        self._containers: dict[int, tuple[Any, Queue]] = {}
        self._taken: dict[int, tuple[torch.Tensor, torch.Tensor]] = {}

    @abstractmethod
    def hook_store(self, value: Any, owner: Any, where: tuple[str, bool]) -> None:
        """Assign an attribute."""

    @abstractmethod
    def _number_in(self, holder: Any, name: str, value: Any) -> Any:
        """Return the number of an attribute with its origin."""

    @abstractmethod
    def _store(self, owner: Any, name: str, value: Any, *, constant: bool) -> None:
        """Assign an attribute."""

    # -- hooks -----------------------------------------------------------------------------------------------------

    def hook_queue(self, owner: Any, where: tuple[str, str]) -> Any:
        """Read an attribute that is a queue by its source."""
        return self._queue(owner, where[0], getattr(owner, where[0]), where)

    def hook_queue_item(self, owner: Any, key: Any, where: tuple[str, str]) -> Any:
        """Read an entry of a dictionary of queues."""
        return self._queue(owner, key, owner[key], where) if type(owner) is dict else owner[key]

    def hook_queue_store(self, value: Any, owner: Any, where: tuple[str, bool]) -> None:
        """Assign an attribute that is a queue by its source."""
        queue = self._queues.get((id(owner), where[0]))
        self.hook_store(value, owner, where)
        if queue is not None and not queue.dead and self._active():
            queue.given(value)
            self._containers[id(value)] = value, queue

    def hook_emptied(self, queue: Any) -> None:
        """Know that a queue is empty on the way that is run."""
        if type(queue) is Queue:
            queue.emptied()

    def _queue(self, owner: Any, key: Any, container: Any, where: tuple[str, str]) -> Any:
        if type(container) not in CONTAINERS or not self._active():
            return container
        place = id(owner), key
        queue = self._queues.get(place)
        if queue is None or queue.owner is not owner:
            queue = self._queues[place] = Queue(self, owner, key, where[0].strip("_"))
        if queue.dead:
            return container
        queue.look()
        self._containers[id(container)] = container, queue
        self._log.reads.setdefault(where[1], set()).update(queue.left.roots)
        return queue

    def _is_queue(self, owner: Any, name: str) -> bool:
        queue = self._queues.get((id(owner), name))
        return queue is not None and not queue.dead

    def _show(self, *values: Any) -> None:
        """Let code that is not known see the queues among some values."""
        for value in values:
            if type(value) in CONTAINERS and id(value) in self._containers:
                self._containers[id(value)][1].show()

    def _look_at(self, *operands: Any) -> None:
        if self._containers:
            self._show(*operands)
        super()._look_at(*operands)

    def _before_write(self, plan: OpPlan, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Callable[[], None] | None:
        after = super()._before_write(plan, args, kwargs)
        written = self._written(plan, args, kwargs) if self._taken else ()
        pairs = [self._taken[number] for number in written if number in self._taken]
        if not pairs:
            return after
        self._log.unsafe = True  # the entry may be known elsewhere, as part of its chunk

        def then() -> None:
            if after is not None:
                after()
            with torch._C.DisableTorchFunction(), torch.no_grad():
                for row, entry in pairs:
                    entry.copy_(row)

        return then

    # -- what queues ask -------------------------------------------------------------------------------------------

    @property
    def real(self) -> bool:
        """Whether Python does what is run now."""
        return all(trial.real for trial in self._trials.running)

    @property
    def deciding(self) -> bool:
        """Whether a way of a decision is run."""
        return self._trying

    def number_of(self, owner: Any, name: str) -> Any:
        """Return the number in an attribute, with its origin."""
        return self._number_in(owner, name, getattr(owner, name))

    def put(self, owner: Any, name: str, value: Any, *, constant: bool) -> None:
        """Assign an attribute so that it can be taken back."""
        if self._trying:
            self._trials.note_store(owner, name)
        self._store(owner, name, value, constant=constant)

    def subtract(self, left: Any, right: Any) -> Any:
        """Return a difference."""
        return self.hook_binary(_SUBTRACT, left, right)

    def limited(self, value: Any, most: int) -> Any:
        """Return a number, not below zero and not above ``most``."""
        return self._of_numbers(min, (self._of_numbers(max, (value, 0)), most))

    def row(self, rows: torch.Tensor, at: Any) -> torch.Tensor:
        """Return a copy of a row."""
        return self._given.get_item(rows, at, self._active()).clone()  # type: ignore[no-any-return]

    def took(self, row: torch.Tensor, entry: torch.Tensor) -> None:
        """Say which entry a row was taken for."""
        self._taken[self._recorder.info_of(row).storage] = row, entry

    def give_up(self, number: Any, *, unsafe: bool) -> None:
        """Say that a queue is none that can be followed."""
        if self._trying:
            self._trials.forbid()
        if type(number) in KINDS:
            self._leave(number)
        self._log.unsafe |= unsafe
