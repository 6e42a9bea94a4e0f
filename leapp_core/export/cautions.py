"""What was exported exactly and may still not be what was meant: said in the log, on the terminal and on the page."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from leapp_core.spec.names import PortRef
from leapp_core.spec.port import PortSpec
from leapp_core.spec.semantics import OutputKind

if TYPE_CHECKING:
    import torch

    from leapp_core.plugins.exporters import NodeProgram
    from leapp_core.tracing.result import CapturedPipeline

_SHOWN = 4
_GAINS = frozenset({OutputKind.KP.value, OutputKind.KD.value})
_TRAINING_FLAGS = frozenset({"training", "train"})
_QUATERNION = 4


def cautions(captured: CapturedPipeline, *, begins_at_reset: bool = False) -> tuple[str, ...]:
    """Return what deserves a look, in one sentence each.

    Args:
        captured: What is exported.
        begins_at_reset: The recording is known to begin right after a reset, so that the first state may be anything.
    """
    return (
        *training_modes(captured),
        *free_outputs(captured),
        *unordered_rotations(captured),
        *(() if begins_at_reset else warm_states(captured)),
    )


def training_modes(captured: CapturedPipeline) -> Iterator[str]:
    """Yield a note for each node with a call that is made otherwise in training, such as batch normalisation."""
    for name, program in captured.programs.items():
        calls = [node for node in program.exported.graph.nodes if node.op == "call_function" and _trains(node)]
        if calls:
            call = calls[0].target.__name__.partition(".")[0].strip("_").removeprefix("native_").partition("_legit")[0]
            yield (
                f"node {name!r} calls {call} in training mode: it normalises each step by that step's own values, "
                "not by what was learnt; call .eval() on the module before recording"
            )


def _trains(node: Any) -> bool:
    schema = getattr(node.target, "_schema", None)
    if schema is None:
        return False
    for position, argument in enumerate(schema.arguments):
        if argument.name in _TRAINING_FLAGS:
            return bool(node.kwargs.get(argument.name, node.args[position] if position < len(node.args) else False))
    return False


def free_outputs(captured: CapturedPipeline) -> Iterator[str]:
    """Yield a note for each output to outside that no input from outside reaches; gains are meant to be constant."""
    spec = captured.spec
    reads = {name: _reads(program) for name, program in captured.programs.items()}
    reached = set(spec.inputs)
    carried = {edge.target: edge.source for edge in (*spec.data_flow, *spec.feedback)}
    before = -1
    while before != len(reached):
        before = len(reached)
        reached |= {ref for name, ports in reads.items() for ref, from_ in ports.items() if from_ & reached}
        reached |= {target for target, source in carried.items() if source in reached}
    for ref in spec.outputs:
        if spec.inputs and ref not in reached and spec.output_spec(ref).kind not in _GAINS:
            how = "changes with time only" if reads[ref.node].get(ref) else "is a constant"
            yield (
                f"output {ref.port!r} of node {ref.node!r} depends on no input: it {how}; "
                "if it should, what it is computed from was not declared with input_tensors"
            )


def _reads(program: NodeProgram) -> dict[PortRef, set[PortRef]]:
    """Return the inputs of a node that each of its outputs is computed from."""
    name = program.spec.name
    ports = [PortRef(name, port.name) for port in program.spec.inputs]
    inputs = dict(zip(program.exported.graph_signature.user_inputs, ports, strict=True))
    sources: dict[Any, set[PortRef]] = {}
    made: dict[PortRef, set[PortRef]] = {}
    for node in program.exported.graph.nodes:
        found = {inputs[node.name]} if node.op == "placeholder" and node.name in inputs else set()
        sources[node] = found.union(*(sources[before] for before in node.all_input_nodes))
        if node.op == "output":
            for port, value in zip(program.spec.outputs, node.args[0], strict=True):
                made[PortRef(name, port.name)] = sources.get(value, set())
    return made


def unordered_rotations(captured: CapturedPipeline) -> Iterator[str]:
    """Yield a note for each quaternion outside of whose numbers nobody knows which is which."""
    spec = captured.spec
    inputs = [(ref, spec.input_spec(ref)) for ref in spec.inputs]
    outputs = [(ref, spec.output_spec(ref)) for ref in spec.outputs]
    for ref, port in (*inputs, *outputs):
        if _is_rotation(port) and not isinstance((port.element_names or (None,))[-1], tuple):
            yield (
                f"the rotation {ref.port!r} of node {ref.node!r} has no element names: nothing says whether w comes "
                'first or last; give element_names=["w", "x", "y", "z"], in the order that it has'
            )


def _is_rotation(port: PortSpec) -> bool:
    words = str(port.kind or "").rpartition("/")[2]
    return ("rotation" in words or "orientation" in words) and bool(port.shape) and port.shape[-1] == _QUATERNION


def warm_states(captured: CapturedPipeline) -> Iterator[str]:
    """Yield a note for each state whose first value is not round.

    Zeros, ones and their negatives are (cleared memory, a flag, a unit quaternion), and so is one quarter or half
    everywhere. Anything else may be meant (a default posture), or be where a running robot happened to be.
    """
    for edge in captured.spec.feedback:
        value = captured.initial_values.get(edge.target)
        if value is not None and not is_round(value):
            state = edge.target.port.removesuffix("_in")
            yield (
                f"state {state!r} of node {edge.target.node!r} begins with {_shown(value)}, as the recording; if it "
                "began on a running program, so does the bundle: open the session right after a reset"
            )


def is_round(value: torch.Tensor) -> bool:
    """Return whether a state may well begin with a value in an ordinary program."""
    if not value.numel() or value.dtype.is_complex:
        return True
    plain = value.detach().double()
    if bool((plain.abs() * (plain.abs() - 1.0) == 0.0).all()):
        return True
    first = plain.reshape(-1)[0]
    return value.is_floating_point() and bool((plain == first).all()) and bool((first * 4.0).round() == first * 4.0)


def _shown(value: torch.Tensor) -> str:
    flat: list[Any] = value.detach().reshape(-1)[:_SHOWN].tolist()
    text = ", ".join(f"{item:g}" for item in flat)
    return text if value.numel() <= _SHOWN else f"{text}, ... ({value.numel()} numbers)"
