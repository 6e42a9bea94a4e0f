"""Curves for a bundle's page: what was recorded, what the bundle gives now, and how far apart they are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from leapp_core.report.names import short_name
from leapp_core.spec.names import PortRef
from leapp_core.spec.pipeline import PipelineSpec
from leapp_core.validation.check import Steppable
from leapp_core.validation.episodes import Episode, Step

if TYPE_CHECKING:
    import numpy as np

MAX_STEPS, MAX_ELEMENTS = 200, 32
"""Steps of an episode and elements of a port that are drawn; the page says what it leaves out."""

_DIGITS = 6


def play(runtime: Steppable, episodes: Iterable[Episode]) -> list[dict[str, Any]]:
    """Run a bundle over recorded episodes and return its curves as plain values.

    Args:
        runtime: Loaded with ``full_names=True``.
        episodes: Recorded when the bundle was exported.

    Returns:
        One entry an episode: ``name``, ``steps``, and under ``ports`` for each output and state the recorded
        elements (``expected``), the bundle's (``found``) and the largest difference of each step (``error``).
    """
    return [_episode(runtime, episode) for episode in episodes if episode.steps]


def _episode(runtime: Steppable, episode: Episode) -> dict[str, Any]:
    runtime.reset()
    steps = episode.steps[:MAX_STEPS]
    found: list[Mapping[PortRef, np.ndarray[Any, Any]]] = []
    for step in steps:
        outputs = runtime.step({str(ref): value for ref, value in step.inputs.items()})
        after = {str(edge.source): runtime.state[str(edge.target)] for edge in runtime.pipeline.feedback}
        found.append({ref: value.copy() for ref in step.outputs for value in [_value(ref, outputs, after)]})
    state = {edge.source for edge in runtime.pipeline.feedback}
    refs = sorted(steps[0].outputs, key=lambda ref: (ref in state, steps[0].outputs[ref].size > MAX_ELEMENTS))
    return {
        "name": episode.name,
        "steps": len(steps),
        "left_out": len(episode.steps) - len(steps),
        "ports": [_port(ref, steps, found, runtime.pipeline, is_state=ref in state) for ref in refs],
    }


def _value(ref: PortRef, *places: Mapping[str, np.ndarray[Any, Any]]) -> np.ndarray[Any, Any]:
    return next(place[str(ref)] for place in places if str(ref) in place)


def _port(
    ref: PortRef,
    steps: Sequence[Step],
    found: Sequence[Mapping[PortRef, np.ndarray[Any, Any]]],
    pipeline: PipelineSpec,
    *,
    is_state: bool,
) -> dict[str, Any]:
    import numpy as np

    expected = np.stack([np.asarray(step.outputs[ref], np.float64).reshape(-1) for step in steps])
    given = np.stack([np.asarray(values[ref], np.float64).reshape(-1) for values in found])
    error = np.abs(expected - given).max(axis=1, initial=0.0)
    count = expected.shape[1]
    return {
        "port": short_name(ref, pipeline),
        "state": is_state,
        "elements": element_labels(pipeline.output_spec(ref).element_names, count)[:MAX_ELEMENTS],
        "left_out": max(0, count - MAX_ELEMENTS),
        "expected": columns(expected),
        "found": columns(given),
        "error": [short_number(value) for value in error],
    }


def element_labels(names: Sequence[Any] | None, count: int) -> list[str]:
    """Return a label for each element: its name where the last axis names them all, else its number."""
    last = names[-1] if names else None
    if isinstance(last, (tuple, list)) and len(last) == count:
        return [str(name) for name in last]
    return [f"[{number}]" for number in range(count)]


def columns(values: np.ndarray[Any, Any]) -> list[list[float | None]]:
    """Return one list per element, those beyond :data:`MAX_ELEMENTS` left out."""
    return [[short_number(value) for value in column] for column in values.T[:MAX_ELEMENTS]]


def short_number(value: float) -> float | None:
    """Return a number short enough for a page, ``None`` where there is none to draw."""
    number = float(value)
    return float(f"{number:.{_DIGITS}g}") if abs(number) < float("inf") else None
