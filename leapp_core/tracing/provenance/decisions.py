"""Hooks at which the user's code decides: both ways are run where that can be taken back."""

from __future__ import annotations

import enum
import sys
import threading
from abc import abstractmethod
from collections import deque
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np
import torch

from leapp_core.tracing.provenance.arrays import is_array
from leapp_core.tracing.provenance.branches import Trials, Way, both_ways, locals_of, whole_of
from leapp_core.tracing.provenance.codes import is_one_of
from leapp_core.tracing.provenance.given import is_compiled
from leapp_core.tracing.provenance.held import HeldNumbers
from leapp_core.tracing.provenance.merge import Merger
from leapp_core.tracing.provenance.purity import Purity
from leapp_core.tracing.provenance.queues import Queue
from leapp_core.tracing.provenance.twins import Twins, fits
from leapp_core.tracing.provenance.values import (
    KINDS,
    MODES,
    NUMERIC,
    Traced,
    TracedBool,
    bare,
    is_constant,
    is_followed,
    is_tensor,
    known_by,
    settled,
)
from leapp_core.tracing.record.numbers import MOST_TURNS
from leapp_core.tracing.record.opplan import INDEXING, OpPlan, draws_random, hidden_writes
from leapp_core.tracing.record.recorder import TraceRecorder, tensors_of
from leapp_core.tracing.source.static import Kinds, is_a

_OPERANDS = (
    int, float, complex, str, bytes, tuple, list, dict, set, frozenset, range, slice, type(None), type, enum.Enum,
    deque, enumerate, zip, reversed, np.ndarray, np.generic, torch.Tensor, torch.nn.Module, torch.dtype, torch.device,
    Traced,
)  # fmt: skip
"""Types whose operators do nothing but compute."""
_AGAIN = Kinds(
    int, list, tuple, range, str, dict, set, frozenset, torch.Tensor, np.ndarray,
    type({}.items()), type({}.keys()), type({}.values()),
)  # fmt: skip
"""Types of what a loop goes over by an iterator of its own."""
_NEVER_NONE = Kinds(*NUMERIC, TracedBool, *MODES)


class Decisions(Twins):
    """Runs decisions, and looks at what their ways do.

    Args:
        recorder: The record.
    """

    def __init__(self, recorder: TraceRecorder) -> None:
        super().__init__(recorder)
        self._held = HeldNumbers(self._new_place, self._leave)
        self._merger = Merger(recorder, self)
        self._trials = Trials(
            self._held,
            self._merger,
            self._leave,
            lambda: recorder.position,
            self._read,
            self._assign,
            self._is_queue,
            self._keeps,
        )
        self._purity = Purity(is_compiled, self._is_followed)

    @abstractmethod
    def hook_plain(self, value: Any) -> Any:
        """Return a value without origins."""

    @abstractmethod
    def _read(self, owner: Any, name: str) -> Any:
        """Return an attribute's value, if it is a number with its origin."""

    @abstractmethod
    def _assign(self, owner: Any, name: str, value: Any) -> None:
        """Assign an attribute what was chosen."""

    @abstractmethod
    def _is_queue(self, owner: Any, name: str) -> bool:
        """Return whether an attribute is a queue that is followed."""

    @abstractmethod
    def _keeps(self, container: Any) -> bool:
        """Return whether the numbers in a container are followed."""

    @abstractmethod
    def _is_followed(self, function: Any) -> bool:
        """Return whether a function is rewritten."""

    def hook_looped(self, value: Any) -> Any:
        """Return what a loop goes over."""
        self._look_at(value)
        return value

    def hook_branches(self, test: Any, names: tuple[str, ...]) -> Iterator[Way]:
        """Yield the ways of an ``if`` that are to be run."""
        self._look_at(test)
        condition = self.hook_truth(test)
        if type(condition) is TracedBool and self._active() and not self._trials.deep:
            frame = sys._getframe(1)
            return both_ways(self._trials, condition, lambda: locals_of(frame, names))
        return iter((Way(bool(self.hook_plain(condition))),))

    def hook_over(self, ended: Any, goes_over: tuple[Any, ...] = ()) -> bool:
        """Return whether a loop has ended, whatever a tensor says: unless nobody can tell whether it goes on."""
        if type(ended) is not TracedBool or ended.constant:
            return bool(bare(ended))
        if _is_untouched(goes_over):
            return False
        self._leave(ended)
        return bool(ended.plain)

    def hook_turns(self, test: Any, turns: list[int]) -> bool:
        """Return whether a ``while`` loop has ended: if a tensor decides, a fixed number of turns is run."""
        condition = self.hook_truth(test)
        if type(condition) is not TracedBool or not self._active() or self._trials.deep:
            return not self.hook_plain(condition)
        turns.append(len(turns))
        if len(turns) <= MOST_TURNS:
            return False
        if condition.plain:
            self._leave(condition)
            return False
        frame = sys._getframe(1)
        self._log.bounded.append((frame.f_code.co_filename, frame.f_lineno, condition.roots))
        return True

    def hook_truth(self, value: Any) -> Any:
        """Return the truth of a value, with its origin."""
        if type(value) is Queue:
            value = value.left
        if is_constant(value):
            return bool(value.plain)
        if is_array(value) and self._active():
            return self._of_array(bool, value)
        kind = type(value)
        if kind is TracedBool or not (kind in NUMERIC or is_tensor(value)) or not self._active():
            return value
        if kind in NUMERIC:
            return self._explained(value.plain != 0, lambda a: torch.ne(a, 0), (value,), True, double=False)
        if value.numel() != 1 or value.is_complex():
            return value
        return self._asked_for(bool, value, value)

    def _of_array(self, function: Any, array: Any) -> Any:
        """Return the truth value, or the number, of a scalar or an array of one element."""
        tensor = array._numpy.tensor_of(array) if array.size == 1 and self._active() else None
        return function(array) if tensor is None or tensor.is_complex() else self._asked_for(function, array, tensor)

    def _asked_for(self, function: Any, value: Any, source: torch.Tensor) -> Any:
        """Return the truth value, or the number, that a function takes of a tensor or of an array over it."""
        before = self._recorder.position
        result = function(value)
        if not is_followed(result) or not fits(result):
            return result
        self._recorder.settle()
        asked = [e for e in self._recorder.events[before:] if e.plan.escape in ("bool", "scalar")]
        return self._valued(asked[-1], source, result) if asked else result

    def hook_not(self, value: Any) -> Any:
        """Return ``not value``."""
        truth = self.hook_truth(value)
        if type(truth) is not TracedBool:
            return not self.hook_plain(truth)
        made = self._explained(not truth.plain, torch.logical_not, (truth,), double=False)
        if type(made) is TracedBool:
            made.implies = known_by(truth, False), known_by(truth, True)
        return made

    def _end_of_record(self) -> None:
        """Give the user's objects back what they hold to Python."""
        self._log.unsafe |= self._merger.changed()
        self._trials.put_back()

    def hook_is(self, negated: bool, left: Any, right: Any) -> Any:
        """Return ``left is right``; of chosen tensors, whether Python's are the same."""
        if is_tensor(left) and is_tensor(right):
            left, right = self._real(left), self._real(right)
        left, right = settled(left), settled(right)
        if (left is None and type(right) in _NEVER_NONE) or (right is None and type(left) in _NEVER_NONE):
            return negated
        member = self._is_member(left, right)
        if member is not None:
            return self.hook_not(member) if negated else member
        return (self.hook_plain(left) is self.hook_plain(right)) != negated

    def _is_member(self, left: Any, right: Any) -> Any:
        """Return whether a mode is a certain member of an enumeration; ``None`` if that is not what is asked."""
        one, other = (left, right) if type(left) in MODES else (right, left)
        if type(one) not in MODES or type(other) in KINDS or not (other is None or is_a(other, enum.Enum)):
            return None
        codes = [self._modes.of(other)] if type(other) is type(one.plain) else []
        return self._explained(one.plain is other, partial(is_one_of, codes=codes), (one,), double=False)

    def _real(self, value: Any) -> Any:
        for choice in self._merger.choices(value):
            self._leave(choice.condition)
            value = choice.real
        return value

    def _before_write(self, plan: OpPlan, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Callable[[], None] | None:
        """Look at a call that is about to write into memory or to draw random numbers; return what to do after it."""
        if not (self._trials.running or self._merger.watches):
            return None
        recorder, direct = self._recorder, self._written(plan, args, kwargs)
        numbers = self._merger.reach(direct)
        if self._trials.running:
            begin = self._trials.running[-1].begin
            records = [recorder.storages[n] for n in numbers]
            beyond = plan.name in INDEXING  # the bundle reads there whichever way is taken
            if beyond or draws_random(plan, args, kwargs):
                self._trials.forbid()
            elif any(max(r.birth, r.literal) < begin for r in records):
                declared = recorder.declarations  # what was there before the first step began as it was made
                first = declared[0].index if declared else recorder.position
                if all(max(r.birth, r.literal) < first for r in records):
                    self._note_memory(plan, args, kwargs, numbers)
                else:
                    self._trials.forbid()  # it is not known what it began with
        return (lambda: self._merger.write_through(direct)) if not numbers.issubset(direct) else None

    def _note_memory(self, plan: OpPlan, args: tuple[Any, ...], kwargs: dict[str, Any], numbers: set[int]) -> None:
        """Note what memory holds before a way writes to it, so that it can be put back."""
        given = [args[i] for i in plan.write_args if i < len(args)]
        wholes = [whole_of(tensor) for tensor in given]
        plainly = len(given) == 1 and not plan.write_kwargs and not hidden_writes(plan, args) and not plan.metadata_only
        if not plainly or wholes[0] is None or numbers != {self._recorder.info_of(given[0]).storage}:
            self._trials.forbid()
        else:
            self._trials.note_memory(min(numbers), wholes[0])

    def _written(self, plan: OpPlan, args: tuple[Any, ...], kwargs: dict[str, Any]) -> list[int]:
        """Return the storages that a call is about to write."""
        written = [args[i] for i in plan.write_args if i < len(args)] + [kwargs.get(k) for k in plan.write_kwargs]
        written += [args[i] for i in hidden_writes(plan, args)] + ([args[0]] if plan.metadata_only else [])
        return [self._recorder.info_of(t).storage for t in tensors_of(tuple(written))]

    @property
    def _trying(self) -> bool:
        """Whether a way of a decision is run in this thread."""
        return bool(self._trials.running) and threading.get_ident() == self._thread

    def _look_at(self, *operands: Any) -> None:
        """Look at what is computed with: what operators of the user's classes do is not seen by hooks."""
        if self._trying and not all(is_a(operand, *_OPERANDS) for operand in operands):
            self._trials.forbid()


def _is_untouched(iterables: tuple[Any, ...]) -> bool:
    """Return whether nobody can see that a loop over some iterables goes on: they are no iterators."""
    return all(type(one) in _AGAIN for one in iterables)
