"""``leapp run``: step a bundle on stored, recorded or random inputs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from leapp_core.cli.finite import FiniteWatch
from leapp_core.cli.numbers import MOST_STEPS, seed, whole
from leapp_core.cli.options import (
    BundleArgument,
    FiniteFlag,
    JsonFlag,
    ProviderOption,
    TrustFlag,
    examples,
    existing_file,
    plugins_of,
)
from leapp_core.cli.render import print_note, show, show_json
from leapp_core.cli.views import Line, View, table
from leapp_core.errors import UsageError, ValidationError
from leapp_core.places import check_place
from leapp_core.plugins.markers import hookimpl
from leapp_core.words import counted

if TYPE_CHECKING:
    import numpy as np

    from leapp_core.runtime import PolicyRuntime, ReplayReport


@hookimpl
def leapp_register_commands(app: typer.Typer) -> None:
    """Add ``run``."""
    app.command(
        "run",
        epilog=examples(
            "leapp run out/X --steps 3",
            "leapp run out/X --inputs log.npz --output out.npz",
            "leapp run out/X --record run.npz",
            "leapp run out/X --replay run.npz",
        ),
    )(run)


INPUTS = typer.Option("--inputs", help="An .npz file with one array per input, one step or several along axis 0.")
STEPS = whole("--steps", help="Control steps with random inputs, or of --inputs at most.", least=1, most=MOST_STEPS)
SEED = seed("Seed of random inputs.")
OUTPUT = typer.Option("--output", "-o", help="Write outputs to this .npz file, steps along axis 0.")
RECORD = typer.Option("--record", help="Record inputs, outputs and state to this file, for --replay.")
REPLAY = typer.Option("--replay", help="Feed a recording and compare outputs bit for bit.")


def run(  # noqa: PLR0913 - one parameter per option
    context: typer.Context,
    bundle: BundleArgument,
    inputs: Annotated[Path | None, INPUTS] = None,
    steps: Annotated[int | None, STEPS] = None,
    seed: Annotated[int, SEED] = 0,
    output: Annotated[Path | None, OUTPUT] = None,
    record: Annotated[Path | None, RECORD] = None,
    replay: Annotated[Path | None, REPLAY] = None,
    provider: ProviderOption = "cpu",
    check_finite: FiniteFlag = False,
    trust: TrustFlag = False,
    as_json: JsonFlag = False,
) -> None:
    """Run a bundle for some control steps and show what comes out.

    Without inputs, random ones are used.
    """
    from leapp_core.plugins.runners import RunnerSettings
    from leapp_core.runtime import load

    if replay is not None and (inputs or record or output):
        raise UsageError(
            "--replay cannot be combined with --inputs, --record or --output",
            fix="run twice, once with --replay alone",
            code="U004",
        )
    existing_file("--inputs", inputs)
    existing_file("--replay", replay)
    for option, made_there in (("--output", output), ("--record", record)):
        if made_there is not None:
            check_place(option, made_there)
    if output is not None and record is not None and output.absolute() == record.absolute():
        raise UsageError(f"--output and --record both name {output}", expected="two files", code="U004")
    settings = RunnerSettings(provider)
    runtime = load(bundle, settings=settings, plugins=plugins_of(context), trust=trust, check_finite=check_finite)
    if replay is not None:
        _replay(runtime, replay, as_json=as_json)
        return
    watched = FiniteWatch()
    made = _step(runtime, watched(_inputs(runtime, inputs, steps, seed)), record)
    if output is not None:
        _write(output, made)
    if as_json:
        show_json({"steps": len(made), "outputs": made, "not_finite": watched.found})
        return
    if inputs is None:
        print_note(f"inputs are random (seed {seed}); pass real ones with --inputs FILE.npz")
    for note in watched.notes():
        print_note(note)
    show(*_views(runtime, made), *(f"wrote {path}" for path in (output, record) if path is not None))


def _inputs(
    runtime: PolicyRuntime, path: Path | None, steps: int | None, seed: int
) -> Iterator[dict[str, np.ndarray[Any, Any]]]:
    from leapp_core.runtime import mock_inputs, stored_inputs

    if path is not None:
        return islice(stored_inputs(runtime, path), steps)
    return (mock_inputs(runtime.inputs, seed + step, runtime.sizes) for step in range(steps or 1))


def _step(
    runtime: PolicyRuntime, inputs: Iterable[dict[str, np.ndarray[Any, Any]]], record: Path | None
) -> list[dict[str, np.ndarray[Any, Any]]]:
    from leapp_core.runtime import RecordingRuntime

    if record is None:
        return [runtime.step(given) for given in inputs]
    with RecordingRuntime(runtime, record) as recorder:
        return [recorder.step(given) for given in inputs]


def _write(path: Path, made: list[dict[str, np.ndarray[Any, Any]]]) -> None:
    import numpy as np

    arrays: dict[str, Any] = {name: np.stack([step[name] for step in made]) for name in made[0]}
    with path.open("wb") as stream:
        np.savez(stream, **arrays)


def _views(runtime: PolicyRuntime, made: list[dict[str, np.ndarray[Any, Any]]]) -> list[View]:
    rows = []
    for name, value in runtime.by_name(made[-1]).items():
        if isinstance(value, dict):
            rows += [(name, element, _number(number)) for element, number in value.items()]
        else:
            rows.append((name, f"shape {list(value.shape)}", _summary(value)))
    return [
        Line(f"{counted(len(made), 'control step')}; outputs of the last:"),
        table(None, ("output", "element", "value"), rows),
    ]


def _number(value: Any) -> str:
    return f"{value:.6g}" if getattr(value, "ndim", 0) == 0 else str(value)


def _summary(value: np.ndarray[Any, Any]) -> str:
    if value.size == 0:
        return "empty"
    if value.size <= 6:
        return ", ".join(f"{number:.6g}" for number in value.reshape(-1))
    return f"{value.min():.6g} to {value.max():.6g}"


def _replay(runtime: PolicyRuntime, path: Path, *, as_json: bool) -> None:
    from leapp_core.runtime import replay

    report = replay(runtime, path)
    if as_json:
        show_json(report.as_dict())
    else:
        rows = ((name, f"{worst:.3g}") for name, worst in report.worst.items())
        verdict = "identical to the bit" if report.identical else "different from the recording"
        show(
            f"{counted(report.steps, 'recorded step')}: {verdict}", table(None, ("output", "largest difference"), rows)
        )
    _refuse_difference(report, path)


def _refuse_difference(report: ReplayReport, path: Path) -> None:
    if not report.identical:
        raise ValidationError(
            "the bundle answers otherwise than when it was recorded",
            where=f"{path}: {report.first_difference}",
            fix="compare provider, thread settings and library versions with those of the recording",
            code="V003",
        )
