"""The first steps on inputs that nobody captured: what only the first one does may hide behind what it was given."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch

from leapp_core.errors import CaptureError
from leapp_core.program.replay import BEGIN_ALIKE, difference
from leapp_core.tracing.find.analysis import NodeAnalysis
from leapp_core.tracing.find.messages import made_at
from leapp_core.tracing.find.slicing import Slicer
from leapp_core.tracing.find.steps import Step
from leapp_core.tracing.record.evaluate import Evaluator
from leapp_core.tracing.record.opplan import draws_random
from leapp_core.tracing.record.recorder import unrecorded


def check_begin(
    slicer: Slicer, found: NodeAnalysis, program: Callable[..., Any], initial: Sequence[torch.Tensor], count: int = 2
) -> None:
    """Run the recorded calls of the first steps on fresh inputs, and the program, and compare.

    A first step may initialise. Replay of captured values does not see that it ignores a command that was zero then, or
    clamps what was within its limits.

    Args:
        slicer: Slicer of the record.
        found: The node's analysis.
        program: Takes declared inputs then states, returns declared outputs then next states.
        initial: First values of the states.
        count: How many steps: what the second reads is what the first left behind.

    Raises:
        CaptureError: they differ; names output, step and place.
    """
    steps = found.steps[:count]
    generator = torch.Generator().manual_seed(0)
    fresh = {id(d): _fresh(d.value, generator) for step in steps for d in step.inputs.values()}
    state = tuple(initial)
    with unrecorded(), torch.no_grad():
        events = [slicer.recorder.events[i] for i in slicer.backward_through(steps).events]
        if any(draws_random(e.plan, e.args, e.kwargs) for e in events):
            return  # weights of layers made on first use: run again, they would be others
        try:
            recorded = _recorded(slicer, steps, [event.index for event in events], fresh)
            for number, step in enumerate(steps):
                results = program(*(fresh[id(step.inputs[name])] for name in found.steps[-1].inputs), *state)
                for name, got in zip(found.steps[-1].outputs, results, strict=False):
                    detail = difference(recorded[id(step.outputs[name])], got, instead_of="the recorded calls give")
                    if detail is not None:
                        raise _otherwise(slicer, found, number, name, detail)
                state = tuple(results[len(results) - len(initial) :])  # what never changes is given before
        except (RuntimeError, IndexError, ValueError):
            return  # these inputs are none that the program takes: an index out of range, a matrix without inverse


def _recorded(
    slicer: Slicer, steps: Sequence[Step], events: list[int], fresh: dict[int, torch.Tensor]
) -> dict[int, torch.Tensor]:
    """Return what the recorded calls of the first steps give for fresh inputs, by ``id`` of their declarations."""
    declared = [d for step in steps for d in (*step.inputs.values(), *step.outputs.values())]
    evaluator = Evaluator(slicer.recorder, steps[0].begin)
    given: dict[int, torch.Tensor] = {}
    for declaration in sorted(declared, key=lambda d: (d.index, d.order)):
        before = [e for e in events if e < declaration.index]
        evaluator.run(before)
        events = events[len(before) :]
        if id(declaration) in fresh:
            evaluator.give(declaration.info, fresh[id(declaration)])
        else:
            given[id(declaration)] = evaluator.value(declaration.info)
    return given


def _fresh(captured: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """Return another input of the same kind: numbers of the captured size, but whole numbers and flags as they were."""
    if not captured.dtype.is_floating_point or not captured.numel():
        return captured
    size = captured.abs().max().nan_to_num(1.0, 1.0, 1.0).clamp_min(1.0)
    return (torch.randn(captured.shape, generator=generator) * size).to(captured.dtype)


def _otherwise(slicer: Slicer, found: NodeAnalysis, step: int, name: str, detail: str) -> CaptureError:
    return CaptureError(
        f"node {found.node!r}: step 0 computes something else than the others: on other inputs than the captured ones "
        f"output {name!r} of step {step} differs: {detail}",
        where=made_at(slicer, found, name),
        expected="a first step that computes what the others do",
        fix=BEGIN_ALIKE,
        code="C019",
    )
