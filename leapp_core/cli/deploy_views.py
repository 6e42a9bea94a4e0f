"""What a deployment came to, as tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from leapp_core.cli.views import Line, View, fields, table
from leapp_core.words import counted

if TYPE_CHECKING:
    from leapp_core.deploy.records import Agreement
    from leapp_core.deploy.result import DeployResult


def deploy_views(result: DeployResult) -> list[View]:
    """Return what ``leapp deploy`` prints when it is done."""
    views: list[View] = [Line(""), _head(result)]
    if result.agreement is not None:
        views += [Line(""), *_compared(result, result.agreement)]
    views += [Line("")] if result.notes else []
    return views + [Line(f"note: {note}", style="yellow") for note in result.notes]


def _head(result: DeployResult) -> View:
    time, track = result.timing, result.track
    ended = f", {counted(len(track.ends), 'episode')} ended" if track.ends else ""
    rate = f"{time.steps_per_second:.{0 if time.steps_per_second >= 10 else 1}f} per second"
    period = "" if time.period_ms is None else f"; {time.overruns} over the period of {time.period_ms:.3g} ms"
    return fields(
        {
            "task": f"{result.task} ({result.environment})",
            "control steps": f"{track.steps} from seed {result.seed}{ended}, {rate}",
            "reward per step": _reward(result.reward),
            "bundle's step": f"{time.bundle_ms:.3g} ms, worst {time.bundle_worst_ms:.3g} ms{period}",
            "plot": result.plot,
            "video": result.video,
            "every step": result.save,
        }
    )


def _compared(result: DeployResult, found: Agreement) -> list[View]:
    state = max(found.state.items(), key=lambda item: item[1], default=("", 0.0))
    head = fields(
        {
            "policy beside it": result.checkpoint,
            "its reward per step": _reward(result.policy_reward),
            "shown what it was shown": _verdict(result),
            "drift side by side": f"{found.action:.3g} of an action ({found.relative:.3g} of its range), "
            f"{state[1]:.3g} of the robot's state" + (f" ({state[0]})" if state[1] else ""),
        }
    )
    columns = ("step", "target", "element", "policy", "bundle", "difference", "relative", "state after it")
    rows = [
        (
            row.step,
            row.target,
            row.element,
            f"{row.policy:.6g}",
            f"{row.bundle:.6g}",
            f"{row.difference:.3g}",
            f"{row.relative:.3g}",
            f"{row.state:.3g} {row.state_name}",
        )
        for row in found.worst
        if row.difference > 0.0
    ]
    if not rows:
        return [head, Line("every action is the same to the bit")]
    return [head, Line(""), table("Steps that differ most", columns, rows)]


def _verdict(result: DeployResult) -> str:
    error = result.open_loop_error
    if error is None:
        return "not compared: the training form does not tell its readings"
    return f"the bundle differs by {error:.3g} of an action at most"


def _reward(value: float | None) -> str:
    return "unknown" if value is None else f"{value:.4f}"
