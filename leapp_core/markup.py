"""HTML for notebooks: small tables without styles or scripts of their own. Everything is escaped."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape


def html_table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return a table; cells are text."""
    head = "".join(f'<th style="text-align:left">{escape(column)}</th>' for column in columns)
    body = "".join(
        "<tr>" + "".join(f'<td style="text-align:left">{html_text(cell)}</td>' for cell in row) + "</tr>"
        for row in rows
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def html_block(title: str, about: str, *parts: str) -> str:
    """Return a title in bold with some words beside it, and HTML below."""
    words = f" {html_text(about)}" if about else ""
    return f"<div><strong>{html_text(title)}</strong>{words}{''.join(parts)}</div>"


def html_list(items: Iterable[str]) -> str:
    """Return a list of texts; nothing if there is none."""
    entries = "".join(f"<li>{html_text(item)}</li>" for item in items)
    return f"<ul>{entries}</ul>" if entries else ""


def html_text(value: object) -> str:
    """Return a text for HTML, with its line breaks."""
    return escape(str(value)).replace("\n", "<br>")
