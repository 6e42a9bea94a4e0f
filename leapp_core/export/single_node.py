"""Make one node of a pipeline, so that its bundle is one model: what consumers take that know a single file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from leapp_core.errors import ExportError
from leapp_core.plugins.exporters import NodeProgram, Sample
from leapp_core.spec.names import PortRef
from leapp_core.spec.pipeline import Edge, NodeSpec, PipelineSpec
from leapp_core.spec.port import PortSpec

if TYPE_CHECKING:
    import torch

    from leapp_core.tracing.result import BackendChoice, CapturedPipeline


def as_single_node(captured: CapturedPipeline) -> CapturedPipeline:
    """Return the pipeline with all of its nodes joined into one, which is called like the graph.

    What one node passes to another stays inside. Inputs that are one tensor become one input. Ports keep their names
    where these are unambiguous, else the node's name comes first: ``observe_scale``.

    Raises:
        ExportError: nodes ask for different backends, or did not run equally often.
    """
    spec = captured.spec
    if len(spec.nodes) == 1:
        return captured
    choice = _choice(captured)
    _check_rates(captured)
    joined = _Joined(spec, captured.name)
    samples = _samples(captured, joined)
    node = NodeSpec(
        captured.name,
        tuple(replace(spec.input_spec(ref), name=joined.inputs[ref]) for ref in joined.inputs),
        tuple(replace(spec.output_spec(ref), name=joined.outputs[ref]) for ref in joined.outputs),
    )
    feedback = {joined.outputs[edge.source]: joined.inputs[edge.target] for edge in spec.feedback}
    program = NodeProgram(node, _program(captured, joined, samples[0].inputs), samples, feedback)
    moved = {**joined.input_refs, **joined.output_refs}
    made = PipelineSpec(
        nodes=(node,),
        feedback=tuple(Edge(joined.output_refs[e.source], joined.input_refs[e.target]) for e in spec.feedback),
        inputs=tuple(joined.input_refs[ref] for ref in spec.asked_inputs()),
        outputs=tuple(joined.output_refs[ref] for ref in spec.outputs),
        configs=spec.configs,
    )
    errors = {moved[ref]: error for ref, error in captured.evidence.max_error.items() if ref in moved}
    return replace(
        captured,
        spec=made,
        programs={captured.name: program},
        initial_values={joined.input_refs[ref]: value for ref, value in captured.initial_values.items()},
        choices={} if choice is None else {captured.name: choice},
        steps={captured.name: min(captured.steps.values())} if captured.steps else {},
        evidence=replace(captured.evidence, max_error=errors),
        notes=(*captured.notes, f"one node of {', '.join(node.name for node in spec.nodes)}"),
    )


class _Joined:
    """Ports of the one node: those fed from outside or by the step before, and those that anybody outside reads.

    Attributes:
        inputs: Port of a part to its name.
        outputs: Likewise.
        input_refs: Port of a part to that of the one node.
        output_refs: Likewise.
    """

    def __init__(self, spec: PipelineSpec, name: str) -> None:
        fed = {edge.target for edge in spec.feedback}
        asked = set(spec.asked_inputs())
        inputs = [ref for ref in _ports(spec, "inputs") if ref in asked or ref in fed]
        wanted = {*spec.outputs, *(edge.source for edge in spec.feedback)}
        outputs = [ref for ref in _ports(spec, "outputs") if ref in wanted]
        self.inputs, self.outputs = _names(inputs), _names(outputs)
        self.input_refs = {ref: PortRef(name, port) for ref, port in self.inputs.items()}
        self.output_refs = {ref: PortRef(name, port) for ref, port in self.outputs.items()}


def _ports(spec: PipelineSpec, side: str) -> list[PortRef]:
    ports: list[tuple[str, PortSpec]] = [(node.name, port) for node in spec.nodes for port in getattr(node, side)]
    return [PortRef(node, port.name) for node, port in ports]


def _names(refs: Sequence[PortRef]) -> dict[PortRef, str]:
    count = Counter(ref.port for ref in refs)
    names = {ref: ref.port if count[ref.port] == 1 else f"{ref.node}_{ref.port}" for ref in refs}
    taken: Counter[str] = Counter()
    for ref, name in names.items():
        taken[name] += 1
        if taken[name] > 1:  # a port is called like another one with its node
            names[ref] = f"{name}_{taken[name]}"
    return names


def _choice(captured: CapturedPipeline) -> BackendChoice | None:
    """Return the backend that nodes ask for, if they do."""
    asked = {name: choice for name, choice in captured.choices.items() if choice.name or choice.options}
    first = next(iter(asked.values()), None)
    for name, choice in asked.items():
        if choice != first or len(asked) != len(captured.spec.nodes):
            raise ExportError(
                f"node {name!r} asks for a backend or options that other nodes do not ask for",
                where=f"node {name}",
                expected="one backend with equal options, as there will be one model",
                fix="leave the node's choice out, or export without single_node",
                code="X010",
            )
    return first


def _check_rates(captured: CapturedPipeline) -> None:
    counts = {name: captured.steps.get(name, len(p.samples)) for name, p in captured.programs.items()}
    if len(set(counts.values())) > 1:
        told = ", ".join(f"{name!r} {count}" for name, count in counts.items())
        raise ExportError(
            f"the nodes ran at different rates (steps recorded: {told})",
            expected="nodes that all run once in a control step",
            fix="run all of them in every step, or export without single_node",
            code="X010",
        )


def _samples(captured: CapturedPipeline, joined: _Joined) -> tuple[Sample, ...]:
    count = min(len(program.samples) for program in captured.programs.values())
    parts = [{name: program.samples[at] for name, program in captured.programs.items()} for at in range(count)]
    return tuple(
        Sample(
            {name: part[ref.node].inputs[ref.port] for ref, name in joined.inputs.items()},
            {name: part[ref.node].outputs[ref.port] for ref, name in joined.outputs.items()},
        )
        for part in parts
    )


def _program(captured: CapturedPipeline, joined: _Joined, example: Mapping[str, torch.Tensor]) -> Any:
    """Return one program that runs those of the nodes in their order."""
    import torch

    from leapp_core.program.exported import to_exported

    spec = captured.spec
    sources = {edge.target: edge.source for edge in spec.data_flow}
    same = {edge.target: edge.source for edge in spec.shared_inputs}
    graph = torch.fx.Graph()
    values = {("in", ref): graph.placeholder(f"input_{at}") for at, ref in enumerate(joined.inputs)}
    for ref, source in same.items():
        values["in", ref] = values["in", source]
    parts = torch.nn.ModuleDict()
    for at, node in enumerate(spec.nodes):
        module = captured.programs[node.name].exported.module()
        parts[f"part_{at}"] = module
        refs = [PortRef(node.name, port.name) for port in node.inputs]
        arguments = tuple(values["out", sources[ref]] if ref in sources else values["in", ref] for ref in refs)
        made = graph.call_module(f"part_{at}", arguments)
        for position, port in enumerate(node.outputs):
            values["out", PortRef(node.name, port.name)] = graph.call_function(_item, (made, position))
    graph.output(tuple(values["out", ref] for ref in joined.outputs))
    whole = torch.fx.GraphModule(parts, graph)
    return to_exported(captured.name, whole, tuple(example.values()))


def _item(values: Any, position: int) -> Any:
    return values[position]
