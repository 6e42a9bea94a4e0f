"""Help with misspelt names, used by every lookup."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


def suggest(name: str, valid: Iterable[str]) -> str:
    """Return ``valid: a, b`` with ``did you mean a?`` in front when one name is close.

    Args:
        name: What was given.
        valid: The names that exist.
    """
    names = sorted(valid)
    if not names:
        return "none are available"
    close = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
    listing = f"valid: {', '.join(names)}"
    return f"did you mean {close[0]!r}? {listing}" if close else listing
