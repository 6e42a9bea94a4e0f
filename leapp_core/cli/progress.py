"""Shows on stderr what is being done, so that stdout holds results only."""

from __future__ import annotations

import sys
from types import TracebackType
from typing import Any

import typer

from leapp_core.cli.stdout import results_only


class StageProgress:
    """Prints each stage with its duration; on a terminal the running one turns.

    Use as a context manager, and as the ``progress`` callback of an export. Within it, whatever libraries print goes to
    stderr too.

    Args:
        quiet: Show nothing, for ``--json``.
    """

    def __init__(self, *, quiet: bool = False) -> None:
        self._quiet = quiet
        self._results = results_only()
        self._status: Any = None
        if not quiet and sys.stderr.isatty():
            from rich.console import Console

            self._status = Console(stderr=True, highlight=False).status("")

    def __enter__(self) -> StageProgress:
        self._results.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._status is not None:
            self._status.stop()
        self._results.__exit__(kind, error, trace)

    def __call__(self, what: str, seconds: float | None) -> None:
        """Take note of a stage that begins (no seconds) or is done."""
        if self._quiet:
            return
        if self._status is not None:
            self._turn(what, seconds)
        elif seconds is not None:
            typer.echo(f"{what} ({seconds:.1f} s)", err=True)

    def _turn(self, what: str, seconds: float | None) -> None:
        if seconds is None:
            self._status.update(f"{what} ...")
            self._status.start()
            return
        self._status.stop()
        self._status.console.print(f"[green]ok[/] {what} [dim]({seconds:.1f} s)[/]")
