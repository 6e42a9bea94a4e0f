"""What callers of a runtime call the ports: the port name where it is unambiguous, ``node/port`` always."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from types import MappingProxyType

from leapp_core.errors import RuntimeInputError
from leapp_core.spec.names import PortRef
from leapp_core.suggest import suggest


class PortNames:
    """Names of some ports, both ways.

    Args:
        refs: The ports.
        what: What they are, for messages (``input``).
        full: Write every name as ``node/port``; reading takes both forms in any case.
        same_as: Further ports, which are not named as they take the value of one of these.
    """

    def __init__(
        self,
        refs: Iterable[PortRef],
        what: str,
        *,
        full: bool = False,
        same_as: Mapping[PortRef, PortRef] = MappingProxyType({}),
    ) -> None:
        self.refs = tuple(refs)
        self._same_as = {str(ref): other for ref, other in same_as.items()}
        self._what = what
        count = Counter(ref.port for ref in self.refs)
        self._short = {ref.port: ref for ref in self.refs if count[ref.port] == 1}
        self._full = {str(ref): ref for ref in self.refs}
        self._written: Mapping[PortRef, str] = {
            ref: str(ref) if full or count[ref.port] > 1 else ref.port for ref in self.refs
        }

    def __getitem__(self, ref: PortRef) -> str:
        """Return the name results carry."""
        return self._written[ref]

    @property
    def keys(self) -> tuple[str, ...]:
        """The names results carry, in order of the ports."""
        return tuple(self._written[ref] for ref in self.refs)

    def known(self, name: object) -> str | None:
        """Return the name results carry of the port that a name means, ``None`` if it means none."""
        ref = self._short.get(name) or self._full.get(name) if isinstance(name, str) else None
        return None if ref is None else self._written[ref]

    def find(self, name: object) -> PortRef:
        """Return the port a caller means.

        Raises:
            RuntimeInputError: there is none (the nearest is suggested), or there are several.
        """
        ref = self._short.get(name) or self._full.get(name) if isinstance(name, str) else None
        if ref is not None:
            return ref
        if name in self._same_as:
            asked = self._written[self._same_as[str(name)]]
            raise RuntimeInputError(
                f"{self._what} {name!r} is the same tensor as {asked!r}, which is asked for once",
                where=str(name),
                fix=f"give {asked!r} alone, or load with full_names=True to give each",
                code="R001",
            )
        several = [str(other) for other in self.refs if other.port == name]
        if several:
            raise RuntimeInputError(
                f"{self._what} name {name!r} is ambiguous", expected=f"one of {', '.join(several)}", code="R001"
            )
        raise RuntimeInputError(
            f"unknown {self._what} {name!r}",
            expected=suggest(str(name), self.keys),
            fix="remove it, or check the spelling; nothing given is ever ignored",
            code="R001",
        )
