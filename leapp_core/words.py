"""Counts as people say them, for messages and tables."""

from __future__ import annotations


def counted(count: int, one: str, several: str | None = None) -> str:
    """Return ``1 node`` or ``2 nodes``.

    Args:
        count: How many.
        one: The word for one.
        several: The word for several, where adding an s does not make it.
    """
    return f"{count} {one if count == 1 else several or one + 's'}"
