"""What plugins provide, by name, with who provides it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from leapp_core.errors import PluginError, UsageError
from leapp_core.plugins.contract import check_contract
from leapp_core.suggest import suggest


class Named(Protocol):
    """Anything a registry can hold."""

    @property
    def name(self) -> str:
        """The name users type."""
        ...


T = TypeVar("T", bound=Named)


@dataclass(frozen=True)
class Entry(Generic[T]):
    """One registered thing.

    Attributes:
        item: The thing.
        owner: Name of the plugin (its entry point) that registered it.
    """

    item: T
    owner: str


class Registry(Generic[T]):
    """Name to item; aliases are names too.

    Args:
        what: What it holds, for messages (``backend``).
        contract: The class that every item is an instance of.
        describe_owner: Turns a plugin name into ``distribution version`` for messages.
        left_out: Says which plugins are left out and why, for messages about names that are not there.
    """

    def __init__(
        self,
        what: str,
        contract: type[T],
        describe_owner: Callable[[str], str] = str,
        left_out: Callable[[], str] = str,
    ) -> None:
        self._what = what
        self._contract = contract
        self._describe = describe_owner
        self._left_out = left_out
        self._entries: dict[str, Entry[T]] = {}
        self._aliases: dict[str, str] = {}

    def add(self, item: T, owner: str) -> None:
        """Add an item under its name and aliases.

        Raises:
            PluginError: the item breaks its contract; or the name or an alias is taken, and both providers are named.
        """
        check_contract(item, self._contract, self._what)
        names = (item.name, *getattr(item, "aliases", ()))
        for name in names:
            taken = self._entries.get(self._aliases.get(name, name))
            if taken is not None:
                raise PluginError(
                    f"{self._what} name {name!r} is claimed twice: by {self._describe(taken.owner)} "
                    f"and by {self._describe(owner)}",
                    fix=f"uninstall one of them, or block one with LEAPP_DISABLE_PLUGINS={owner}",
                    code="P001",
                )
        self._entries[item.name] = Entry(item, owner)
        self._aliases.update({alias: item.name for alias in names[1:]})

    def forget(self, owner: str) -> None:
        """Remove what a plugin added."""
        self._entries = {name: entry for name, entry in self._entries.items() if entry.owner != owner}
        self._aliases = {alias: name for alias, name in self._aliases.items() if name in self._entries}

    def get(self, name: str) -> T:
        """Return the item of that name or alias.

        Raises:
            UsageError: there is none; the nearest name is suggested.
        """
        return self.entry(name).item

    def entry(self, name: str) -> Entry[T]:
        """Return the item with its owner; see :meth:`get`."""
        found = self._entries.get(self._aliases.get(name, name))
        if found is None:
            raise UsageError(
                f"unknown {self._what} {name!r}",
                expected=suggest(name, [*self._entries, *self._aliases]),
                fix=self._left_out() or None,
                code="U001",
            )
        return found

    def __iter__(self) -> Iterator[Entry[T]]:
        return iter(sorted(self._entries.values(), key=lambda e: e.item.name))

    def __contains__(self, name: object) -> bool:
        return name in self._entries or name in self._aliases


class OwnedRegistry(Generic[T]):
    """The view of a registry that one plugin gets: it can add in its own name only."""

    def __init__(self, registry: Registry[T], owner: str) -> None:
        self._registry = registry
        self._owner = owner

    def add(self, item: T) -> None:
        """Add an item; see :meth:`Registry.add`."""
        self._registry.add(item, self._owner)
