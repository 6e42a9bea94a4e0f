"""``leapp bench``: how long a control step of a bundle takes, and whether its rate can be kept."""

from __future__ import annotations

from collections import deque
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from leapp_core.cli.finite import FiniteWatch
from leapp_core.cli.numbers import MOST_SECONDS, MOST_STEPS, real, whole
from leapp_core.cli.options import BundleArgument, FiniteFlag, JsonFlag, ProviderOption, TrustFlag, examples, plugins_of
from leapp_core.cli.render import print_note, show, show_json
from leapp_core.cli.views import View, fields, table
from leapp_core.errors import UsageError
from leapp_core.plugins.markers import hookimpl
from leapp_core.words import counted

if TYPE_CHECKING:
    from leapp_core.runtime import LatencyReport, PolicyRuntime, RateReport


@hookimpl
def leapp_register_commands(app: typer.Typer) -> None:
    """Add ``bench``."""
    app.command(
        "bench",
        epilog=examples("leapp bench out/X", "leapp bench out/X --threads 2", "leapp bench out/X --realtime 10"),
    )(bench)


STEPS = whole("--steps", help="Control steps to measure, on random inputs.", least=1, most=10 * MOST_STEPS)
THREADS = whole("--threads", help="Threads within one operator.", least=1, most=1024)
MERGE = typer.Option("--merge/--no-merge", help="Join nodes into one model where results are bit-identical.")
REALTIME = real(
    "--realtime", help="Also run this many seconds at the bundle's frequency.", least=0.0, most=MOST_SECONDS
)
FREQUENCY = real(
    "--frequency", help="Steps per second for --realtime, in place of the bundle's.", least=0.001, most=100_000.0
)

_LOOKED_AT = 16
_FEWEST_BEATS = 2


def bench(  # noqa: PLR0913 - one parameter per option
    context: typer.Context,
    bundle: BundleArgument,
    steps: Annotated[int, STEPS] = 10_000,
    threads: Annotated[int, THREADS] = 1,
    merge: Annotated[bool, MERGE] = True,
    realtime: Annotated[float, REALTIME] = 0.0,
    frequency: Annotated[float | None, FREQUENCY] = None,
    check_finite: FiniteFlag = False,
    provider: ProviderOption = "cpu",
    trust: TrustFlag = False,
    as_json: JsonFlag = False,
) -> None:
    """Measure the time of a control step. With --realtime, also how well the loop keeps its rate."""
    from leapp_core.plugins.runners import RunnerSettings
    from leapp_core.runtime import load, measure_bundle, run_realtime

    settings = RunnerSettings(provider, intra_op_threads=threads)
    if frequency is not None and not realtime:
        raise UsageError(
            "--frequency goes with --realtime", fix="add --realtime SECONDS, or leave --frequency out", code="U004"
        )
    plugins = plugins_of(context)
    runtime = load(bundle, settings=settings, plugins=plugins, trust=trust, merge=merge, check_finite=check_finite)
    rate = _rate(runtime, frequency, realtime, bundle) if realtime else None
    latency = measure_bundle(runtime, steps)
    not_finite = _not_finite(runtime)
    kept = run_realtime(runtime, rate, realtime) if rate else None
    if as_json:
        facts = {"merged": runtime.merged, "notes": list(runtime.notes), "latency": latency.as_dict()}
        facts["not_finite"] = not_finite
        show_json({**facts, "rate": kept.as_dict() if kept else None})
        return
    for name in not_finite:
        print_note(f"output {name!r} is not finite on random inputs: times of a policy that computes NaN may mislead")
    show(*_views(runtime, latency, kept))


def _not_finite(runtime: PolicyRuntime) -> list[str]:
    """Return the outputs that hold NaN or infinities after a few steps on such inputs as were timed."""
    from leapp_core.runtime import mock_inputs

    watch = FiniteWatch()
    made = (runtime.step(mock_inputs(runtime.inputs, seed, runtime.sizes)) for seed in range(_LOOKED_AT))
    deque(watch(made), maxlen=0)
    runtime.reset()
    return list(watch.found)


def _rate(runtime: PolicyRuntime, frequency: float | None, seconds: float, bundle: Path) -> float:
    rate = frequency if frequency is not None else runtime.frequency
    if rate is None:
        raise UsageError(f"bundle {bundle.name!r} states no frequency", fix="give one with --frequency", code="U004")
    if seconds * rate < _FEWEST_BEATS:
        raise UsageError(
            f"--realtime {seconds:g} is over before a second step at {rate:g} Hz",
            fix=f"--realtime {_FEWEST_BEATS / rate:g} or more",
            code="U003",
        )
    return rate


def _views(runtime: PolicyRuntime, latency: LatencyReport, kept: RateReport | None) -> list[View]:
    rows = (
        ("processor", *_times(latency.median_us, latency.p90_us, latency.p99_us, latency.worst_us)),
        ("wall", *_times(latency.wall_median_us, latency.wall_p90_us, latency.wall_p99_us, latency.wall_worst_us)),
    )
    views: list[View] = [
        fields(
            {
                "steps": latency.steps,
                "native calls per step": 1 if runtime.merged else len(runtime.pipeline.nodes),
                "99 of 100 steps could run at": f"{latency.max_frequency:.0f} Hz",
                "bundle's frequency": f"{runtime.frequency:g} Hz" if runtime.frequency else None,
                "note": "; ".join(runtime.notes) or None,
            }
        ),
        table(None, ("time (µs)", "median", "p90", "p99", "worst"), rows),
    ]
    if kept is not None:
        views.append(
            fields(
                {
                    "rate asked for": f"{kept.frequency:g} Hz",
                    "rate kept": f"{kept.achieved:.2f} Hz over {counted(kept.steps, 'step')}",
                    "overruns": f"{kept.overruns}, {counted(kept.skipped, 'beat')} skipped",
                    "late": f"{kept.mean_late_ms:.3f} ms on average, {kept.worst_late_ms:.3f} ms at worst",
                    "busy": f"{kept.busy_percent:.1f} %",
                }
            )
        )
    return views


def _times(*values: float) -> tuple[str, ...]:
    return tuple(f"{value:.1f}" for value in values)
