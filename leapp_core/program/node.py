"""Compile one node: check its steps, build its graph, prove it on the captured steps, make its program."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

import torch

from leapp_core.errors import CaptureError
from leapp_core.plugins.exporters import NodeProgram, Sample
from leapp_core.program.begin import check_begin
from leapp_core.program.build import BuiltGraph, GraphBuilder, dynamic_calls
from leapp_core.program.constants import TensorNames
from leapp_core.program.joined import join
from leapp_core.program.learning import learning_modules
from leapp_core.program.memory import LiftedConstant
from leapp_core.program.records import constant_records
from leapp_core.program.replay import compare_state, replay
from leapp_core.program.start import hold, is_alike, lengths_settle, longest_start, start_steps
from leapp_core.program.states import StateSlot, check_types
from leapp_core.program.views import ViewTable
from leapp_core.spec.dtypes import canonical
from leapp_core.spec.names import PortRef
from leapp_core.spec.pipeline import Edge, NodeSpec
from leapp_core.spec.port import PortSpec
from leapp_core.spec.semantics import port_spec
from leapp_core.tracing.checks.chosen import check_chosen
from leapp_core.tracing.checks.compare import StepChecker
from leapp_core.tracing.checks.constants import check_constants
from leapp_core.tracing.checks.counters import Doubt, check_counters
from leapp_core.tracing.checks.delays import check_delays
from leapp_core.tracing.checks.escapes import check_escapes
from leapp_core.tracing.checks.floating import check_floating
from leapp_core.tracing.checks.proof import unproven
from leapp_core.tracing.checks.single import check_single_step
from leapp_core.tracing.checks.unread import check_unread
from leapp_core.tracing.checks.weak import check_weak_references
from leapp_core.tracing.find.analysis import NodeAnalysis, analyse, check_explained
from leapp_core.tracing.find.foreign import check_undeclared_edges
from leapp_core.tracing.find.initial import first_values
from leapp_core.tracing.find.messages import describe_tensor, made_at
from leapp_core.tracing.find.slicing import Slicer
from leapp_core.tracing.find.steps import Step
from leapp_core.tracing.record.events import Declaration
from leapp_core.tracing.record.regions import elements_in
from leapp_core.tracing.result import ConstantRecord
from leapp_core.tracing.values.relevance import Relevance

if TYPE_CHECKING:
    from torch.export import ExportedProgram

_MOST_TRIES = 6
_UNFIT = (RuntimeError, IndexError, ZeroDivisionError)
"""What PyTorch raises for values that a program does not take: an index out of range, a matrix without inverse."""


Built = tuple[NodeAnalysis, BuiltGraph, tuple[torch.Tensor, ...], tuple[Doubt, ...]]


@dataclass(frozen=True)
class CompiledNode:
    """One node, found and proved on its captured steps.

    Attributes:
        program: What backends get.
        initial: Input port to first value, of the node's own state.
        feedback: Edges of the node's own state.
        constants: Constants that are neither parameters nor registered buffers.
        outputs: Ports returned to outside.
        unproven: Checks that could not be made.
        doubts: Refusals that only hold unless later steps show otherwise.
        found: Its analysis.
        lifted: All constants in its graph.
        warnings: What to look at before it runs on a robot.
    """

    program: NodeProgram
    initial: Mapping[str, torch.Tensor]
    feedback: tuple[Edge, ...]
    constants: tuple[ConstantRecord, ...]
    outputs: tuple[str, ...]
    unproven: tuple[str, ...]
    doubts: tuple[Doubt, ...]
    found: NodeAnalysis
    lifted: tuple[LiftedConstant, ...]
    warnings: tuple[str, ...] = ()


def build_node(
    slicer: Slicer,
    found: NodeAnalysis,
    views: ViewTable,
    names: TensorNames,
    fed: frozenset[PortRef] = frozenset(),
) -> tuple[BuiltGraph, tuple[torch.Tensor, ...], tuple[Doubt, ...]]:
    """Check a node's steps, build its graph, and replay the captured steps on it.

    Returns:
        The graph, the first values of its states, and refusals that later steps may settle.

    Raises:
        CaptureError: the steps differ, or the graph does not reproduce them.
    """
    check_undeclared_edges(slicer, found, fed)
    check_explained(slicer, found)
    begins_alike = StepChecker(slicer, found).check()
    check_constants(slicer, found)
    check_unread(slicer, found)
    check_weak_references(slicer, found)
    relevance = Relevance(slicer, found)
    check_escapes(slicer, found, relevance)
    doubts = check_counters(slicer, found, relevance)
    check_floating(found, relevance)
    check_chosen(slicer, found)
    check_delays(slicer, found)
    if len(found.steps) == 1:
        check_single_step(slicer, found)
    built = GraphBuilder(slicer, found, views, names).build()
    check_types(slicer, found, built.states)
    initial = tuple(_initial(slicer, found, slot, built.states) for slot in built.states)
    states = _replay(slicer, found, built.module, initial)
    if _device(found) == "cpu":  # a GPU's state may lie within TF32 of the CPU's
        _check_carried(slicer, found, built.states, states)
        if not begins_alike:
            check_begin(slicer, found, built.module, initial)
    return built, initial, doubts


def build_with_start(
    slicer: Slicer,
    whole: NodeAnalysis,
    views: ViewTable,
    names: TensorNames,
    fed: frozenset[PortRef],
) -> Built | None:
    """Build a node's graph from a few steps at the start that compute something else, and later ones that do the same.

    Returns:
        What :func:`_with_start` gives for the shortest start for which there is a program; ``None`` if there is none.
    """
    tries, lengths = 0, range(1, longest_start(len(whole.steps)) + 1)
    for length in [n for n in lengths if lengths_settle(slicer, whole.steps[n:])] or lengths:
        if length > 1 and not is_alike(slicer, whole.node, whole.steps[length:]):
            continue
        tries += 1
        built = _with_start(slicer, whole, length, views, names, fed)
        if built is not None or tries == _MOST_TRIES:
            return built
    return None


def _with_start(
    slicer: Slicer,
    whole: NodeAnalysis,
    length: int,
    views: ViewTable,
    names: TensorNames,
    fed: frozenset[PortRef],
) -> Built | None:
    """Build a node's graph with a start of some length.

    Everything that is asked of any step is asked of both kinds, and the joined graph must give what all captured steps
    gave, and what their calls give for other inputs.

    Returns:
        Analysis of the later steps, the graph, its first values and doubts; ``None`` if there is no such program.
    """
    node, steps = whole.node, whole.steps
    try:
        if length == 1:
            check_delays(slicer, whole)
        found = analyse(node, slicer, steps[length:])
        check_delays(slicer, found)  # before what a longer history still holds of the start is taken for state
        later = hold(slicer, found, steps[:length])
        if later is None:
            return None
        built, began, doubts = build_node(slicer, later, views, names, fed)
        start = start_steps(slicer, views, later, built.states, steps[:length])
        if start is None:
            return None
        for first in (one.found for one in start):
            relevance = Relevance(slicer, first)
            check_undeclared_edges(slicer, first, fed)
            check_unread(slicer, first)
            check_escapes(slicer, first, relevance)
            doubts = (*doubts, *check_counters(slicer, first, relevance, begins=True))
            check_floating(first, relevance)
        whole = replace(later, steps=steps)
        joined = join(slicer, start, (later, built, began), views, names)
        try:
            _replay(slicer, whole, joined.built.module, joined.initial)
        except _UNFIT:  # the later steps do not take zeros
            joined = replace(joined, initial=(*began, *joined.initial[len(began) :]))
            _replay(slicer, whole, joined.built.module, joined.initial)
        check_begin(slicer, whole, joined.built.module, joined.initial, length + 1)
    except CaptureError:
        return None
    except _UNFIT:
        return None  # the later steps do not take what state is while the start is not over
    return later, joined.built, joined.initial, doubts


def _replay(
    slicer: Slicer, found: NodeAnalysis, program: torch.nn.Module, initial: Sequence[torch.Tensor]
) -> list[tuple[torch.Tensor, ...]]:
    """Run the captured steps on a program; return its states before each step and after the last."""
    given, place = (_inputs(found.steps), _outputs(found.steps)), partial(made_at, slicer, found)
    return replay(found.node, program, *given, initial, captured_on=_device(found), place=place)


def _check_carried(
    slicer: Slicer, found: NodeAnalysis, slots: Sequence[StateSlot], states: Sequence[tuple[torch.Tensor, ...]]
) -> None:
    """Hold the state that replay carries against what each captured step read."""
    for step in range(1, len(found.steps)):
        for slot in slots:
            reads = found.reads.get(slot.read.storage, [])
            if slot.chain is None or (reads and step >= slot.age):
                seen = first_values(slicer, found, slot.read, reads, step, in_place=slot.chain is None)
                name = describe_tensor(slot.read)
                compare_state(found.node, step, name, seen.value, states[step][slot.index], seen.seen)


def _device(found: NodeAnalysis) -> str:
    kinds = {d.tensor.device.type for d in (*found.step.inputs.values(), *found.step.outputs.values())}
    return "cuda" if "cuda" in kinds else "cpu"


def compile_node(
    node: str,
    slicer: Slicer,
    steps: tuple[Step, ...],
    views: ViewTable,
    names: TensorNames,
    fed: frozenset[PortRef],
    functionalise: Callable[..., ExportedProgram],
    *,
    start: bool = False,
) -> CompiledNode:
    """Find, build, prove and export one node's program.

    Args:
        node: Its name.
        slicer: Slicer of the record.
        steps: Its complete steps.
        views: Views of the whole session.
        names: Names of parameters, buffers and attributes.
        fed: Input ports of the session that an edge feeds.
        functionalise: Makes the functional program of a recorded graph.
        start: Whether the first steps may compute something else.

    Raises:
        CaptureError: the program cannot be exported exactly.
    """
    found = analyse(node, slicer, steps)
    try:
        built, initial, doubts = build_node(slicer, found, views, names, fed)
    except CaptureError as refusal:
        refusal.with_traceback(None)  # its frames hold tensors that nobody else may hold
        apart = build_with_start(slicer, found, views, names, fed) if start else None
        if apart is None:
            raise
        found, built, initial, doubts = apart
    spec, state_names = _interface(found, built, names)
    inputs, outputs = _inputs(steps), _outputs(steps)
    exported = functionalise(node, built.module, [*inputs[0], *initial], dynamic_calls(slicer, built.dynamic))
    states = _replay(slicer, replace(found, steps=steps), exported.module(), initial)
    samples = tuple(_sample(spec, *parts) for parts in zip(inputs, outputs, states[:-1], states[1:], strict=True))
    declared = _declared_feedback(node, found.step)
    own = {f"{n}_out": f"{n}_in" for n in state_names}
    feedback = tuple(Edge(PortRef(node, o), PortRef(node, i)) for o, i in {**declared, **own}.items())
    first = {i: steps[0].inputs[i].value for i in declared.values()}
    first |= {f"{n}_in": value for n, value in zip(state_names, initial, strict=True)}
    return CompiledNode(
        NodeProgram(spec, exported, samples, {**declared, **own}),
        first,
        feedback,
        constant_records(slicer, found, built),
        tuple(d.port for d in _declared_outputs(found.step) if d.role != "update"),
        unproven(slicer, found, built),
        doubts,
        found,
        built.constants,
        tuple(learning_modules(slicer, found, built.states)),
    )


def _initial(slicer: Slicer, found: NodeAnalysis, slot: StateSlot, slots: Sequence[StateSlot]) -> torch.Tensor:
    if slot.chain is None:
        reads = found.reads.get(slot.read.storage, [])
        return first_values(slicer, found, slot.read, reads, 0, in_place=True).value
    # What no step reads at first matters where a decision may take another way at first than it did.
    chosen = slicer.recorder.numbers.chosen
    # What the member of age a holds at the start is what a member of age b reads b - a steps later, each its part.
    value = torch.zeros(slot.read.sizes, dtype=slot.read.dtype)
    seen = torch.zeros(slot.read.sizes, dtype=torch.bool)
    needed = torch.zeros(slot.read.sizes, dtype=torch.bool)
    known = False
    alike = (s for s in slots if s.chain == slot.chain and s.age >= slot.age and s.read.sizes == slot.read.sizes)
    for other in sorted(alike, key=lambda s: s.age):
        reads = found.reads.get(other.read.storage, [])
        if reads:
            live = elements_in(found.sliced.live_in.get(other.read.storage), other.read)
            needed |= torch.from_numpy(live).reshape(slot.read.sizes)
        if reads and other.age - slot.age < len(found.steps) and not (known and bool(seen.all())):
            part = first_values(slicer, found, other.read, reads, other.age - slot.age, in_place=False)
            value = torch.where(part.seen & ~seen, part.value, value)
            seen, known = seen | part.seen, known or part.known
    if known and (not chosen or bool((seen | ~needed).all())):
        return value
    if chosen:
        raise CaptureError(
            f"node {found.node!r}: step 0 shows no first value of state ({describe_tensor(slot.read)})",
            expected="an attribute whose first value is a tensor of its own: self.active = self.default.clone()",
            code="C025",
        )
    return torch.zeros(slot.read.sizes, dtype=slot.read.dtype)


def _inputs(steps: tuple[Step, ...]) -> list[list[torch.Tensor]]:
    order = list(steps[-1].inputs)
    for k, step in enumerate(steps):
        if set(step.inputs) != set(order):
            node = next(iter(step.inputs.values())).node
            raise CaptureError(
                f"node {node!r}: inputs of step {k} are {sorted(step.inputs)}, of the last step {sorted(order)}",
                expected="the same inputs in every step",
                code="C021",
            )
    return [[step.inputs[name].value for name in order] for step in steps]


def _outputs(steps: tuple[Step, ...]) -> list[dict[str, torch.Tensor]]:
    names = [d.port for d in _declared_outputs(steps[-1])]
    values = []
    for step in steps:
        by_name = {d.port: d.value for d in _declared_outputs(step)}
        values.append({name: by_name[name] for name in names if name in by_name})
    return values


def _declared_outputs(step: Step) -> list[Declaration]:
    return [*step.outputs.values(), *step.static.values()]


def _declared_feedback(node: str, step: Step) -> dict[str, str]:
    pairs = {}
    for name, declaration in step.inputs.items():
        if declaration.role == "state":
            out = name.removesuffix("_in") + "_out"
            if out not in step.outputs:
                raise CaptureError(
                    f"node {node!r}: state {name.removesuffix('_in')!r} is declared but never updated",
                    fix="call session.update_state(node, {name: new_value}) before output_tensors",
                    code="C021",
                )
            pairs[out] = name
    return pairs


def _interface(found: NodeAnalysis, built: BuiltGraph, names: TensorNames) -> tuple[NodeSpec, tuple[str, ...]]:
    step = found.step
    inputs = [_port(d) for d in step.inputs.values()]
    outputs = [_port(d) for d in _declared_outputs(step)]
    taken = {p.name for p in (*inputs, *outputs)}
    state_names: list[str] = []
    bases = names.state_names(found, built.states)
    for slot, base in zip(built.states, bases, strict=True):
        name, number = base, 1
        while f"{name}_in" in taken or f"{name}_out" in taken:
            name, number = f"{base}_{number}", number + 1
        taken |= {f"{name}_in", f"{name}_out"}
        state_names.append(name)
        shape, dtype = tuple(slot.read.sizes), canonical(slot.read.dtype)
        inputs.append(PortSpec(f"{name}_in", dtype, shape))
        outputs.append(PortSpec(f"{name}_out", dtype, shape))
    for state in built.further:
        state_names.append(state.name)
        inputs.append(PortSpec(f"{state.name}_in", canonical(state.dtype), state.sizes))
        outputs.append(PortSpec(f"{state.name}_out", canonical(state.dtype), state.sizes))
    return NodeSpec(found.node, tuple(inputs), tuple(outputs)), tuple(state_names)


def _port(declaration: Declaration) -> PortSpec:
    import dataclasses

    port = port_spec(declaration.semantics, dtype=declaration.info.dtype, shape=declaration.info.sizes)
    return dataclasses.replace(port, name=declaration.port)


def _sample(
    spec: NodeSpec,
    inputs: Sequence[torch.Tensor],
    outputs: Mapping[str, torch.Tensor],
    state: Sequence[torch.Tensor],
    following: Sequence[torch.Tensor],
) -> Sample:
    given = dict(zip((p.name for p in spec.inputs), (*inputs, *state), strict=True))
    made = dict(zip((p.name for p in spec.outputs), (*outputs.values(), *following), strict=True))
    return Sample(given, made)
