"""``leapp diff``: what changed from one bundle to another."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from leapp_core.cli.numbers import MOST_STEPS, seed, whole
from leapp_core.cli.options import JsonFlag, TrustFlag, examples, plugins_of
from leapp_core.cli.render import show, show_json
from leapp_core.cli.views import table
from leapp_core.plugins.markers import hookimpl
from leapp_core.words import counted

if TYPE_CHECKING:
    from leapp_core.bundle import LoadedBundle
    from leapp_core.plugins.manager import PluginManager
    from leapp_core.validation.difference import Change


@hookimpl
def leapp_register_commands(app: typer.Typer) -> None:
    """Add ``diff``."""
    app.command("diff", epilog=examples("leapp diff out/A out/B", "leapp diff out/A out/B --steps 100 --json"))(diff)


FIRST = typer.Argument(metavar="A", help="A bundle.", show_default=False)
SECOND = typer.Argument(metavar="B", help="Another.", show_default=False)
STEPS = whole(
    "--steps", help="Control steps of both on the same random inputs; 0 compares no values.", least=0, most=MOST_STEPS
)
SEED = seed("Seed of these inputs.")
DIFFERENT = 1


def diff(
    context: typer.Context,
    first: Annotated[Path, FIRST],
    second: Annotated[Path, SECOND],
    steps: Annotated[int, STEPS] = 20,
    seed: Annotated[int, SEED] = 0,
    trust: TrustFlag = False,
    as_json: JsonFlag = False,
) -> None:
    """Show how two bundles differ, in words and in what they do.

    Ports, wiring, state and models are compared; then both run on the same inputs. Leaves with 1 if anything differs.
    """
    from leapp_core.bundle import load_document
    from leapp_core.validation.difference import common_inputs, document_changes, initial_value_changes

    one, other = load_document(first), load_document(second)
    changes = (*document_changes(one.document, other.document), *initial_value_changes(one, other))
    outputs: dict[str, float | None] | None = None
    ports = common_inputs(one.document.pipeline, other.document.pipeline)
    if steps and ports is not None:
        from leapp_core.runtime import mock_inputs

        inputs = [mock_inputs(ports, seed + step) for step in range(steps)]
        outputs = _run((one, other), inputs, plugins_of(context), trust=trust)
    if as_json:
        show_json({"changes": [asdict(change) for change in changes], "steps": steps, "outputs": outputs})
    else:
        _show(changes, outputs, steps)
    if changes or any(difference != 0.0 for difference in (outputs or {}).values()):
        raise typer.Exit(DIFFERENT)


def _run(
    bundles: tuple[LoadedBundle, LoadedBundle], inputs: list[dict[str, Any]], plugins: PluginManager, *, trust: bool
) -> dict[str, float | None]:
    from leapp_core.runtime import load
    from leapp_core.validation.difference import behaviour

    one, other = (load(bundle.yaml_path, plugins=plugins, trust=trust, full_names=True) for bundle in bundles)
    return behaviour(one, other, inputs)


def _show(changes: tuple[Change, ...], outputs: Mapping[str, float | None] | None, steps: int) -> None:
    if changes:
        show(table("What they say", ("where", "A", "B"), ((c.where, c.first, c.second) for c in changes)), "")
    else:
        show("they say the same")
    if outputs is None:
        show("not run side by side" + (": their outside inputs differ" if steps else ""))
        return
    rows: list[tuple[Any, ...]] = [
        (name, "another shape" if worst is None else f"{worst:.3g}") for name, worst in outputs.items()
    ]
    show(table(f"What they do, over {counted(steps, 'control step')}", ("output", "largest difference"), rows))
