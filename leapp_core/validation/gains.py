"""Gains of the joints' controllers that a bundle puts out, as it was recorded. Torch-free."""

from __future__ import annotations

from leapp_core.bundle import LoadedBundle
from leapp_core.spec.names import PortRef
from leapp_core.validation.episodes import read_episodes

GAINS = ("kp", "kd")
"""Kinds of outputs that are gains; they are the same in every step."""


def recorded_gains(bundle: LoadedBundle) -> dict[PortRef, list[float]]:
    """Return the values of each output that is a gain, in the order of its elements; none if nothing was recorded."""
    spec, validation = bundle.document.pipeline, bundle.document.validation
    wanted = [ref for ref in spec.outputs if spec.output_spec(ref).kind in GAINS]
    if validation is None or not wanted:
        return {}
    steps = [step for episode in read_episodes(bundle.folder / validation.path) for step in episode.steps]
    first = {ref: next((s.outputs[ref] for s in steps if ref in s.outputs), None) for ref in wanted}
    return {ref: list(map(float, values.reshape(-1))) for ref, values in first.items() if values is not None}
