"""Fit the ports of a captured pipeline to those who will use it: state as float32, no inputs that nobody reads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any, Literal

from leapp_core.errors import ExportError
from leapp_core.plugins.exporters import NodeProgram, Sample
from leapp_core.plugins.options import parse_options
from leapp_core.spec.names import PortRef
from leapp_core.spec.pipeline import NodeSpec, PipelineSpec, still_shared
from leapp_core.spec.port import TEMPORAL_AXIS, PortSpec

if TYPE_CHECKING:
    import torch

    from leapp_core.tracing.result import CapturedPipeline

LARGEST_WHOLE = 1 << 24
"""Up to here float32 holds every whole number."""

_EXACT = frozenset({"bool", "int8", "uint8", "int16", "uint16", "float16", "bfloat16"})
_COUNTS = frozenset({"int32", "int64", "uint32", "uint64"})


@dataclass(frozen=True)
class BundleOptions:
    """Options of an export that hold for every backend."""

    state_dtype: Literal["own", "float32"] = field(
        default="own", metadata={"help": "element type that state is carried in: its own, or float32 for all"}
    )
    single_node: bool = field(default=False, metadata={"help": "join all nodes into one, so that there is one model"})


def split_options(options: Mapping[str, Any]) -> tuple[BundleOptions, dict[str, Any]]:
    """Return the options that hold for every backend, and those left for the backend.

    Raises:
        UsageError: a wrong value.
    """
    known = {option.name for option in fields(BundleOptions)}
    own = {name: value for name, value in options.items() if name.replace("-", "_") in known}
    return parse_options(BundleOptions, own, "the export"), {n: v for n, v in options.items() if n not in own}


def with_float_state(captured: CapturedPipeline) -> CapturedPipeline:
    """Return the pipeline with all state carried as float32, converted inside the programs.

    Raises:
        ExportError: float32 cannot hold a state's values: they are float64, or whole numbers above 2^24.
    """
    spec = captured.spec
    edges = {edge.source: edge.target for edge in spec.feedback if spec.input_spec(edge.target).dtype != "float32"}
    if not edges:
        return captured
    for source, target in edges.items():
        _check_exact(captured, source, target)
    changed = {*edges, *edges.values()}
    counting = [str(target) for target in edges.values() if spec.input_spec(target).dtype in _COUNTS]
    notes = [f"state {name} is a whole number carried as float32, exact up to {LARGEST_WHOLE}" for name in counting]
    programs = {name: _with_float(program, changed) for name, program in captured.programs.items()}
    values = {ref: _as_float(value) if ref in changed else value for ref, value in captured.initial_values.items()}
    return replace(
        captured,
        spec=_with_nodes(spec, {name: program.spec for name, program in programs.items()}),
        programs=programs,
        initial_values=values,
        notes=(*captured.notes, *notes),
    )


def without_temporal_axes(captured: CapturedPipeline) -> CapturedPipeline:
    """Return the pipeline with axes that count steps written as unnamed ones, for readers that know lists only."""

    def plain(port: PortSpec) -> PortSpec:
        if TEMPORAL_AXIS not in (port.element_names or ()):
            return port
        axes = tuple(() if axis == TEMPORAL_AXIS else axis for axis in port.element_names or ())
        return replace(port, element_names=axes, temporal_period_ms=None)

    programs = {
        name: replace(
            program,
            spec=NodeSpec(name, tuple(map(plain, program.spec.inputs)), tuple(map(plain, program.spec.outputs))),
        )
        for name, program in captured.programs.items()
    }
    spec = _with_nodes(captured.spec, {name: program.spec for name, program in programs.items()})
    return replace(captured, spec=spec, programs=programs)


def without_unread_inputs(captured: CapturedPipeline) -> CapturedPipeline:
    """Return the pipeline without inputs from outside that no program reads, and a note that names them."""
    unread = unread_inputs(captured)
    if not unread:
        return captured
    from leapp_core.program.boundary import without_inputs

    programs = {}
    for name, program in captured.programs.items():
        at = [i for i, port in enumerate(program.spec.inputs) if PortRef(name, port.name) in unread]
        programs[name] = program if not at else _narrowed(program, at, without_inputs(program.exported, at))
    spec = _with_nodes(captured.spec, {name: program.spec for name, program in programs.items()})
    spec = still_shared(replace(spec, inputs=tuple(ref for ref in spec.inputs if ref not in unread)))
    note = f"left out, as the policy does not read them: {', '.join(map(str, unread))}"
    return replace(captured, spec=spec, programs=programs, notes=(*captured.notes, note))


def warn_of_unread_inputs(captured: CapturedPipeline) -> CapturedPipeline:
    """Return the pipeline with a warning that names inputs from outside that no program reads."""
    unread = unread_inputs(captured)
    if not unread:
        return captured
    warning = f"nothing reads {', '.join(map(str, unread))}, yet every step has to give it; leave the declaration out"
    return replace(captured, warnings=(*captured.warnings, warning))


def unread_inputs(captured: CapturedPipeline) -> tuple[PortRef, ...]:
    """Return the inputs from outside that no program reads, in order."""
    from leapp_core.program.boundary import unread_inputs as of_program

    found = {
        PortRef(name, program.spec.inputs[at].name)
        for name, program in captured.programs.items()
        for at in of_program(program.exported)
    }
    return tuple(ref for ref in captured.spec.inputs if ref in found)


def _check_exact(captured: CapturedPipeline, source: PortRef, target: PortRef) -> None:
    port = captured.spec.input_spec(target)
    if port.dtype in _EXACT:
        return
    fix = "keep the state in a type that float32 holds, or export without state_dtype=float32"
    if port.dtype not in _COUNTS:
        raise ExportError(
            f"state {target} is {port.dtype}, which float32 does not hold", where=str(target), fix=fix, code="X008"
        )
    samples = captured.programs[source.node].samples
    seen = [captured.initial_values[target], *(sample.outputs[source.port] for sample in samples)]
    largest = max((int(abs(value.to("cpu").long()).max()) for value in seen if value.numel()), default=0)
    if largest > LARGEST_WHOLE:
        raise ExportError(
            f"state {target} is {port.dtype} and reaches {largest}, float32 holds whole numbers up to {LARGEST_WHOLE}",
            where=str(target),
            fix=fix,
            code="X008",
        )


def _with_float(program: NodeProgram, changed: set[PortRef]) -> NodeProgram:
    import torch

    from leapp_core.program.boundary import cast_ports
    from leapp_core.spec.dtypes import torch_dtype

    node = program.spec
    inputs = {
        at: torch_dtype(port.dtype) for at, port in enumerate(node.inputs) if PortRef(node.name, port.name) in changed
    }
    outputs = {at for at, port in enumerate(node.outputs) if PortRef(node.name, port.name) in changed}
    if not inputs and not outputs:
        return program
    taken = {node.inputs[at].name for at in inputs}
    given = {node.outputs[at].name for at in outputs}
    samples = tuple(
        Sample(
            {name: _as_float(value) if name in taken else value for name, value in sample.inputs.items()},
            {name: _as_float(value) if name in given else value for name, value in sample.outputs.items()},
        )
        for sample in program.samples
    )
    spec = NodeSpec(node.name, _retyped(node.inputs, taken), _retyped(node.outputs, given))
    exported = cast_ports(program.exported, inputs, outputs, torch.float32)
    return replace(program, spec=spec, exported=exported, samples=samples)


def _narrowed(program: NodeProgram, at: list[int], exported: Any) -> NodeProgram:
    node = program.spec
    kept = tuple(port for i, port in enumerate(node.inputs) if i not in at)
    names = {port.name for port in kept}
    samples = tuple(
        Sample({name: value for name, value in sample.inputs.items() if name in names}, sample.outputs)
        for sample in program.samples
    )
    return replace(program, spec=NodeSpec(node.name, kept, node.outputs), exported=exported, samples=samples)


def _retyped(ports: tuple[PortSpec, ...], names: set[str]) -> tuple[PortSpec, ...]:
    return tuple(replace(port, dtype="float32") if port.name in names else port for port in ports)


def _with_nodes(spec: PipelineSpec, nodes: dict[str, NodeSpec]) -> PipelineSpec:
    return replace(spec, nodes=tuple(nodes[node.name] for node in spec.nodes))


def _as_float(value: torch.Tensor) -> torch.Tensor:
    import torch

    return value.to(torch.float32)
