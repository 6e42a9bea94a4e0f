"""``leapp ring``: what a controller did last."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from leapp_core.cli.options import JsonFlag, examples, existing_file
from leapp_core.cli.render import show, show_json
from leapp_core.cli.views import Line, View, fields, table
from leapp_core.places import check_place
from leapp_core.plugins.markers import hookimpl

if TYPE_CHECKING:
    from leapp_core.runtime.control.ring import RingContents


_NUMBER = re.compile(r"\d+(\.\d+)?(e[+-]?\d+)?")
"""What makes two faults of one kind different texts."""
_MOST = 20


@hookimpl
def leapp_register_commands(app: typer.Typer) -> None:
    """Add ``ring``."""
    app.command("ring", epilog=examples("leapp ring last.ring", "leapp ring last.ring last.mcap"))(ring)


FILE = typer.Argument(metavar="FILE", help="Ring that `leapp serve --ring` wrote.", show_default=False)
OUT = typer.Argument(metavar="OUT", help="MCAP file to write.", show_default=False)


def ring(
    file: Annotated[Path, FILE],
    out: Annotated[Path | None, OUT] = None,
    as_json: JsonFlag = False,
) -> None:
    """Show the last steps of a controller, or write them as MCAP.

    Works while the controller runs, and after it was killed.
    """
    from leapp_core.runtime.control.mcap_file import write_mcap
    from leapp_core.runtime.control.ring import read_ring

    existing_file("FILE", file)
    if out is not None:
        check_place("OUT", out)
    contents = read_ring(file)
    if out is not None:
        write_mcap(out, contents)
        show(f"wrote {out}")
    facts = _facts(contents)
    if as_json:
        show_json(facts)
        return
    show(*_views(facts))


def _facts(contents: RingContents) -> dict[str, Any]:
    from leapp_core.runtime.control.ring import INSTEAD, MADE, SILENT

    records = contents.records
    status = Counter(record.status for record in records)
    kinds: dict[str, list[str]] = {}
    for record in records:
        if record.text:
            kinds.setdefault(_NUMBER.sub("#", record.text), []).append(record.text)
    faults = sorted(kinds.values(), key=len, reverse=True)
    return {
        "graph": contents.graph,
        "frequency": contents.frequency,
        "records": len(records),
        "first": records[0].number if records else None,
        "last": records[-1].number if records else None,
        "seconds": (records[-1].time_ns - records[0].time_ns) / 1e9 if records else 0.0,
        "torn": contents.torn,
        "sessions": len({record.session for record in records if record.session}),
        "made": status[MADE],
        "instead": status[INSTEAD],
        "silent": status[SILENT],
        "faults": [{"text": texts[-1], "count": len(texts)} for texts in faults[:_MOST]],
    }


def _views(facts: dict[str, Any]) -> list[View]:
    views: list[View] = [
        fields(
            {
                "policy": f"{facts['graph']}, {facts['frequency']:g} Hz",
                "steps": f"{facts['records']}, number {facts['first']} to {facts['last']}, {facts['seconds']:.3g} s",
                "steps made": facts["made"],
                "held or safe instead": facts["instead"],
                "nothing sent": facts["silent"],
                "runs of the robot": facts["sessions"],
            }
        )
    ]
    if facts["faults"]:
        rows = [(entry["text"], str(entry["count"])) for entry in facts["faults"]]
        views += [Line(""), table("Why steps were not made", ("what, in the last case", "how often"), rows)]
    return views
