"""What becomes of a Python value, as far as the user's source tells."""

from __future__ import annotations

import linecache
from dataclasses import dataclass


@dataclass(frozen=True)
class Place:
    """A statement at which a value decides."""

    file: str
    line: int

    def __str__(self) -> str:
        text = linecache.getline(self.file, self.line).strip()
        return f"line {self.line}: {text}" if text else f"line {self.line}"


@dataclass
class Fate:
    """What becomes of a value.

    Attributes:
        decides: Where it decides, if it does.
        may_decide: Where it may decide: it was given to code that is not at hand.
        followed: Every use is known.
    """

    decides: Place | None = None
    may_decide: Place | None = None
    followed: bool = True

    @property
    def worst(self) -> Place | None:
        """Where it decides, or else where it may."""
        return self.decides or self.may_decide
