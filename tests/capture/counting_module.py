"""A module that counts, for programs that read what other modules hold."""

from __future__ import annotations

count = 0


class Kept:
    """Has a count of its own."""

    count = 0


def move() -> None:
    """Count on, in a way that no arithmetic shows."""
    global count
    count = max(count + 1, 0)


def given() -> int:
    """Return the count."""
    return count
