"""Draw a deployment's targets over time: one small panel per joint, the policy beside the bundle if there was one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from leapp_core.errors import LeappError
from leapp_core.words import counted

if TYPE_CHECKING:
    import numpy as np

    from leapp_core.deploy.result import DeployResult
    from leapp_core.spec.document import BundleDocument
    from leapp_core.spec.port import PortSpec

_INK, _BUNDLE, _POLICY, _GRID, _FAINT = "#22282f", "#1f77b4", "#e07b39", "#e6e8eb", "#6b7480"
_STYLE = {
    "font.size": 8,
    "font.family": "DejaVu Sans",
    "text.color": _INK,
    "axes.edgecolor": "#b8bec6",
    "axes.labelcolor": _FAINT,
    "axes.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "xtick.color": _FAINT,
    "ytick.color": _FAINT,
    "xtick.major.size": 2,
    "ytick.major.size": 2,
    "svg.hashsalt": "leapp",
}
_MOST_PANELS = 40


def write_plot(path: Path, result: DeployResult, document: BundleDocument) -> None:
    """Write the picture.

    Args:
        path: File to write; its ending says the format.
        result: What to draw.
        document: The bundle, for names and kinds.

    Raises:
        LeappError: nothing was written to the robot, so there is nothing to draw.
    """
    panels = _panels(result, document)
    if not panels:
        raise LeappError(
            "the bundle wrote no targets, so there is nothing to draw", where=str(result.bundle), code="X007"
        )
    import matplotlib as mpl
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    with mpl.rc_context(_STYLE):
        columns = 1 if len(panels) <= 3 else 3 if len(panels) <= 12 else 5
        rows = -(-len(panels) // columns)
        width = 7.0 if columns == 1 else 2.6 * columns
        figure = Figure(figsize=(width, 0.95 + 1.15 * rows), dpi=150, layout="constrained")
        FigureCanvasAgg(figure)
        axes = figure.subplots(rows, columns, sharex=True, squeeze=False)
        seconds = _seconds(result, document)
        for index, axis in enumerate(axes.flat):
            if index < len(panels):
                _panel(axis, seconds, result, panels[index])
            else:
                axis.set_visible(False)
        for axis in [axes[-1 if c < len(panels) - (rows - 1) * columns else -2][c] for c in range(columns)]:
            axis.set_xlabel("time [s]", fontsize=7)
            axis.tick_params(labelbottom=True)
        _heading(figure, axes[0][0], result, panels)
        figure.savefig(path)


Panel = tuple[str, int, str, str]
"""Target, element, name to show, kind and unit."""


def _panels(result: DeployResult, document: BundleDocument) -> list[Panel]:
    specs = {ref.port: document.pipeline.output_spec(ref) for ref in document.pipeline.outputs}
    panels: list[Panel] = []
    for target, values in result.track.targets.items():
        spec = specs.get(target.rpartition("/")[2])
        axis = ((spec.element_names if spec else None) or (None,))[-1]
        names = list(axis) if isinstance(axis, (tuple, list)) else []
        for index in range(values[0].size):
            name = names[index] if index < len(names) else f"{target} {index}"
            panels.append((target, index, str(name), _kind_and_unit(spec, index)))
    return panels[:_MOST_PANELS]


def _kind_and_unit(spec: PortSpec | None, index: int) -> str:
    if spec is None or not spec.kind:
        return ""
    unit = spec.extra.get("unit")
    if isinstance(unit, (list, tuple)):
        unit = unit[index] if index < len(unit) else None
    return f"{spec.kind} [{unit}]" if unit else str(spec.kind)


def _panel(axis: Any, seconds: np.ndarray[Any, Any], result: DeployResult, panel: Panel) -> None:
    target, index, name, _ = panel
    axis.grid(color=_GRID, linewidth=0.6)
    for end in (end for end in result.track.ends if end + 1 < result.track.steps):
        axis.axvline(seconds[end], color=_FAINT, linewidth=0.6, linestyle=(0, (2, 2)))
    bundle = _series(result.track.targets, target, index)
    axis.step(seconds, bundle, where="post", color=_BUNDLE, linewidth=1.3, label="bundle", zorder=3)
    if target in result.track.expected:
        policy = _series(result.track.expected, target, index)
        dashes = (0, (3, 3))
        axis.step(
            seconds, policy, where="post", color=_POLICY, linewidth=1.3, linestyle=dashes, label="policy", zorder=4
        )
    axis.set_title(name, loc="left", fontsize=8, pad=3)
    axis.margins(x=0.01, y=0.12)
    axis.locator_params(axis="y", nbins=4)
    low, high = axis.get_ylim()
    if high - low < 1e-6:
        axis.set_ylim(low - 0.5, high + 0.5)


def _series(tracks: Mapping[str, Sequence[np.ndarray[Any, Any]]], target: str, index: int) -> list[float]:
    return [float(value[index]) for value in tracks[target]]


def _seconds(result: DeployResult, document: BundleDocument) -> np.ndarray[Any, Any]:
    import numpy as np

    return np.arange(result.track.steps) / (document.pipeline.configs.frequency or 1.0)


def _heading(figure: Any, axis: Any, result: DeployResult, panels: Sequence[Panel]) -> None:
    kinds = sorted({kind for _, _, _, kind in panels if kind})
    facts = [", ".join(kinds) or "targets", f"seed {result.seed}", counted(result.track.steps, "step")]
    if result.reward is not None:
        facts.append(f"reward {result.reward:.3f} per step")
    if result.agreement is not None:
        facts.append(f"largest difference {result.agreement.action:.1e}")
    figure.suptitle(f"{result.task}\n", x=0.01, ha="left", fontsize=11, fontweight="bold")
    figure.text(0.01, 1.0 - 0.32 / figure.get_figheight(), "  ·  ".join(facts), fontsize=7.5, color=_FAINT, va="top")
    if result.track.expected:
        figure.legend(*axis.get_legend_handles_labels(), loc="upper right", ncols=2, frameon=False, fontsize=8)
