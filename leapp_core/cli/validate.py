"""``leapp validate``: does a bundle still give what it gave when it was exported?"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from leapp_core.cli.numbers import MOST_STEPS, real, whole
from leapp_core.cli.options import BundleArgument, JsonFlag, ProviderOption, TrustFlag, examples, plugins_of
from leapp_core.cli.render import print_note, show, show_json
from leapp_core.plugins.markers import hookimpl

if TYPE_CHECKING:
    from leapp_core.validation.report import ValidationReport


@hookimpl
def leapp_register_commands(app: typer.Typer) -> None:
    """Add ``validate``."""
    app.command("validate", epilog=examples("leapp validate out/X", "leapp validate out/X --provider cuda"))(validate)


STEPS = whole(
    "--validation_steps", help="Recorded steps of an episode to compare; all by default.", least=1, most=MOST_STEPS
)
ATOL = real("--atol", help="Absolute tolerance for floating-point outputs; needs --rtol too.", least=0.0)
RTOL = real("--rtol", help="Relative tolerance for floating-point outputs; needs --atol too.", least=0.0)

NO_SLACK = typer.Option(
    "--no-slack", "--no_slack", help="Allow nothing beside the tolerance, though rounding or a tie alone may make it."
)


def validate(  # noqa: PLR0913 - one parameter per option
    context: typer.Context,
    bundle: BundleArgument,
    validation_steps: Annotated[int | None, STEPS] = None,
    atol: Annotated[float | None, ATOL] = None,
    rtol: Annotated[float | None, RTOL] = None,
    no_slack: Annotated[bool, NO_SLACK] = False,
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
        raise UsageError("only one of --atol and --rtol was given", expected="both or none", code="U004")
    tolerances = same_tolerance(atol, rtol) if atol is not None and rtol is not None else {}
    settings = CheckSettings(RunnerSettings(provider), validation_steps, tolerances, trust, slack=not no_slack)
    report = validate_bundle(bundle, plugins_of(context), settings)
    if as_json:
        show_json(report.to_json())
    else:
        show(levels_table(report))
        for note in (*report.notes, *_slack(report)):
            print_note(note)
    report.raise_if_wrong(f"bundle {bundle}")


def _slack(report: ValidationReport) -> Iterator[str]:
    """Say what was allowed beside the tolerance."""
    allowed = {ref: slack for level in report.levels for ref, slack in level.slack.items()}
    if allowed:
        ref = max(allowed, key=lambda ref: allowed[ref])
        most = f"up to {allowed[ref]:.3g} was" if math.isfinite(allowed[ref]) else "anything was"
        yield (
            f"beside the tolerance {most} allowed where rounding or a tie alone makes a difference (at {ref}); "
            "--no-slack allows nothing"
        )
