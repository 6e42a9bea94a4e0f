"""Episodes of captured programs run as the pipeline they form: what every artifact is measured against."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from leapp_core.export.arrays import to_array, to_tensor
from leapp_core.export.rounding import nudge
from leapp_core.program.pipeline import ReferencePipeline
from leapp_core.spec.names import PortRef
from leapp_core.validation.episodes import REPLAY, Arrays, Episode, Step

if TYPE_CHECKING:
    import numpy as np
    import torch

    from leapp_core.tracing.result import CapturedPipeline

_VARIANTS = 3
_SAFETY = 8.0


def replay_episode(captured: CapturedPipeline) -> Episode:
    """Return the captured steps as an episode, slack not yet known."""
    count = min((len(program.samples) for program in captured.programs.values()), default=0)
    steps = []
    for number in range(count):
        inputs: dict[PortRef, Any] = {}
        outputs: dict[PortRef, Any] = {}
        for name, program in captured.programs.items():
            sample = program.samples[number]
            inputs |= {PortRef(name, port): to_array(value) for port, value in sample.inputs.items()}
            outputs |= {PortRef(name, port): to_array(value) for port, value in sample.outputs.items()}
        steps.append(Step(inputs, outputs))
    return Episode(REPLAY, tuple(steps))


def record_episode(
    reference: ReferencePipeline, name: str, inputs: Sequence[Arrays], noise: torch.Generator | None = None
) -> Episode:
    """Run the programs on inputs from outside and record all that goes in and out of nodes."""
    reference.reset(noise)
    steps = []
    for values in inputs:
        fed, given = reference.step({ref: to_tensor(value) for ref, value in values.items()})
        steps.append(
            Step(
                {ref: to_array(value) for ref, value in fed.items()},
                {ref: to_array(value) for ref, value in given.items()},
            )
        )
    return Episode(name, tuple(steps))


def with_slack(
    reference: ReferencePipeline,
    episode: Episode,
    outside: Sequence[PortRef],
    rng: np.random.Generator,
    base: Episode | None = None,
) -> Episode:
    """Return the episode with what rounding alone may change about its outputs.

    Two implementations of one formula round differently. How much that can matter is seen by changing inputs and every
    value in between by a few units in the last place, which is as small: where an output then jumps (a threshold, a
    tie) or grows (a division by almost nothing), an artifact cannot be blamed for the same.

    Args:
        reference: The programs.
        episode: What slack is wanted for.
        outside: Ports fed from outside.
        rng: Where changes come from.
        base: What the programs give for the episode's inputs, if that is known.
    """
    import numpy as np
    import torch

    inputs = [{ref: step.inputs[ref] for ref in outside} for step in episode.steps]
    base = base or record_episode(reference, episode.name, inputs)
    typical = {ref: max((float(np.abs(given[ref]).max(initial=0)) for given in inputs), default=0.0) for ref in outside}
    variants = []
    for _ in range(_VARIANTS):
        noise = torch.Generator().manual_seed(int(rng.integers(1 << 31)))
        changed = [{ref: nudge(value, typical[ref], rng) for ref, value in given.items()} for given in inputs]
        variants.append(record_episode(reference, episode.name, changed, noise))
    steps = []
    for number, step in enumerate(episode.steps):
        slack = {}
        for ref, value in base.steps[number].outputs.items():
            others = [variant.steps[number].outputs[ref] for variant in variants]
            wide = value.astype(np.float64)
            with np.errstate(invalid="ignore", over="ignore"):
                moved = np.max([np.abs(other.astype(np.float64) - wide) for other in others], axis=0)
            # Not finite here means that the program itself is at the edge of its range.
            slack[ref] = np.where(np.isnan(moved), np.where(np.isnan(wide), 0.0, np.inf), _SAFETY * moved)
        steps.append(Step(step.inputs, step.outputs, slack))
    return Episode(episode.name, tuple(steps))
