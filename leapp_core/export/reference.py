"""Run captured programs as the pipeline they form: what every artifact is measured against."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from leapp_core.export.arrays import to_array, to_tensor
from leapp_core.export.rounding import nudge, run_with_rounding
from leapp_core.spec.names import PortRef
from leapp_core.spec.pipeline import NodeSpec
from leapp_core.validation.episodes import REPLAY, Arrays, Episode, Step

if TYPE_CHECKING:
    import numpy as np
    import torch

    from leapp_core.tracing.result import CapturedPipeline

_VARIANTS = 3
_SAFETY = 8.0


class ReferencePipeline:
    """The captured programs with state carried, in PyTorch."""

    def __init__(self, captured: CapturedPipeline) -> None:
        self._spec = captured.spec
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            self._modules = {name: program.exported.module() for name, program in captured.programs.items()}
        self._initial = dict(captured.initial_values)
        self._forward = {edge.target: edge.source for edge in captured.spec.data_flow}
        self._state: dict[PortRef, torch.Tensor] = {}
        self._noise: torch.Generator | None = None
        self.reset()

    def reset(self, noise: torch.Generator | None = None) -> None:
        """Go back to the initial state; with ``noise``, what follows is rounded in another way."""
        self._state = {ref: value.clone() for ref, value in self._initial.items()}
        self._noise = noise

    def step(self, inputs: Mapping[PortRef, torch.Tensor]) -> tuple[dict[PortRef, Any], dict[PortRef, Any]]:
        """Make one step; return the values of every node input and of every node output."""
        import torch

        fed: dict[PortRef, torch.Tensor] = {}
        given: dict[PortRef, torch.Tensor] = {}
        with torch.no_grad():
            for node in self._spec.nodes:
                for port in node.inputs:
                    ref = PortRef(node.name, port.name)
                    source = self._forward.get(ref)
                    fed[ref] = given[source] if source else self._state[ref] if ref in self._state else inputs[ref]
                given.update(self._run(node, fed))
        self._state = {edge.target: given[edge.source].clone() for edge in self._spec.feedback}
        return fed, given

    def _run(self, node: NodeSpec, fed: Mapping[PortRef, torch.Tensor]) -> dict[PortRef, torch.Tensor]:
        arguments = [fed[PortRef(node.name, port.name)].clone() for port in node.inputs]
        module = self._modules[node.name]
        results = module(*arguments) if self._noise is None else run_with_rounding(module, arguments, self._noise)
        return {PortRef(node.name, port.name): value for port, value in zip(node.outputs, results, strict=True)}


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
