"""Hooks at which rewritten code fills a list of its own: one that is made in a step and is gone when the step ends."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterable
from types import BuiltinFunctionType
from typing import Any

import torch

from leapp_core.tracing.provenance import arithmetic
from leapp_core.tracing.provenance.holders import CONTENTS
from leapp_core.tracing.provenance.operators import BINARY_CODES
from leapp_core.tracing.provenance.tables import TableHooks
from leapp_core.tracing.provenance.twins import CONTAINERS, DEEP
from leapp_core.tracing.provenance.values import KINDS, NUMBERS, NUMERIC, SEQUENCES, TracedBool, bare, is_mixed, settled
from leapp_core.tracing.record.recorder import TraceRecorder
from leapp_core.tracing.source.static import Kinds

_ADD = BINARY_CODES["Add"]
_METHODS = frozenset({"append", "extend", "insert", "pop", "reverse", "clear"})
_REDUCING = (sum, max, min, sorted)
_SUMMED = Kinds(*NUMERIC, *NUMBERS, TracedBool, bool)
_LARGEST = 64


class ListHooks(TableHooks):
    """Follows numbers into lists that functions make for themselves.

    Nobody else knows such a list, as long as it is not given away: numbers keep their origins in it.

    Args:
        recorder: The record.
    """

    def __init__(self, recorder: TraceRecorder) -> None:
        super().__init__(recorder)
        self._own: dict[int, list[Any]] = {}

    def hook_list(self, value: Any) -> Any:
        """Return a list that was just made."""
        if type(value) is list and self._active():
            self._own[id(value)] = value
        return value

    def _is_own(self, value: Any) -> bool:
        return type(value) is list and self._own.get(id(value)) is value

    def _give_away(self, value: Any, depth: int = DEEP) -> None:
        """Note that others may know a list from now on, and those in it."""
        if not self._own or type(value) not in CONTAINERS or not depth:
            return
        self._own.pop(id(value), None)
        for item in list(value.values()) if type(value) is dict else list(value):
            self._give_away(item, depth - 1)

    def _plain(self, value: Any, depth: int, part: str = "") -> Any:
        self._give_away(value)
        return super()._plain(value, depth, part)

    def _of_own(self, function: Any, args: tuple[Any, ...]) -> Any:
        """Call a method of a list that is a function's own; ``NotImplemented`` for other functions."""
        if type(function) is not BuiltinFunctionType or function.__name__ not in _METHODS:
            return NotImplemented
        own: Any = function.__self__
        if not self._is_own(own):
            return NotImplemented
        self._change(own)
        indices = {"insert": 1, "pop": 1}.get(function.__name__, 0)
        at = tuple(self._plain(a, DEEP, f"args.{i}") for i, a in enumerate(args[:indices]))
        return function(*at, *args[indices:])

    def _change(self, own: list[Any]) -> None:
        """Note that a list of a function's own is about to change."""
        if self._trying:
            self._trials.note_store(own, CONTENTS)

    def _reduced(self, function: Any, args: tuple[Any, ...]) -> Any:
        """Return the sum, the largest or smallest, or the order of numbers; ``NotImplemented`` for other calls."""
        if len(args) != 1 or type(args[0]) not in SEQUENCES or not any(function is one for one in _REDUCING):
            return NotImplemented
        values = args[0]
        if not KINDS.among(values) or len(values) > _LARGEST:
            return NotImplemented
        if function is not sum and not all(type(v) in NUMERIC or type(v) in NUMBERS for v in values):
            return NotImplemented
        if not all(type(v) in _SUMMED for v in values):
            return NotImplemented
        if function is sum:
            return self._summed(values)
        if function is sorted:
            return self._sorted(values)
        return self._of_numbers(function, tuple(values)) if len(values) > 1 else values[0]

    def _summed(self, values: Iterable[Any]) -> Any:
        """Return the sum of numbers, taken as Python takes it."""
        total: Any = 0
        for value in values:
            total = self.hook_binary(_ADD, total, value)
        return total

    @abstractmethod
    def hook_binary(self, code: int, left: Any, right: Any) -> Any:
        """Compute ``left`` operator ``right``."""

    def _sorted(self, values: Any) -> Any:
        """Return numbers of one type in their order."""
        kinds = {type(bare(v)) for v in values}
        if len(kinds) != 1 or is_mixed(*values) or kinds <= {bool}:
            return NotImplemented
        numbers = [settled(v) for v in values]
        like = next((v.twin for v in numbers if type(v) in KINDS), None)
        if like is None or any(v != v for v in map(bare, numbers)):
            return NotImplemented
        made = []
        for number, result in enumerate(sorted(map(bare, numbers))):
            made.append(self._explained(result, _ranked(number, like), tuple(numbers), double=None))
        return self.hook_list(made)

    def _end_of_step(self) -> None:
        """Forget the lists of functions that have returned."""
        for own in self._own.values():
            own[:] = map(bare, own)
        self._own.clear()


def _ranked(rank: int, like: torch.Tensor) -> Callable[..., torch.Tensor]:
    def ranked(*numbers: Any) -> torch.Tensor:
        rows = torch.stack([arithmetic.tensor(n, like) for n in numbers])
        return torch.sort(rows).values.select(0, rank)

    return ranked
