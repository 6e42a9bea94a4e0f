"""``leapp diff``: what changed from one bundle to another."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from textwrap import fill
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
    from leapp_core.validation.difference import WeightChange
    from leapp_core.validation.terms import Change


@hookimpl
def leapp_register_commands(app: typer.Typer) -> None:
    """Add ``diff``."""
    app.command(
        "diff",
        epilog=examples(
            "leapp diff out/A out/B", "leapp diff out/A out/B --steps 100 --json", "leapp diff out/A deploy.yaml"
        ),
    )(diff)


FIRST = typer.Argument(metavar="A", help="A bundle.", show_default=False)
SECOND = typer.Argument(metavar="B", help="Another, or a deploy.yaml that is kept by hand.", show_default=False)
STEPS = whole(
    "--steps",
    help="Control steps of both on random inputs, after the recorded ones; 0 compares no values.",
    least=0,
    most=MOST_STEPS,
)
SEED = seed("Seed of these inputs.")
DIFFERENT = 1
_SHOWN = 20


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

    Ports, wiring, terms, state and weights are compared; then both run on what A was recorded with and on random
    inputs. Leaves with 1 if anything differs.
    """
    from leapp_core.bundle import load_document
    from leapp_core.validation.deploy_yaml import is_deploy_yaml
    from leapp_core.validation.difference import document_changes, gain_changes, initial_value_changes

    one = load_document(first)
    if is_deploy_yaml(second):
        _diff_by_hand(one, second, as_json=as_json)
        return
    other = load_document(second)
    said = document_changes(one.document, other.document)
    changes = (*said, *gain_changes(one, other), *initial_value_changes(one, other))
    weights = _weights((one, other), plugins_of(context), trust=trust)
    ran = _side_by_side((one, other), steps, seed, plugins_of(context), trust=trust) if steps else None
    if as_json:
        facts = {
            "changes": [asdict(c) for c in changes],
            "weights": {n: [asdict(c) for c in w] for n, w in weights.items()},
        }
        show_json(
            facts | {"steps": steps, "recorded_steps": ran.recorded if ran else 0, "outputs": ran and ran.outputs}
        )
    else:
        _show(changes, weights, ran, steps)
    apart = ran is not None and any(difference != 0.0 for difference in ran.outputs.values())
    if changes or apart or any(weights.values()):
        raise typer.Exit(DIFFERENT)


@dataclass(frozen=True)
class _Ran:
    """What two bundles did on the same inputs: how many of them were recorded, and the largest difference by output."""

    recorded: int
    outputs: dict[str, float | None]


def _side_by_side(
    bundles: tuple[LoadedBundle, LoadedBundle], steps: int, seed: int, plugins: PluginManager, *, trust: bool
) -> _Ran | None:
    """Run both on recorded and on random inputs; ``None`` if they take others."""
    from leapp_core.runtime import load, mock_inputs
    from leapp_core.validation.difference import behaviour, common_inputs, recorded_inputs

    ports = common_inputs(*(bundle.document.pipeline for bundle in bundles))
    if ports is None:
        return None
    recorded = recorded_inputs(bundles[0], ports)
    inputs = [*recorded, *(mock_inputs(ports, seed + step) for step in range(steps))]
    one, other = (load(bundle.yaml_path, plugins=plugins, trust=trust, full_names=True) for bundle in bundles)
    return _Ran(len(recorded), behaviour(one, other, inputs))


def _weights(
    bundles: tuple[LoadedBundle, LoadedBundle], plugins: PluginManager, *, trust: bool
) -> dict[str, tuple[WeightChange, ...]]:
    """Return the tensors that differ, by node, of nodes whose models are of one format that can be looked into."""
    from leapp_core.validation.difference import weight_changes

    found = {}
    one, other = bundles
    for node in sorted(one.document.artifacts.keys() & other.document.artifacts.keys()):
        forms = {bundle.document.artifacts[node].format for bundle in bundles}
        runners = [plugins.runners.get(form) for form in forms if form in plugins.runners]
        if len(forms) > 1 or not runners or (runners[0].runs_code and not trust):
            continue
        tensors = [runners[0].weights(bundle.artifact_paths[node]) for bundle in bundles]
        if all(tensors) and not tensors[0].keys().isdisjoint(tensors[1]):  # or another exporter named them
            found[node] = weight_changes(*tensors)
    return found


def _show(
    changes: tuple[Change, ...], weights: Mapping[str, tuple[WeightChange, ...]], ran: _Ran | None, steps: int
) -> None:
    if changes:
        show(table("What they say", ("where", "A", "B"), ((c.where, c.first, c.second) for c in changes)), "")
    else:
        show("they say the same")
    rows = [(node, change) for node, found in weights.items() for change in found]
    if rows:
        shown = ((node, c.tensor, *_weight(c)) for node, c in rows[:_SHOWN])
        show(table("Weights", ("node", "tensor", "shape", "largest change", "of at most"), shown))
        show(*([f"and {counted(len(rows) - _SHOWN, 'tensor')} more, see --json"] if len(rows) > _SHOWN else []), "")
    elif weights:
        show("their weights are the same")
    if ran is None:
        show("not run side by side" + (": their outside inputs differ" if steps else ""))
        return
    outputs: list[tuple[Any, ...]] = [
        (name, "another shape" if worst is None else f"{worst:.3g}") for name, worst in ran.outputs.items()
    ]
    over = f"{ran.recorded} recorded and {counted(steps, 'random control step')}"
    show(table(f"What they do, over {over}", ("output", "largest difference"), outputs))


def _weight(change: WeightChange) -> tuple[str, str, str]:
    if change.first is None or change.second is None:
        return str(change.first or change.second), "in B only" if change.first is None else "in A only", ""
    if change.largest is None:
        return f"{change.first} and {change.second}", "another shape", ""
    return str(change.first), f"{change.largest:.3g}", f"{change.scale:.3g}"


def _diff_by_hand(bundle: LoadedBundle, path: Path, *, as_json: bool) -> None:
    """Show how a bundle differs from a file that states by hand what it holds."""
    from leapp_core.validation.deploy_yaml import compare_with_deploy_yaml

    found = compare_with_deploy_yaml(bundle, path)
    if as_json:
        show_json(asdict(found))
    else:
        if found.changes:
            rows = ((c.where, c.first, c.second) for c in found.changes)
            show(table(f"What differs from {path.name}", ("where", "bundle", "by hand"), rows), "")
        show(*fill(f"the same: {', '.join(found.same) or 'nothing'}", 80).splitlines())
        show(*(f"not compared: {text}" for text in found.left_out))
        show(f"joints are taken in the order of the bundle: {path.name} does not name them")
    if found.changes:
        raise typer.Exit(DIFFERENT)
