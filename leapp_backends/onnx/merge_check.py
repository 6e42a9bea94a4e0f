"""Whether a joined pipeline gives the same bits as its nodes one after the other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from leapp_core.errors import BundleError
from leapp_core.spec.dtypes import is_floating
from leapp_core.spec.names import PortRef
from leapp_core.spec.pipeline import NodeSpec, PipelineSpec
from leapp_core.spec.port import PortSpec

if TYPE_CHECKING:
    import numpy as np

    from leapp_backends.onnx.binding import BoundPipeline, BoundStepper

PROBE_STEPS = 4
_PROBE_SIZE = 2
"""Stands for every symbolic size while probing."""
_SCALES = (0.0, 1.0, 0.1, 10.0)


def first_difference(pipeline: PipelineSpec, apart: BoundPipeline, joined: BoundPipeline) -> str | None:
    """Step both on the same random inputs and state; return the port and step of the first differing bit, or ``None``.

    Joining is built not to change a bit; this is the proof for the models at hand, on values of several scales.
    """
    import numpy as np

    concrete = _concrete(pipeline)
    steppers = (apart.stepper(concrete), joined.stepper(concrete))
    random = np.random.default_rng(0)
    state = {edge.target: _random(concrete.input_spec(edge.target), random, 1.0) for edge in concrete.feedback}
    for stepper in steppers:
        stepper.write_state(state)
    for step in range(PROBE_STEPS):
        inputs = {ref: _random(concrete.input_spec(ref), random, _SCALES[step]) for ref in concrete.inputs}
        try:
            results = [_advance(stepper, inputs) for stepper in steppers]
        except BundleError as error:
            # The models refuse random values (an index out of range, say): nothing can be shown, so nothing is joined.
            return f"step {step}: {error.message}"
        for ref, one in results[0].items():
            if one.tobytes() != results[1][ref].tobytes():
                return f"{ref}, step {step}"
    return None


def _advance(stepper: BoundStepper, inputs: Mapping[PortRef, np.ndarray[Any, Any]]) -> dict[PortRef, Any]:
    for ref, value in inputs.items():
        stepper.inputs[ref][...] = value
    outputs = {f"output {i}": value.copy() for i, value in enumerate(stepper.advance())}
    return {**outputs, **stepper.read_state()}  # type: ignore[dict-item]


def _random(port: PortSpec, random: np.random.Generator, scale: float) -> np.ndarray[Any, Any]:
    shape = tuple(int(size) for size in port.shape)
    if is_floating(port.dtype):
        return random.standard_normal(shape) * scale
    # 0 and 1 are valid values of nearly everything that is counted, chosen or switched.
    return random.integers(0, 2, shape)


def _concrete(pipeline: PipelineSpec) -> PipelineSpec:
    return replace(pipeline, nodes=tuple(_concrete_node(node) for node in pipeline.nodes))


def _concrete_node(node: NodeSpec) -> NodeSpec:
    inputs, outputs = (
        tuple(
            replace(port, shape=tuple(size if isinstance(size, int) else _PROBE_SIZE for size in port.shape))
            for port in ports
        )
        for ports in (node.inputs, node.outputs)
    )
    return NodeSpec(node.name, inputs, outputs)
