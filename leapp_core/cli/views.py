"""What commands show, as values: a table, named fields, a line. How they look is decided in :mod:`render`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Line:
    """One line of text, shown as it is; no markup is read from it."""

    text: str
    style: str = ""


@dataclass(frozen=True)
class Table:
    """Rows under column heads.

    Attributes:
        columns: Heads.
        rows: Cells as text, one per column.
        title: Shown above, or ``None``.
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    title: str | None = None


@dataclass(frozen=True)
class Fields:
    """Names and their values, aligned."""

    pairs: tuple[tuple[str, str], ...]


View = Line | Table | Fields


def table(title: str | None, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> Table:
    """Return a table; ``None`` becomes an empty cell, columns without any content are left out."""
    cells = tuple(tuple("" if cell is None else str(cell) for cell in row) for row in rows)
    kept = [index for index in range(len(columns)) if not cells or any(row[index] for row in cells)]
    return Table(
        tuple(columns[index] for index in kept), tuple(tuple(row[index] for index in kept) for row in cells), title
    )


def fields(pairs: Mapping[str, object]) -> Fields:
    """Return aligned names and values; values that are ``None`` are left out."""
    return Fields(tuple((name, str(value)) for name, value in pairs.items() if value is not None))
