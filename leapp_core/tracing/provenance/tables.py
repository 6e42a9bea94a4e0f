"""Hooks at which an entry of a list or dictionary is taken, or put, by a number or a mode that is followed."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial, reduce
from typing import Any

import torch

from leapp_core.tracing.provenance import arithmetic
from leapp_core.tracing.provenance.branches import both_results
from leapp_core.tracing.provenance.codes import is_one_of
from leapp_core.tracing.provenance.containers import entries
from leapp_core.tracing.provenance.decisions import Decisions
from leapp_core.tracing.provenance.holders import MISSING, WRITABLE, put
from leapp_core.tracing.provenance.merge import UnmergeableError
from leapp_core.tracing.provenance.values import (
    KINDS,
    MODES,
    Traced,
    TracedBool,
    TracedEntry,
    TracedInt,
    bare,
    entry_of,
    is_tensor,
    is_thing,
)
from leapp_core.tracing.source.static import Kinds

_TABLES = Kinds(tuple, *WRITABLE)
_LARGEST = 64
"""Most entries that an entry is chosen from."""
_MOST_CALLED = 8
"""Most entries that are called for one."""


class TableHooks(Decisions):
    """Chooses between the entries of a table: each of them is computed with, as both ways of an ``if`` are."""

    def _entry_at(self, table: Any, key: Any, default: Any = MISSING) -> Any:
        """Return the entry of a list, tuple, deque or dictionary at a key; ``NotImplemented`` if none can be chosen.

        Args:
            table: The table.
            key: A number or mode.
            default: Value for a key that a dictionary lacks; without one, Python raises for it.
        """
        if type(table) not in _TABLES or not 0 < len(table) <= _LARGEST or not self._active():
            return NotImplemented
        plain = tuple(map(bare, key)) if type(key) is tuple else key.plain
        real = table[plain] if default is MISSING else table.get(plain, default)
        options: list[tuple[Any, Any]] = [(condition, table[at]) for at, condition in self._ways_to(table, key)]
        if not options:
            return NotImplemented
        if default is MISSING:
            for part in key if type(key) is tuple else (key,):
                if type(part) in KINDS:
                    self._leave(part, "slice", raises=True)
        else:
            options.append((None, default))
        chosen = self._one_of(options)
        if chosen is not NotImplemented:
            return chosen
        key = next(part for part in key if type(part) in KINDS) if type(key) is tuple else key
        return entry_of(options, real, key) if all(is_thing(entry) for _, entry in options) else NotImplemented

    def _one_of(self, options: list[tuple[Any, Any]]) -> Any:
        """Return the value whose condition is true, or else the last one; ``NotImplemented`` if none can be chosen."""
        begin, (*others, (_, value)) = self._trials.position(), options
        try:
            for condition, entry in reversed(others):
                value = self._merger.chooser(condition, begin, ([entry], [value]))(entry, value)
        except UnmergeableError:
            return NotImplemented
        return value

    def _of_each(self, entry: TracedEntry, read: Callable[[Any], Any]) -> Any:
        """Return what is read of an entry of a table: chosen from what is read of each that it may be."""
        try:
            options = [(condition, read(thing)) for condition, thing in entry.options]
        except Exception:  # noqa: BLE001  # one of the others lacks it
            return read(self.hook_plain(entry))
        chosen = self._one_of(options)
        if chosen is not NotImplemented:
            return chosen
        if all(is_thing(thing) for _, thing in options):
            return entry_of(options, read(entry.plain), entry)
        return read(self.hook_plain(entry))

    def _of_member(self, mode: Traced, read: Callable[[Any], Any]) -> Any:
        """Return what is read of a member of an enumeration; ``NotImplemented`` if no tensor can choose it."""
        options = []
        for member in type(mode.plain):
            tells = partial(is_one_of, codes=[self._modes.of(member)])
            options.append((self._explained(mode.plain is member, tells, (mode,), double=False), read(member)))
        return self._one_of(options) if self._active() else NotImplemented

    def _call_each(self, entry: TracedEntry, call: Callable[[Any], Any]) -> Any:
        """Call an entry of a table: each that it may be, and what they return and do meets."""

        def called(options: list[tuple[Any, Any]]) -> Any:
            (condition, thing), *others = options
            if not others:
                return call(thing)
            return both_results(self._trials, condition, (lambda: call(thing), lambda: called(others)))

        if not self._active() or len(entry.options) > _MOST_CALLED:
            return call(self.hook_plain(entry))
        return called(entry.options)

    def _put_at(self, table: Any, key: Traced, value: Any) -> bool:
        """Put a tensor where others lie in a list, deque or dictionary; return whether that could be."""
        if type(table) not in WRITABLE or not 0 < len(table) <= _LARGEST or not self._active():
            return False
        if not is_tensor(value) or not all(is_tensor(entry) for _, entry in entries(table)):
            return False
        if type(table) is dict and key.plain not in table:
            return False  # a new one
        _ = table[key.plain]  # raises what Python raises
        begin = self._trials.position()
        try:
            made = [
                (at, self._merger.chooser(condition, begin, ([value], [table[at]]))(value, table[at]))
                for at, condition in self._ways_to(table, key)
            ]
        except UnmergeableError:
            return False
        self._leave(key, "slice", raises=True)
        for at, chosen in made:
            self._put(table, at, chosen)
            self._trials.place(table, at, chosen)
        return bool(made)

    def _put(self, table: Any, key: Any, value: Any) -> None:
        """Put an entry where it can be taken back."""
        if type(key) is int and key < 0 and type(table) is not dict:
            key += len(table)
        if self._trying:
            self._trials.note_store(table, key)
        put(table, key, value)

    def _ways_to(self, table: Any, key: Any) -> list[tuple[Any, TracedBool]]:
        """Return the keys of a table, with whether each is the one; none if that cannot be told."""
        if type(key) is tuple:
            return self._ways_to_all(table, key)
        found = []
        for at in list(table) if type(table) is dict else range(len(table)):
            tells = self._tells(table, key, at)
            if tells is None:
                return []
            here = key.plain == at or (type(table) is not dict and key.plain == at - len(table))
            condition = self._explained(here, tells, (key,), double=False)
            if type(condition) is not TracedBool:
                return []
            found.append((at, condition))
        return found

    def _ways_to_all(self, table: Any, key: tuple[Any, ...]) -> list[tuple[Any, TracedBool]]:
        """Return the keys of a dictionary of tuples, with whether each is the one."""
        found = []
        for at in table:
            if type(at) is not tuple or len(at) != len(key):
                return []
            pairs = [(part, other) for part, other in zip(key, at, strict=True) if type(part) in KINDS]
            tells = [self._tells({other: None}, part, other) for part, other in pairs]
            if any(one is None for one in tells) or any(
                part != other for part, other in zip(key, at, strict=True) if type(part) not in KINDS
            ):
                return []

            def all_of(*twins: torch.Tensor, tells: Any = tells) -> torch.Tensor:
                both: torch.Tensor = reduce(
                    torch.logical_and, [tell(twin) for tell, twin in zip(tells, twins, strict=True)]
                )
                return both

            here = tuple(map(bare, key)) == at
            condition = self._explained(here, all_of, tuple(part for part, _ in pairs), double=False)
            if type(condition) is not TracedBool:
                return []
            found.append((at, condition))
        return found

    def _tells(self, table: Any, key: Traced, at: Any) -> Callable[[torch.Tensor], torch.Tensor] | None:
        """Return what tells on a key's twin whether it is a certain key of a table."""
        if type(key) in MODES:
            codes = self._modes.equal_to(key.plain, at) if type(table) is dict else None
            return None if codes is None else partial(is_one_of, codes=codes)
        if type(key) is TracedBool and type(at) is bool:
            return lambda twin: twin if at else torch.logical_not(twin)
        if type(key) is not TracedInt or type(at) is not int:
            return None
        if type(table) is dict:
            return lambda twin: torch.eq(twin, at)
        return lambda twin: torch.eq(arithmetic.from_begin(twin, len(table)), at)
