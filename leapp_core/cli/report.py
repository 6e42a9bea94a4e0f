"""``leapp report``: the page of a bundle, or of several side by side."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from leapp_core.cli.options import JsonFlag, TrustFlag, examples, plugins_of
from leapp_core.cli.render import show, show_json
from leapp_core.places import check_folder, check_place
from leapp_core.plugins.markers import hookimpl

if TYPE_CHECKING:
    from leapp_core.plugins.manager import PluginManager


@hookimpl
def leapp_register_commands(app: typer.Typer) -> None:
    """Add ``report``."""
    app.command(
        "report",
        epilog=examples(
            "leapp report out/X", "leapp report out/X out/Y --output both.html", "leapp report out/X --bench -o x.html"
        ),
    )(report)


BUNDLES = typer.Argument(metavar="BUNDLE", help="Folders of bundles, or their YAML files.", show_default=False)
OUTPUT = typer.Option(
    "--output", "-o", help="The .html file to write; by default report.html in the bundle, or in the current folder."
)
NO_SOURCE = typer.Option("--no-source", help="Leave lines of your code out of the page.")
BENCH = typer.Option("--bench", help="Measure step times here and show them; such a page is not part of the bundle.")
STEPS = 2_000


def report(
    context: typer.Context,
    bundles: Annotated[list[Path], BUNDLES],
    output: Annotated[Path | None, OUTPUT] = None,
    no_source: Annotated[bool, NO_SOURCE] = False,
    bench: Annotated[bool, BENCH] = False,
    trust: TrustFlag = False,
    as_json: JsonFlag = False,
) -> None:
    """Write the page of a bundle, or of several side by side.

    It shows picture, ports, state, validation curves, constants and models. One file that needs no
    network. With several bundles the page begins with what differs between them.
    """
    from leapp_core.bundle import find_document, load_document
    from leapp_core.report import FILE, render_page, write_report

    manager = plugins_of(context)
    if len(bundles) == 1 and output is None and not bench:
        check_folder(f"bundle {bundles[0]}", find_document(bundles[0]).parent)
        path = write_report(bundles[0], manager, source=not no_source, trust=trust)
    else:
        path = output or Path(FILE)
        check_place("--output", path, (".html", ".htm"))
        loaded = [load_document(bundle) for bundle in bundles]
        times = [_measure(bundle, manager, trust=trust) for bundle in bundles] if bench else []
        page = render_page(loaded, manager, source=not no_source, trust=trust, bench=times)
        path.write_text(page, encoding="utf-8")
    if as_json:
        show_json({"page": str(path)})
        return
    show(f"wrote {path}")


def _measure(bundle: Path, plugins: PluginManager, *, trust: bool) -> dict[str, Any]:
    from leapp_core.runtime import load, measure_bundle

    latency = measure_bundle(load(bundle, plugins=plugins, trust=trust), STEPS)
    facts = {
        "median step": f"{latency.wall_median_us:.1f} µs",
        "99 of 100 steps within": f"{latency.wall_p99_us:.1f} µs",
        "slowest of all": f"{latency.wall_worst_us:.1f} µs",
        "measured": f"{STEPS} steps on this machine's CPU, one thread",
    }
    return {"facts": [{"name": name, "value": value} for name, value in facts.items()]}
