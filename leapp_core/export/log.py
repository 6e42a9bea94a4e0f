"""What happened during an export, as plain text."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

Progress = Callable[[str, float | None], None]
"""Called as ``progress(what, seconds)``: with ``None`` when something begins, with its duration when it is done."""


class ExportLog:
    """Gathers lines for ``log.txt`` and durations for the report given to the caller.

    Durations do not go to the log: two exports of the same policy have the same bytes.
    """

    def __init__(self, progress: Progress | None = None) -> None:
        self._progress = progress
        self.lines: list[str] = []
        self.timings: dict[str, float] = {}

    def note(self, line: str) -> None:
        """Add a line; control characters, such as terminal codes in a plugin's text, are left out."""
        self.lines.append("".join(c if c.isprintable() else " " for c in line.replace("\t", "    ")).rstrip())

    @contextmanager
    def stage(self, what: str) -> Iterator[None]:
        """Time a part of the work under a name."""
        if self._progress is not None:
            self._progress(what, None)
        start = time.perf_counter()
        yield
        self.timings[what] = time.perf_counter() - start
        if self._progress is not None:
            self._progress(what, self.timings[what])

    def text(self) -> str:
        """Return the log."""
        return "\n".join(self.lines) + "\n"
