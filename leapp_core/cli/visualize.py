"""``leapp visualize``: the picture of a bundle."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from leapp_core.cli.options import BundleArgument, JsonFlag, examples
from leapp_core.cli.render import show, show_json
from leapp_core.places import check_folder, check_place
from leapp_core.plugins.markers import hookimpl


@hookimpl
def leapp_register_commands(app: typer.Typer) -> None:
    """Add ``visualize``."""
    app.command(
        "visualize",
        epilog=examples("leapp visualize out/X", "leapp visualize out/X --output gru.svg"),
    )(visualize)


OUTPUT = typer.Option("--output", "-o", help="A .png or .svg file to write instead of both beside the bundle's YAML.")


def visualize(bundle: BundleArgument, output: Annotated[Path | None, OUTPUT] = None, as_json: JsonFlag = False) -> None:
    """Draw a bundle as PNG and SVG."""
    from leapp_core.bundle import load_document
    from leapp_core.visualize import render
    from leapp_core.visualize.render import FORMATS

    if output is not None:
        check_place("--output", output, tuple(f".{name}" for name in FORMATS))
    loaded = load_document(bundle)
    folder, stem, formats = loaded.folder, loaded.yaml_path.stem, FORMATS
    if output is not None:
        folder, stem, formats = output.parent, output.stem, (output.suffix.removeprefix(".").lower(),)
    check_folder(f"bundle {bundle}" if output is None else "--output", folder)
    written = render(loaded.document, folder, stem, initial_values=loaded.initial_values, formats=formats)
    if as_json:
        show_json({"pictures": [str(path) for path in written]})
        return
    show(*(f"wrote {path}" for path in written))
