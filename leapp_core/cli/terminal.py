"""How views look on a terminal, with rich. Imported only when there is one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TextIO

from rich import box
from rich.console import Console, RenderableType
from rich.table import Table as RichTable
from rich.text import Text

from leapp_core.cli.views import Fields, Line, Table, View


def show_rich(views: Sequence[View], stream: TextIO) -> None:
    """Print views with colours and wrapping to the width of the terminal."""
    console = Console(file=stream, highlight=False)
    for view in views:
        console.print(_renderable(view), soft_wrap=isinstance(view, Line))


def _renderable(view: View) -> RenderableType:
    if isinstance(view, Line):
        return Text(view.text, style=view.style)
    return _fields(view) if isinstance(view, Fields) else _table(view)


def _fields(view: Fields) -> RenderableType:
    grid = RichTable.grid(padding=(0, 2))
    grid.add_column(style="dim", no_wrap=True)
    grid.add_column(overflow="fold")
    for name, value in view.pairs:
        grid.add_row(name, Text(value))
    return grid


def _table(view: Table) -> RenderableType:
    result = RichTable(
        title=view.title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD, pad_edge=False, min_width=20
    )
    for index, column in enumerate(view.columns):
        result.add_column(column, no_wrap=index == 0, overflow="fold", style="cyan" if index == 0 else "")
    for row in view.rows:
        result.add_row(*(Text(cell, style=_style(cell)) for cell in row))
    return result


def _style(cell: str) -> str:
    """Return the colour of a cell by its first word, which says whether something is well."""
    word = cell.split(":", 1)[0].split(" ", 1)[0]
    return {"available": "green", "loaded": "green", "ok": "green", "yes": "green"}.get(
        word, {"broken": "red", "failed": "red", "needs": "yellow", "disabled": "yellow"}.get(word, "")
    )
