"""What rewritten code calls: Python computes for the user, the twins of followed numbers are computed beside it.

A number read from an attribute that functions assign gets a *twin*, a 0-d tensor. What Python computes from it is
computed on the twin too, and recorded; kept in an attribute, the twin is what the next step reads there. Everything
that is not known to keep the origin of a number takes it from it, and is noted as a value that leaves.
"""

from __future__ import annotations

from collections.abc import Sequence
from types import CodeType
from typing import Any

import torch

from leapp_core.tracing.provenance import arithmetic
from leapp_core.tracing.provenance.arrays import is_array
from leapp_core.tracing.provenance.call_hooks import CallHooks
from leapp_core.tracing.provenance.holders import WRITABLE
from leapp_core.tracing.provenance.twins import CONTAINERS, DEEP, fits, in_key
from leapp_core.tracing.provenance.values import (
    KINDS,
    MODES,
    NUMBERS,
    PLAIN_NUMBERS,
    SEQUENCES,
    Traced,
    TracedBool,
    TracedEntry,
    TracedMaybe,
    bare,
    is_mode,
    is_tensor,
    settled,
)
from leapp_core.tracing.record.growth import NOTHING_GROWN
from leapp_core.tracing.record.recorder import TraceRecorder
from leapp_core.tracing.source.static import Kinds

_LARGEST_TABLE = 4096
_PLAIN_KEYS = Kinds(int, slice)


class Hooks(CallHooks):
    """The hooks of one session. Closed, they do what the interpreter would have done.

    Args:
        recorder: The record.
    """

    def follow(self, codes: Sequence[CodeType], plain: Sequence[CodeType]) -> None:
        """Say which code is rewritten, and of which everything it does is seen."""
        self._codes = codes  # held, so that their identities stay theirs
        self._followed = frozenset(map(id, codes))
        self._purity.plain = frozenset(map(id, plain))
        self._recorder.guard, self._recorder.ended = self._before_write, self._end_of_record
        self._recorder.between = self._park_containers

    def close(self) -> None:
        """End of the session."""
        self._end_of_record()
        self._recorder.guard = self._recorder.ended = self._recorder.between = None
        # The record holds rewritten code, which holds these hooks, and the garbage collector does not look into code.
        vars(self).update(vars(Hooks(TraceRecorder(0))))
        self._open = False

    # -- items -----------------------------------------------------------------------------------------------------

    hook_part = staticmethod(slice)

    def hook_item(self, base: Any, key: Any) -> Any:
        """Read an item whose key is written out."""
        self._at_begin()
        base = self._sure(base)
        return self._of_each(base, lambda thing: thing[key]) if type(base) is TracedEntry else base[key]

    def hook_method(self, owner: Any, name: str) -> Any:
        """Read a method that is about to be called."""
        owner = self._sure(owner)
        if type(owner) is TracedEntry:
            return self._of_each(owner, lambda thing: getattr(thing, name))
        return getattr(self.hook_plain(owner) if type(owner) in MODES else owner, name)

    def hook_get_item(self, base: Any, key: Any) -> Any:
        """Read an item."""
        base = self._sure(base)
        if type(key) is TracedMaybe:  # a tensor takes ``None``, too
            return self._each(lambda one: self.hook_get_item(base, one), key)
        if type(base) is TracedEntry:
            return self._of_each(base, lambda thing: self.hook_get_item(thing, key))
        self._look_at(base)
        key = self._key_of(base, settled(key))
        if self._chooses(base, key):
            found = self._entry_at(base, key)
            if found is not NotImplemented:
                return found
        if self._trying and type(key) not in NUMBERS and in_key(key):
            self._trials.forbid()  # the bundle reads there whichever way is taken, perhaps beyond the end
        if type(key) in NUMBERS or not in_key(key):
            return base[key]
        if is_tensor(base):
            return self._given.get_item(base, key, self._active())
        if type(key) in KINDS and type(base) in SEQUENCES and self._active():
            return self._looked_up(base, key)
        return base[self._plain_key(key)]

    def _key_of(self, base: Any, key: Any) -> Any:
        """Return a key as its base takes it: a truth value is a number to a list, a number a scalar to an array."""
        if type(key) is TracedBool and type(base) is not dict:
            return self._numeric(key, "slice") if type(base) in CONTAINERS else self._plain_key(key)
        return self._arrays.index(key, base) if is_array(base) and self._active() else key

    def _chooses(self, base: Any, key: Any) -> bool:
        """Return whether an entry is to be chosen from all entries."""
        if type(key) is tuple:
            return type(base) is dict and in_key(key)
        return type(key) in KINDS and (self._trying or not _is_of_numbers(base))

    def _looked_up(self, table: Any, key: Traced) -> Any:
        """Read a number from a list of numbers."""
        result = table[key.plain]
        if any(type(n) in KINDS for n in table):
            found = self._number_at(table, key)
            if found is not NotImplemented:
                return found
        kind = type(table[0])  # which it has: the item was there
        alike = kind in PLAIN_NUMBERS and all(type(n) is kind for n in table)
        small = len(table) <= _LARGEST_TABLE and all(map(fits, table))
        if alike and small and key.twin.dtype is torch.int64:
            self._leave(key, "slice", raises=True)
            rows = self._table(tuple(table))

            def row(at: torch.Tensor) -> torch.Tensor:
                return arithmetic.row_at(rows, at)

            return self._explained(result, row, (key,), True, double=False, grown=NOTHING_GROWN)
        self._leave(key, "slice")
        return result

    def hook_set_item(self, value: Any, base: Any, key: Any, constant: bool) -> None:
        """Write an item."""
        base = self._sure(base)
        value, key = (self.hook_plain(v) if type(v) is TracedMaybe else v for v in map(self._resolved, (value, key)))
        if type(base) is TracedEntry:
            base = self.hook_plain(base)
        if type(value) is TracedEntry:
            value = self.hook_plain(value)
        key = settled(key)
        if is_tensor(base):
            value = settled(value)
        adopted = self._adopted_of(base)
        if adopted is not None and self._set_entry(adopted, key, value, constant=constant):
            return
        if is_array(base) and self._active():
            key, (_, value) = self._arrays.index(key, base), self._arrays.beside((base, value))
        if (type(key) in KINDS and self._put_at(base, key, value)) or self._put_back_later(base, key, value):
            return
        if self._trying and not is_tensor(base):
            self._trials.forbid()
        if is_tensor(base) and (type(value) in KINDS or in_key(key)):
            self._given.set_item(base, key, value, self._active())
        elif in_key(key):
            base[self._plain_key(key)] = self.hook_plain(value)
        else:
            base[key] = self.hook_plain(value)

    def _put_back_later(self, base: Any, key: Any, value: Any) -> bool:
        """Write an item of a function's own list, or one that can be put back; return whether it was such."""
        if self._is_own(base) and type(key) in _PLAIN_KEYS and not in_key(key):
            self._change(base)
            base[key] = value
            return True
        if self._trying and type(base) in WRITABLE and (type(key) is int or is_mode(key)):
            self._put(base, key, self.hook_plain(value))
            return True
        return False

    def _plain_key(self, key: Any) -> Any:
        if type(key) in KINDS:
            self._leave(key, "slice")
            return key.plain
        return self._plain(key, DEEP, "slice")


def _is_of_numbers(table: Any) -> bool:
    return type(table) in SEQUENCES and all(type(bare(n)) in NUMBERS for n in table)
