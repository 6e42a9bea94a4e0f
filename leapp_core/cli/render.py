"""Everything the command line prints goes through here.

On a terminal rich lays it out; into a file or pipe the same content goes as plain aligned text, never wrapped, so that
it can be searched, and without importing rich.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from typing import Any, TextIO

import typer

from leapp_core.cli.views import Fields, Line, View


def show(*views: View | str, stream: TextIO | None = None) -> None:
    """Print views to stdout (or another stream); a string is a plain line."""
    target = stream or sys.stdout
    items = [Line(view) if isinstance(view, str) else view for view in views]
    if target.isatty():
        from leapp_core.cli.terminal import show_rich

        show_rich(items, target)
        return
    for item in items:
        typer.echo(_plain_text(item), file=target)


def show_json(value: Any) -> None:
    """Print a value as JSON; what JSON has no form for (paths, arrays) is written as text or lists."""
    typer.echo(json.dumps(value, indent=2, default=_json_form))


def print_error(message: str, parts: Iterable[tuple[str, str]] = ()) -> None:
    """Print one error to stderr with its parts, each with its name."""
    show(Line(f"error: {message}", style="bold red"), stream=sys.stderr)
    for label, value in parts:
        show(Line(f"{label + ':':>11} " + value.replace("\n", "\n" + " " * 12)), stream=sys.stderr)


def print_note(message: str) -> None:
    """Print one line that is worth reading to stderr."""
    show(Line(f"note: {message}", style="yellow"), stream=sys.stderr)


def _plain_text(view: View) -> str:
    if isinstance(view, Line):
        return view.text
    if isinstance(view, Fields):
        return "\n".join(_columns(view.pairs))
    lines = _columns((view.columns, *view.rows))
    rule = "-" * max(len(line) for line in lines)
    return "\n".join([*([view.title] if view.title else []), lines[0], rule, *lines[1:]])


def _columns(rows: tuple[tuple[str, ...], ...]) -> list[str]:
    widths = [max(len(row[index]) for row in rows) for index in range(len(rows[0]))] if rows else []
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]


def _json_form(value: Any) -> Any:
    if hasattr(value, "tolist"):
        return value.tolist()
    return list(value) if isinstance(value, (set, frozenset, tuple)) else str(value)
