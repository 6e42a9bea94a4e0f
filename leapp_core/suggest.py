"""Help with misspelt names, used by every lookup."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


def suggest(name: str, valid: Iterable[str]) -> str:
    """Return ``one of a, b``, or ``did you mean a? valid: a, b`` when one name is close.

    Args:
        name: What was given.
        valid: The names that exist.
    """
    names = sorted(valid)
    if not names:
        return "none are available"
    close = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
    listing = ", ".join(names)
    return f"did you mean {close[0]!r}? valid: {listing}" if close else f"one of {listing}"
