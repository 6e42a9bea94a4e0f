"""``leapp validate``: does a bundle still give what it gave when it was exported?"""

from __future__ import annotations

from typing import Annotated

import typer

from leapp_core.cli.options import BundleArgument, JsonFlag, ProviderOption, TrustFlag, examples, plugins_of
from leapp_core.cli.render import print_note, show, show_json
from leapp_core.plugins.markers import hookimpl


@hookimpl
def leapp_register_commands(app: typer.Typer) -> None:
    """Add ``validate``."""
    app.command("validate", epilog=examples("leapp validate out/X", "leapp validate out/X --provider cuda"))(validate)


STEPS = typer.Option("--validation_steps", min=1, help="Recorded steps of an episode to compare; all by default.")
ATOL = typer.Option("--atol", min=0.0, help="Absolute tolerance for floating-point outputs; needs --rtol too.")
RTOL = typer.Option("--rtol", min=0.0, help="Relative tolerance for floating-point outputs; needs --atol too.")


def validate(
    context: typer.Context,
    bundle: BundleArgument,
    validation_steps: Annotated[int | None, STEPS] = None,
    atol: Annotated[float | None, ATOL] = None,
    rtol: Annotated[float | None, RTOL] = None,
    provider: ProviderOption = "cpu",
    trust: TrustFlag = False,
    as_json: JsonFlag = False,
) -> None:
    """Hold a bundle against the values recorded at its export.

    Files, hashes and wiring are checked first. Works where it will run: an ONNX bundle needs no PyTorch.
    """
    from leapp_core.cli.export_views import levels_table
    from leapp_core.compare import same_tolerance
    from leapp_core.errors import UsageError
    from leapp_core.plugins.runners import RunnerSettings
    from leapp_core.validation.bundle import CheckSettings, validate_bundle

    if (atol is None) != (rtol is None):
        raise UsageError("only one of --atol and --rtol was given", expected="both or none")
    tolerances = same_tolerance(atol, rtol) if atol is not None and rtol is not None else {}
    settings = CheckSettings(RunnerSettings(provider), validation_steps, tolerances, trust)
    report = validate_bundle(bundle, plugins_of(context), settings)
    if as_json:
        show_json(report.to_json())
    else:
        show(levels_table(report))
        for note in report.notes:
            print_note(note)
    report.raise_if_wrong(f"bundle {bundle}")
