"""Step a pipeline of any formats, one model after the other; what a runner without a faster way gets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from leapp_core.errors import BundleError, LeappError
from leapp_core.plugins.runners import ModelSession
from leapp_core.runtime.arrays import Array
from leapp_core.spec.dtypes import numpy_dtype
from leapp_core.spec.names import PortRef
from leapp_core.spec.pipeline import NodeSpec, PipelineSpec
from leapp_core.spec.port import PortSpec


class SequentialPipeline:
    """See :class:`leapp_core.plugins.runners.PipelineSession`.

    Args:
        sessions: Node name to loaded artifact.
    """

    def __init__(self, sessions: Mapping[str, ModelSession]) -> None:
        self._sessions = sessions
        self.merged = len(sessions) == 1
        self.notes: tuple[str, ...] = ()

    def stepper(self, pipeline: PipelineSpec) -> SequentialStepper:
        """Set up buffers for a pipeline of concrete sizes."""
        return SequentialStepper(self._sessions, pipeline)


class SequentialStepper:
    """See :class:`leapp_core.plugins.runners.Stepper`."""

    def __init__(self, sessions: Mapping[str, ModelSession], pipeline: PipelineSpec) -> None:
        self._sessions = sessions
        self._pipeline = pipeline
        self._forward = {edge.target: edge.source for edge in pipeline.data_flow}
        self._feedback = {edge.target: edge.source for edge in pipeline.feedback}
        self._inputs = {ref: _zeros(pipeline.input_spec(ref)) for ref in pipeline.inputs}
        self._state = {ref: _zeros(pipeline.input_spec(ref)) for ref in self._feedback}
        self._before = self._state

    @property
    def inputs(self) -> Mapping[PortRef, Array]:
        """Input buffers by port."""
        return self._inputs

    def advance(self) -> Sequence[Array]:
        """Run one step; if it fails, the state stays what it was.

        Raises:
            BundleError: a model fails, or returns something else than the bundle states.
        """
        written: dict[PortRef, Array] = {}
        for node in self._pipeline.nodes:
            outputs = self._run(
                node, {port.name: self._read(PortRef(node.name, port.name), written) for port in node.inputs}
            )
            for port in node.outputs:
                written[PortRef(node.name, port.name)] = _checked(node, port, outputs)
        self._before = self._state
        # Copied, as a model may return an input or another state as it is, and those buffers are written again.
        self._state = {target: written[source].copy() for target, source in self._feedback.items()}
        return [written[ref] for ref in self._pipeline.outputs]

    def _run(self, node: NodeSpec, inputs: Mapping[str, Array]) -> Mapping[str, Array]:
        try:
            return self._sessions[node.name].run(inputs)
        except LeappError:
            raise
        except Exception as error:  # a runner is a plugin, its engine raises what it likes
            text = (str(error).strip() or type(error).__name__).splitlines()[0]
            raise BundleError(
                f"the model of node {node.name!r} failed: {text}",
                fix="check the inputs' values; shapes and dtypes were right",
                code="B010",
            ) from error

    def _read(self, ref: PortRef, written: Mapping[PortRef, Array]) -> Array:
        if ref in self._forward:
            return written[self._forward[ref]]
        return self._state[ref] if ref in self._state else self._inputs[ref]

    def read_state(self) -> dict[PortRef, Array]:
        """Return a copy of what the next step will read."""
        return {ref: array.copy() for ref, array in self._state.items()}

    def next_state(self) -> Mapping[PortRef, Array]:
        """Return what the next step will read, not copied."""
        return self._state

    def retract(self) -> None:
        """Take the last step back."""
        self._state = self._before

    def write_state(self, values: Mapping[PortRef, Array]) -> None:
        """Set what the next step will read."""
        self._state = {ref: np.array(values[ref], array.dtype) for ref, array in self._state.items()}


def _zeros(port: PortSpec) -> Array:
    return np.zeros(tuple(int(size) for size in port.shape), numpy_dtype(port.dtype))


def _checked(node: NodeSpec, port: PortSpec, outputs: Mapping[str, Array]) -> Array:
    """Return an output of a model if it is what the bundle states."""
    value = outputs.get(port.name)
    if value is None:
        raise BundleError(f"the model of node {node.name!r} returned no output {port.name!r}", code="B010")
    if value.shape != port.shape or value.dtype != numpy_dtype(port.dtype):
        raise BundleError(
            f"the model of node {node.name!r} returned {port.name!r} as {value.dtype} {list(value.shape)}",
            expected=f"{port.dtype} {list(port.shape)}, as the bundle states",
            code="B010",
        )
    return value
