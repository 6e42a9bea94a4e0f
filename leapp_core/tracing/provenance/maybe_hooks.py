"""What is ``None`` in some steps and a tensor or number in others: a goal that an event sets, a state that is dropped.

Where ways of a decision leave ``None`` and something else in an attribute, a truth value says which it is, and the
something is kept whether it is there or not. ``self.goal is None`` asks the truth value; in the ways of that question
it is known, and what is read there is one or the other.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import torch

from leapp_core.tracing.provenance.branches import both_results
from leapp_core.tracing.provenance.held import NOTHING_KNOWN, Held, Known, is_same
from leapp_core.tracing.provenance.holders import MISSING
from leapp_core.tracing.provenance.queue_hooks import QueueHooks
from leapp_core.tracing.provenance.twins import dtype_of
from leapp_core.tracing.provenance.values import (
    KINDS,
    NUMERIC,
    TracedBool,
    TracedMaybe,
    is_followed,
    known_by,
    maybe_of,
    traced,
)
from leapp_core.tracing.record.numbers import Place
from leapp_core.tracing.record.recorder import TraceRecorder


class MaybeHooks(QueueHooks):
    """Follows attributes that may be ``None``.

    Args:
        recorder: The record.
    """

    def __init__(self, recorder: TraceRecorder) -> None:
        super().__init__(recorder)
        self._of_values: dict[Place, Place] = {}

    def _resolved(self, value: Any) -> Any:
        """Return what a value is that may be ``None``, if the ways that are being run tell."""
        if type(value) is not TracedMaybe:
            return value
        for trial in reversed(self._trials.running):
            there = trial.known.get(id(value.carried))
            if there is not None:
                return value.value if there else None
        return value

    def _sure(self, value: Any) -> Any:
        """Return a value that is computed with. Where it is ``None`` Python raises; somebody may catch that."""
        found = self._resolved(value)
        if type(found) is not TracedMaybe:
            return found
        if found.plain is None or not self._active():
            return self.hook_plain(found)
        self._leave(found)
        return found.value

    def _split(self, value: TracedMaybe, use: Callable[[Any], Any]) -> Any:
        """Return what a function makes of a value that may be ``None``: both are tried where it is not known."""
        found = self._resolved(value)
        if type(found) is not TracedMaybe:
            return use(found)
        if not self._active() or self._trials.deep:
            return use(self.hook_plain(found))
        return both_results(self._trials, found.flag, (lambda: use(found.value), lambda: use(None)))

    def _each(self, use: Callable[..., Any], *values: Any) -> Any:
        """Return what is made of some values, of which some may be ``None``."""
        at = next((i for i, value in enumerate(values) if type(value) is TracedMaybe), None)
        if at is None:
            return use(*values)
        return self._split(values[at], lambda value: self._each(use, *values[:at], value, *values[at + 1 :]))

    def hook_is(self, negated: bool, left: Any, right: Any) -> Any:
        """Return ``left is right``."""
        left, right = self._resolved(left), self._resolved(right)
        maybe, other = (left, right) if type(left) is TracedMaybe else (right, left)
        if type(maybe) is not TracedMaybe:
            return super().hook_is(negated, left, right)
        if other is not None:
            return super().hook_is(negated, self._sure(left), self._sure(right))
        return maybe.flag if negated else self.hook_not(maybe.flag)

    def hook_truth(self, value: Any) -> Any:
        """Return the truth of a value."""
        value = self._resolved(value)
        if type(value) is not TracedMaybe:
            return super().hook_truth(value)
        if type(value.value) not in NUMERIC and type(value.value) is not TracedBool:
            return super().hook_truth(self.hook_plain(value))
        truth = self._explained(
            bool(value.plain), lambda flag, number: torch.logical_and(flag, torch.ne(number, 0)),
            (value.flag, value.value), double=False,
        )  # fmt: skip
        if type(truth) is TracedBool:
            truth.implies = known_by(value.flag, True), ()
        return truth

    def _maybe_in(self, owner: Any, name: str, value: Any) -> Any:
        """Return what an attribute is that may be ``None``; ``MISSING`` for others."""
        held = self._held.find(owner, name)
        if held is None or held.owner() is not owner or held.known.maybe is None:
            return MISSING
        known = held.known
        if not is_same(known.number, value):  # code that is not followed has assigned it
            held.place.foreign = True
            held.known = NOTHING_KNOWN
            return MISSING
        if known.epoch != self._recorder.epoch:
            held.known = replace(known, epoch=self._recorder.epoch, maybe=self._carried(held, known.maybe))  # type: ignore[arg-type]
        return held.known.maybe

    def _carried(self, held: Held, maybe: TracedMaybe) -> Any:
        """Return what an attribute is in the step after the one in which it was assigned."""
        place, flag = held.place, maybe.flag
        place.see(bool(flag.plain))
        self._log.names.append((flag.carried, f"{place.name.strip('_')}_is_set"))
        there = traced(bool(flag.plain), flag.carried, frozenset({place}), flag.rough, flag.leave)
        return maybe_of(there, self._carried_value(place, maybe.value))

    def _carried_value(self, of: Place, value: Any) -> Any:
        if not is_followed(value) and type(value) not in KINDS:
            self._log.names.append((value, of.name.strip("_")))
            return value
        place = self._of_values.setdefault(of, self._new_place(of.name, of.kind))
        if type(value) in KINDS:
            place.sources |= value.roots
            place.grown |= value.grown
            place.whole |= type(value.plain) is int
            plain, twin, rough, mixed = value.plain, value.carried, value.rough, value.mixed
        else:
            plain, rough, mixed = value, False, False
            twin = self.compute(torch.tensor, self.code(value), dtype=dtype_of(value), device="cpu")
        place.written = True
        place.see(plain)
        self._log.names.append((twin, of.name.strip("_")))
        return traced(plain, twin, frozenset({place}), rough, self._leave, mixed=mixed)

    def _hold(self, owner: Any, name: str, value: TracedMaybe) -> None:
        """Assign an attribute what may be ``None``."""
        setattr(owner, name, value.plain)
        held = self._held.of(owner, name)
        held.known = Known(value.plain, epoch=self._recorder.epoch, maybe=value)
        held.place.sources |= value.roots
        held.place.written = True

    def _read_maybe(self, owner: Any, name: str, value: Any, site: str) -> Any:
        """Read an attribute that may be ``None``; ``MISSING`` for others."""
        found = self._maybe_in(owner, name, value) if self._active() else MISSING
        if found is MISSING:
            return MISSING
        place = self._held.of(owner, name).place
        self._log.reads.setdefault(site, set()).update(filter(None, (place, self._of_values.get(place))))
        return self._resolved(found)

    def _no_number(self, owner: Any, name: str, value: Any) -> None:
        """Note that an attribute is assigned what is no number."""
        held = self._held.find(owner, name)
        if held is None:
            return
        known = held.known.number is not None and held.known.maybe is None
        held.place.foreign |= known and not (value is None and self._trying)
        held.known = Known(epoch=self._recorder.epoch, thing=(value,))

    def _read_thing(self, owner: Any, name: str, value: Any, site: str) -> None:
        """Note that an attribute is read that is no number."""
        held = self._held.find(owner, name)
        if held is None:
            return
        if held.known.thing and held.known.thing[0] is value:
            self._log.reads.setdefault(site, set()).add(held.place)
        elif held.known is not NOTHING_KNOWN:  # code that is not followed has assigned it
            held.place.foreign = True
