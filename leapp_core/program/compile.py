"""From the record of a session to programs, wiring and initial values."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import torch

from leapp_core.errors import CODE_PREFIX, CaptureError, RecordingTooShortError
from leapp_core.plugins.exporters import NOTES
from leapp_core.program.arrays import check_arrays_are_read
from leapp_core.program.constants import TensorNames
from leapp_core.program.exported import to_exported
from leapp_core.program.node import CompiledNode, compile_node
from leapp_core.program.start import grows, may_be_longer
from leapp_core.program.views import ViewTable
from leapp_core.program.watched import hold_against_later_steps
from leapp_core.spec.names import PortRef
from leapp_core.spec.order import execution_order
from leapp_core.spec.pipeline import GraphConfigs, PipelineSpec
from leapp_core.tracing.checks.compare import StepChecker
from leapp_core.tracing.checks.counters import Doubt
from leapp_core.tracing.checks.delays import check_delays, lets_go_of_constants
from leapp_core.tracing.find.analysis import analyse, check_explained
from leapp_core.tracing.find.edges import Wiring, find_edges
from leapp_core.tracing.find.shared import find_shared
from leapp_core.tracing.find.slicing import Slicer
from leapp_core.tracing.find.steps import Step, cut_steps
from leapp_core.tracing.record.promotion import promote
from leapp_core.tracing.record.recorder import TraceRecorder, unrecorded
from leapp_core.tracing.result import BackendChoice, CapturedPipeline
from leapp_core.tracing.source.heap import Heap, nothing_frozen
from leapp_core.tracing.watch import ENOUGH_STEPS, Watch

if TYPE_CHECKING:
    from torch.export import ExportedProgram

    from leapp_core.plugins.exporters import NodeProgram, ProgramPass


OF_PYTHON = frozenset(f"{CODE_PREFIX}{code}" for code in ("C002", "C003", "C004", "C008", "C012", "C020", "C025"))
"""Refusals of what Python does, which following it may settle."""
_FOLLOWING = "leave out follow=False: numbers and decisions of Python become part of the program"


def compile_session(  # noqa: PLR0913 - what a session knows; all but the first four are named
    name: str,
    recorder: TraceRecorder,
    choices: Mapping[str, BackendChoice],
    names: Mapping[str, Sequence[tuple[str, torch.Tensor]]],
    *,
    strict: bool = False,
    functionalise: Callable[..., ExportedProgram] = to_exported,
    watch: Watch | None = None,
    passes: Sequence[ProgramPass] = (),
    follow: bool = True,
    heap: Heap | None = None,
) -> CapturedPipeline:
    """Compile the record of a closed session.

    Args:
        name: Graph name.
        recorder: The record.
        choices: Backend choices by node.
        names: Tensors that users named, by node.
        strict: Make unproven checks an error.
        functionalise: Makes a node's program from its graph, as :func:`to_exported` does.
        watch: Inputs and outputs of later steps, which the program must give, too.
        passes: Passes of plugins, run after the built-in ones.
        follow: Whether Python was followed, and the first step of a node may compute something else.
        heap: What lived when the session ended; its owner lets go of it.

    Raises:
        CaptureError: a program cannot be exported exactly.
    """
    if recorder.unsupported is not None:
        what, place = recorder.unsupported
        raise CaptureError(
            f"the session met {what}, whose memory cannot be followed",
            where=place,
            expected="dense tensors",
            fix="call .to_dense(), or run that code outside the session or in session.paused()",
            code="C027",
        )
    promote(recorder)
    steps = {n: s for n, s in cut_steps(recorder.declarations, len(recorder.events)).items() if s}
    if any(len(items) == 1 for items in steps.values()):
        gc.collect()  # with one step, who still refers to a tensor decides; garbage must not count
    if not steps:
        raise CaptureError(
            "no complete step was captured",
            expected="inputs and outputs of at least one node, for at least one step (three let state be found)",
            fix="call session.input_tensors and session.output_tensors around your policy, several times",
            code="C026",
        )
    slicer = Slicer(recorder, heap)
    try:
        with nothing_frozen():
            make = partial(functionalise, extra=passes) if passes else functionalise
            wiring, nodes = _compile_nodes(
                slicer, steps, names, partial(compile_node, functionalise=make, start=follow)
            )
        captured = _assemble(name, nodes, steps, wiring, choices, recorder)
        check_arrays_are_read(captured, steps, watch)
        if watch is not None:
            captured = hold_against_later_steps(captured, nodes, slicer, watch)
        captured = _settled(captured, [doubt for node in nodes.values() for doubt in node.doubts])
    except CaptureError as refusal:  # it names the user's code; our frames would hide that, and hold the whole record
        if not follow and refusal.code in OF_PYTHON:
            refusal.fix = f"{refusal.fix}; or {_FOLLOWING}" if refusal.fix else _FOLLOWING
        raise refusal.with_traceback(None) from refusal.__cause__
    finally:
        if heap is None:
            slicer.heap.release()
    if strict and captured.unproven:
        raise CaptureError(
            "strict: " + "; ".join(captured.unproven),
            fix="capture more steps, with values that change between them",
            code="C031",
        )
    return captured


def _settled(captured: CapturedPipeline, doubts: Sequence[Doubt]) -> CapturedPipeline:
    """Settle what the source does not tell by the later steps, if enough of them were watched.

    Raises:
        CaptureError: too few were.
    """
    if doubts and captured.evidence.watched < ENOUGH_STEPS:
        refusal, watched = doubts[0].refusal, captured.evidence.watched
        refusal.fix = (
            f"{refusal.fix}; or let later steps settle it: {ENOUGH_STEPS} do, and {watched} were seen; your loop makes "
            "them while the session is open, or session.prove does, as leapp export without --prove_seconds 0"
        )
        raise refusal
    held = f"the program held for {captured.evidence.watched} later steps, and nothing else says that it goes on to"
    told = dict.fromkeys((f"{doubt.refusal.in_short()}; {held}", doubt.of_libraries) for doubt in doubts)
    notes = (text for text, of_libraries in told if of_libraries)
    unproven = (text for text, of_libraries in told if not of_libraries)
    return replace(captured, notes=(*captured.notes, *notes), unproven=(*captured.unproven, *unproven))


def is_too_short(recorder: TraceRecorder) -> bool:
    """Return whether steps recorded so far cannot be explained for no other reason than that they are few.

    Only what decides that is done: no graph is built, and none of the user's source is read.
    """
    with unrecorded():
        promote(recorder)
        slicer = Slicer(recorder)
        try:
            for node, steps in cut_steps(recorder.declarations, len(recorder.events)).items():
                if len(steps) > 1 and _is_too_short(slicer, node, steps):
                    return True
        except RecordingTooShortError:
            return True
        except CaptureError:
            return False
    return False


def _is_too_short(slicer: Slicer, node: str, steps: Sequence[Step]) -> bool:
    try:
        found = analyse(node, slicer, tuple(steps))
        check_explained(slicer, found)
        StepChecker(slicer, found).check()
        check_delays(slicer, found)
        return lets_go_of_constants(slicer, found) or grows(slicer, steps)
    except CaptureError:
        if may_be_longer(slicer, node, steps):
            return True
        raise


def outside_inputs(recorder: TraceRecorder) -> set[tuple[str, str]]:
    """Return node and port of the declared inputs that no edge feeds, as recorded so far."""
    with unrecorded():
        steps = {n: s for n, s in cut_steps(recorder.declarations, len(recorder.events)).items() if s}
        wiring = find_edges(Slicer(recorder), steps)
    fed = {(edge.target.node, edge.target.port) for edge in (*wiring.data_flow, *wiring.feedback)}
    declared = {(n, d.port) for n, s in steps.items() for d in s[-1].inputs.values() if d.role == "input"}
    return declared - fed


def _compile_nodes(
    slicer: Slicer,
    steps: dict[str, tuple[Step, ...]],
    names: Mapping[str, Sequence[tuple[str, torch.Tensor]]],
    compiled: Callable[..., CompiledNode],
) -> tuple[Wiring, dict[str, CompiledNode]]:
    wiring = find_edges(slicer, steps)
    views = ViewTable(slicer)
    tensor_names = TensorNames(slicer.recorder, [pair for pairs in names.values() for pair in pairs], slicer.heap)
    fed = frozenset(edge.target for edge in (*wiring.data_flow, *wiring.feedback))
    nodes = {node: compiled(node, slicer, items, views, tensor_names, fed) for node, items in steps.items()}
    return wiring, nodes


def _notes(node: str, program: NodeProgram) -> Iterator[str]:
    for note in program.exported.graph_module.meta.get(NOTES, ()):
        yield f"node {node!r}: {note}"


def _assemble(
    name: str,
    nodes: Mapping[str, CompiledNode],
    steps: Mapping[str, tuple[Step, ...]],
    wiring: Wiring,
    choices: Mapping[str, BackendChoice],
    recorder: TraceRecorder,
) -> CapturedPipeline:
    order = execution_order(list(nodes), wiring.data_flow)
    feedback = (*wiring.feedback, *(e for n in order for e in nodes[n].feedback))
    fed = {edge.target for edge in (*wiring.data_flow, *feedback)}
    passed = {edge.source for edge in wiring.data_flow}
    initial = {PortRef(n, port): value for n in order for port, value in nodes[n].initial.items()}
    for edge in wiring.feedback:
        initial[edge.target] = steps[edge.target.node][0].inputs[edge.target.port].value
    inputs = {
        ref: port for n in order for port in nodes[n].program.spec.inputs if (ref := PortRef(n, port.name)) not in fed
    }
    spec = PipelineSpec(
        nodes=tuple(nodes[n].program.spec for n in order),
        data_flow=wiring.data_flow,
        feedback=feedback,
        inputs=tuple(inputs),
        outputs=tuple(ref for n in order for p in nodes[n].outputs if (ref := PortRef(n, p)) not in passed),
        configs=GraphConfigs(),
        shared_inputs=find_shared(steps, inputs.items()),
    )
    return CapturedPipeline(
        name=name,
        spec=spec,
        programs={n: nodes[n].program for n in order},
        initial_values=initial,
        choices=dict(choices),
        constants=tuple(c for n in order for c in nodes[n].constants),
        notes=(*recorder.python.notes(), *(note for n in order for note in _notes(n, nodes[n].program))),
        warnings=tuple(text for n in order for text in nodes[n].warnings),
        unproven=tuple(point for n in order for point in nodes[n].unproven),
        steps={n: len(s) for n, s in steps.items()},
    )
