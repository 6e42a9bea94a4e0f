"""Hooks at which rewritten code reads and assigns attributes, and at which values lose their origins."""

from __future__ import annotations

import enum
import sys
from dataclasses import replace
from typing import Any

import torch

from leapp_core.tracing.provenance.container_hooks import ContainerHooks
from leapp_core.tracing.provenance.held import Known
from leapp_core.tracing.provenance.holders import MISSING, WRITABLE, holder_of, is_stored_plainly, put, value_in
from leapp_core.tracing.provenance.queues import Rows
from leapp_core.tracing.provenance.twins import CONTAINERS, DEEP, dtype_of, fits
from leapp_core.tracing.provenance.values import (
    KINDS,
    MODES,
    TracedEntry,
    TracedMaybe,
    TracedMember,
    bare,
    is_followed,
    is_mixed,
    is_tensor,
)
from leapp_core.tracing.record.growth import NOTHING_GROWN
from leapp_core.tracing.record.numbers import same
from leapp_core.tracing.record.recorder import TraceRecorder
from leapp_core.tracing.source.static import is_a


class AttributeHooks(ContainerHooks):
    """Follows numbers and modes through attributes, and notes those that leave.

    Args:
        recorder: The record.
    """

    def __init__(self, recorder: TraceRecorder) -> None:
        super().__init__(recorder)
        self._changed: torch.Tensor | None = None

    def hook_module(self, names: dict[str, Any]) -> Any:
        """Return the module that names are of."""
        module = sys.modules.get(names.get("__name__", ""))
        return module if module is not None and vars(module) is names else _Names(names)

    # -- attributes ------------------------------------------------------------------------------------------------

    def hook_property(self, owner: Any, where: tuple[str, str]) -> Any:
        """Read an attribute that some class computes."""
        if self._active():
            get = _getter(type(owner), where[0])
            if get is not None and self._is_followed(get):
                if self._trying and not self._purity.allows(get):
                    self._trials.forbid()
                try:
                    return direct(get, (owner,), {})
                except AttributeError:
                    return getattr(owner, where[0])  # perhaps there is a ``__getattr__``
        return self.hook_attribute(owner, where)

    def hook_attribute(self, owner: Any, where: tuple[str, str]) -> Any:
        """Read an attribute."""
        name = where[0]
        if type(owner) is TracedEntry:
            return self._of_each(owner, lambda thing: self.hook_attribute(thing, where))
        if type(owner) in MODES or type(owner) is TracedMaybe:
            owner = self.hook_plain(self._sure(owner))
        self._at_begin()
        value = getattr(owner, name)
        if not self._open or self._recorder.idle:
            return value
        return self._attribute(owner, where, value)

    def _attribute(self, owner: Any, where: tuple[str, str], value: Any) -> Any:
        """Return the value of an attribute with what is known of it."""
        name, site = where
        if type(value) in CONTAINERS:
            return self._container(owner, name, value, site)
        maybe = self._read_maybe(owner, name, value, site)
        if maybe is not MISSING:
            return maybe
        if not is_followed(value) or not fits(value):
            if value is not None and not is_tensor(value):  # a number may be there later
                self._log.untold.add(site)
            self._read_thing(owner, name, value, site)
            return value
        holder = holder_of(owner, name) if self._active() else None
        if holder is None:
            self._log.untold.add(site)
            return value
        self._log.reads.setdefault(site, set()).add(self._held.of(holder, name).place)
        return self._number_in(holder, name, value)

    def _at_begin(self) -> None:
        if self._adopted and self._step != self._recorder.epoch and self._active():
            self._begin_step()

    def hook_constant(self, value: Any) -> Any:
        """Return a number, truth value or text that is written out in the source."""
        return self._constant(value) if self._active() and is_followed(value) and fits(value) else value

    def hook_settled(self, owner: Any, name: str) -> Any:
        """Read an attribute that functions do not assign: in every step it is what it was in the first."""
        if type(owner) is TracedEntry:
            return self._of_each(owner, lambda thing: self.hook_settled(thing, name))
        if type(owner) is TracedMaybe:
            owner = self._sure(owner)
        if type(owner) is TracedMember and name in ("value", "name"):
            found = self._of_member(owner, lambda member: getattr(member, name))
            if found is not NotImplemented:
                return found
        if type(owner) in MODES or self._is_own(owner):  # a method of a list that is kept knows the list
            owner = self.hook_plain(owner)
        self._at_begin()
        value = getattr(owner, name)
        if not is_followed(value) or not fits(value) or not self._active():
            return value
        if holder_of(owner, name) is None and not (is_a(value, enum.Enum) and owner is type(value)):
            return value
        return self._constant(value)

    def _number_in(self, holder: Any, name: str, value: Any) -> Any:
        """Return the number of an attribute with its origin."""
        held = self._held.of(holder, name)
        known = held.known
        if known.number is None or not same(known.number, value):
            held.place.foreign |= known.number is not None
            twin = self._first_twin(value, str(name).strip("_"))
            known = Known(value, twin)
        if known.epoch != self._recorder.epoch:
            roots, grown = frozenset({held.place}), NOTHING_GROWN
            known = replace(known, epoch=self._recorder.epoch, roots=roots, grown=grown)
            held.place.see(value)
        if known.twin is None:
            code = self.code(value)
            twin = self.compute(torch.tensor, code, dtype=dtype_of(value), device="cpu")
            known = replace(known, twin=twin)
            self._log.names.append((twin, str(name).strip("_")))
        held.known = known
        return self._held.traced(value, known)

    def hook_store(self, value: Any, owner: Any, where: tuple[str, bool]) -> None:
        """Assign an attribute."""
        name, constant = where
        if type(owner) is TracedMaybe:
            owner = self._sure(owner)
        if type(owner) is TracedEntry or type(owner) in MODES:
            owner = self.hook_plain(owner)
        value = self._resolved(value)
        if type(value) is TracedEntry:
            value = self.hook_plain(value)
        if is_tensor(value) and value is self._changed and self._is_there(owner, name, value):
            self._changed = None
            return  # ``self.x += y`` has written into the tensor that is there
        if not self._recording():
            setattr(owner, name, bare(value) if type(value) in KINDS else self._without(value))
            return
        if self._trying:
            self._trials.note_store(owner, name)
        self._store(owner, name, value, constant=constant)

    def _is_there(self, owner: Any, name: str, value: torch.Tensor) -> bool:
        return is_stored_plainly(owner, name) and value_in(owner, name) is value

    def _store(self, owner: Any, name: str, value: Any, *, constant: bool) -> None:
        adopted = self._adopted_of(owner)
        if adopted is not None:
            self._set_entry(adopted, name, value, constant=constant)
            return
        if type(owner) in WRITABLE:
            put(owner, name, value if self._is_own(owner) else self.hook_plain(value))
            return
        self._give_away(value)
        if self._keep_container(owner, name, value, constant=constant):
            return
        if type(value) is TracedMaybe and self._active() and is_stored_plainly(owner, name):
            self._hold(owner, name, value)
            return
        if type(value) in KINDS and self._active() and is_stored_plainly(owner, name):
            setattr(owner, name, value.plain)
            self._held.assign(owner, name, value, self._recorder.epoch)
            self._log.names.append((value.twin, str(name).strip("_")))
            return
        value = self.hook_plain(value)
        setattr(owner, name, value)
        if type(owner) is Rows and is_tensor(value):
            self._log.names.append((value, name))
        if not is_followed(value):
            self._no_number(owner, name, value)
            return
        held = self._held.of(owner, name)
        held.place.written = True
        held.place.given |= not constant
        held.known = Known(value, epoch=self._recorder.epoch)

    def _read(self, owner: Any, name: str) -> Any:
        """Return an attribute's value, if it is a number with its origin."""
        value = value_in(owner, name) if type(owner) in WRITABLE else getattr(owner, name)
        if type(owner) in WRITABLE and not self._keeps(owner):
            return value
        if (maybe := self._maybe_in(owner, name, value)) is not MISSING:
            return self._resolved(maybe)
        return self._number_in(owner, name, value) if is_followed(value) else value

    def _assign(self, owner: Any, name: str, value: Any) -> None:
        """Assign an attribute what was chosen."""
        if self._trials.running:
            self._trials.note_store(owner, name)
        self._store(owner, name, value, constant=True)

    # -- numbers that leave ----------------------------------------------------------------------------------------

    def hook_bare(self, value: Any) -> Any:
        """Return a value for a question whose answer does not depend on the number, but perhaps on its type."""
        value = self._resolved(value)
        if is_mixed(value) or type(value) is TracedEntry or type(value) is TracedMaybe:
            self._leave(value)
        return bare(value)

    def hook_plain(self, value: Any) -> Any:
        """Return a value without origins; those it had are noted as values that leave."""
        kind = type(value)
        if kind in KINDS:
            self._leave(value)
            return value.plain
        if kind in CONTAINERS or kind is slice:
            return self._plain(value, DEEP)
        return value

    def hook_returned(self, value: Any) -> Any:
        """Return what a function returns: with its origin only to rewritten code that called it directly."""
        kind = type(value)
        if kind not in KINDS and kind not in CONTAINERS:
            return value
        below = sys._getframe(1).f_back
        if below is not None and below.f_code is direct.__code__:
            return value
        return self._plain(value, DEEP)


class _Names:
    """The names of code that is no module's, as attributes."""

    def __init__(self, names: dict[str, Any]) -> None:
        object.__setattr__(self, "_names", names)

    def __getattribute__(self, name: str) -> Any:
        return object.__getattribute__(self, "_names")[name]

    def __setattr__(self, name: str, value: Any) -> None:
        object.__getattribute__(self, "_names")[name] = value


def direct(function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Call rewritten code; it knows by this frame that rewritten code gets what it returns."""
    return function(*args, **kwargs)


def _getter(kind: type, name: str) -> Any:
    for cls in kind.__mro__:
        if name in vars(cls):
            found = vars(cls)[name]
            return found.fget if type(found) is property else None
    return None
