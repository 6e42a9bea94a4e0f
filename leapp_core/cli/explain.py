"""``leapp explain``: the page of an error code."""

from __future__ import annotations

from typing import Annotated

import typer

from leapp_core.cli.options import JsonFlag, examples
from leapp_core.cli.render import show, show_json
from leapp_core.cli.views import Line
from leapp_core.errors import CODE_PREFIX, UsageError
from leapp_core.plugins.markers import hookimpl


@hookimpl
def leapp_register_commands(app: typer.Typer) -> None:
    """Add ``explain``."""
    app.command("explain", epilog=examples("leapp explain C012", "leapp explain --list"))(explain)


def explain(
    code: Annotated[
        str | None,
        typer.Argument(metavar="CODE", help="Code that an error shows: C012 or LEAPP-C012.", show_default=False),
    ] = None,
    listing: Annotated[bool, typer.Option("--list", help="List all codes.")] = False,
    as_json: JsonFlag = False,
) -> None:
    """Say what the code of an error means.

    Prints an example that provokes it and how to write it instead. The pages come with LEAPP and need no network.
    """
    from leapp_core.explain import areas, find_page

    if listing == (code is not None):
        raise UsageError(
            "leapp explain needs a code" if code is None else "--list goes without a code",
            expected="`leapp explain C012` or `leapp explain --list`",
            code="U002" if code is None else "U004",
        )
    if code is not None:
        page = find_page(code)
        if as_json:
            show_json({"code": f"{CODE_PREFIX}{page.code}", "title": page.title, "text": page.text})
            return
        show(Line(f"{CODE_PREFIX}{page.code}  {page.title}", style="bold"), "", *map(Line, _as_text(page.text)))
        intro = next(area.intro for area in areas() if page in area.pages)  # what the names in examples are
        show("", *map(Line, _as_text(intro)))
        return
    if as_json:
        show_json([{"code": f"{CODE_PREFIX}{p.code}", "title": p.title} for area in areas() for p in area.pages])
        return
    for number, area in enumerate(areas()):
        show(*([""] if number else []), Line(area.title, style="bold"))
        show(*(f"  {page.code}  {page.title}" for page in area.pages))


def _as_text(markdown: str) -> list[str]:
    """Return Markdown as lines for a terminal: blocks of code are moved in, and their fences left out."""
    lines, inside = [], False
    for line in markdown.splitlines():
        if line.startswith("```"):
            inside = not inside
            continue
        lines.append(f"    {line}".rstrip() if inside else line)
    return lines
