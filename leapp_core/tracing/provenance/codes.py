"""Numbers for what is no number: texts and members of enumerations that say which mode a controller is in."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from functools import reduce
from typing import Any

import torch

from leapp_core.tracing.provenance.values import is_mode
from leapp_core.tracing.source.static import Kinds, is_a

_NUMBERS = Kinds(int, float, bool)


class Codes:
    """The codes of one session: texts in the order in which they are met, members of a class in that of the class."""

    def __init__(self) -> None:
        self._codes: dict[tuple[type, Any], int] = {}

    def of(self, mode: Any) -> int:
        """Return the code of a text or of a member of an enumeration."""
        key = type(mode), mode
        if key not in self._codes:
            alike = type(mode) if is_a(mode, enum.Enum) else (mode,)
            for one in alike:
                self._codes.setdefault((type(mode), one), len(self._codes))
        return self._codes[key]

    def number(self, value: Any) -> Any:
        """Return the code of a mode; other values as they are."""
        return self.of(value) if is_mode(value) else value

    def equal_to(self, mode: Any, other: Any) -> list[int] | None:
        """Return the codes, of those that a mode of one type may have, of what is equal to a value.

        ``None`` if that cannot be told: the other is of a type whose comparisons may be anything.
        """
        if type(mode) is type(other):
            return [self.of(other)]
        if other is None:
            return []
        if not is_mode(other) and type(other) not in _NUMBERS:
            return None
        if not is_a(mode, enum.Enum):
            text = other.value if is_a(other, str) else None
            return [self.of(text)] if type(text) is str and text == other else []
        alike: Any = type(mode)
        return [self.of(one) for one in alike if one == other]


def is_one_of(twin: torch.Tensor, codes: Sequence[int]) -> torch.Tensor:
    """Return whether a code is one of some."""
    found = [torch.eq(twin, code) for code in codes]
    return reduce(torch.logical_or, found) if found else torch.zeros_like(twin, dtype=torch.bool)
