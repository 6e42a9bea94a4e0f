"""A pipeline over ONNX Runtime sessions with all buffers bound once: a step makes no tensor and copies no state.

State is carried by swapping, not copying. Each fed-back value has two buffers, written in turn; while one is written
the other is read. A third set of bindings, the *entry*, reads the state from buffers of its own: what a reset or a
restored state is written to. So the phases run ``entry, even, odd, even, odd, …`` and a reset goes back to ``entry``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from leapp_core.errors import BundleError
from leapp_core.spec.dtypes import numpy_dtype
from leapp_core.spec.names import PortRef
from leapp_core.spec.pipeline import PipelineSpec
from leapp_core.spec.port import PortSpec

if TYPE_CHECKING:
    import numpy as np

_ALIGNMENT = 64
_BFLOAT16 = 16
"""ONNX's number of the element type."""


@dataclass(frozen=True)
class Stage:
    """A session and the pipeline's ports it serves.

    Attributes:
        session: ``onnxruntime.InferenceSession``.
        inputs: Port to input name.
        outputs: Port to output name; those that nobody reads are left out.
    """

    session: Any
    inputs: Mapping[PortRef, str]
    outputs: Mapping[PortRef, str]


@dataclass
class _Phase:
    """One of the three sets of bindings.

    Attributes:
        runs: Native calls, in order.
        reads: Fed-back input port to the array it is read from.
        outputs: Arrays of ``pipeline.outputs`` after the calls.
        after: The phase of the next step.
    """

    runs: tuple[Callable[[], Any], ...]
    reads: dict[PortRef, np.ndarray[Any, Any]]
    outputs: tuple[np.ndarray[Any, Any], ...]
    after: _Phase = field(init=False)


class BoundPipeline:
    """See :class:`leapp_core.plugins.runners.PipelineSession`."""

    def __init__(self, stages: Sequence[Stage], *, merged: bool, notes: tuple[str, ...] = ()) -> None:
        self.stages = tuple(stages)
        self.merged = merged
        self.notes = notes

    def stepper(self, pipeline: PipelineSpec) -> BoundStepper:
        """Allocate and bind every buffer for a pipeline of concrete sizes."""
        return BoundStepper(self.stages, pipeline)


def ort_value(array: np.ndarray[Any, Any], dtype: str) -> Any:
    """Return an ``OrtValue`` over the memory of a C-contiguous array of a canonical dtype."""
    import onnxruntime

    if dtype == "bfloat16":
        return onnxruntime.OrtValue.ortvalue_from_numpy_with_onnx_type(array, _BFLOAT16)
    return onnxruntime.OrtValue.ortvalue_from_numpy(array)


def to_array(value: Any, dtype: str) -> np.ndarray[Any, Any]:
    """Return a copy of what an ``OrtValue`` in main memory holds, also for types its own conversion does not know."""
    import ctypes

    import numpy as np

    memory = (ctypes.c_char * value.tensor_size_in_bytes()).from_address(value.data_ptr())
    array: np.ndarray[Any, Any] = np.array(np.frombuffer(memory, numpy_dtype(dtype)).reshape(value.shape()))
    return array


class _Buffer:
    """Memory that NumPy and ONNX Runtime share: its own, or a part of a larger piece."""

    def __init__(self, port: PortSpec, array: np.ndarray[Any, Any] | None = None) -> None:
        self.array = _aligned(port) if array is None else array
        self.value = ort_value(self.array, port.dtype)
        if self.array.size and self.value.data_ptr() != self.array.ctypes.data:
            raise RuntimeError("this onnxruntime copies arrays instead of sharing their memory")


class BoundStepper:
    """See :class:`leapp_core.plugins.runners.Stepper`."""

    def __init__(self, stages: Sequence[Stage], pipeline: PipelineSpec) -> None:
        self._forward = {edge.target: edge.source for edge in pipeline.data_flow}
        self._feedback = {edge.target: edge.source for edge in pipeline.feedback}
        self._entry = {ref: _Buffer(pipeline.input_spec(ref)) for ref in self._feedback}
        self._fed, self._written = self._buffers(stages, pipeline)
        self._inputs = {ref: buffer.array for ref, buffer in self._fed.items()}
        self._start = self._link(stages, pipeline)
        self._phase = self._before = self._start

    @property
    def inputs(self) -> Mapping[PortRef, np.ndarray[Any, Any]]:
        """Input buffers by port."""
        return self._inputs

    def advance(self) -> Sequence[np.ndarray[Any, Any]]:
        """Run one step; if it fails, the state stays what it was.

        Raises:
            BundleError: the models refuse the inputs' values.
        """
        phase = self._before = self._phase
        try:
            for run in phase.runs:
                run()
        except Exception as error:
            raise run_failure("the pipeline", error) from error
        self._phase = phase.after
        return phase.outputs

    def read_state(self) -> dict[PortRef, np.ndarray[Any, Any]]:
        """Return a copy of what the next step will read."""
        return {ref: array.copy() for ref, array in self._phase.reads.items()}

    def write_state(self, values: Mapping[PortRef, np.ndarray[Any, Any]]) -> None:
        """Set what the next step will read."""
        for ref, buffer in self._entry.items():
            buffer.array[...] = values[ref]
        self._phase = self._start

    def next_state(self) -> Mapping[PortRef, np.ndarray[Any, Any]]:
        """Return what the next step will read, not copied."""
        return self._phase.reads

    def retract(self) -> None:
        """Take the last step back: what it read is still in its buffers, as it wrote to others."""
        self._phase = self._before

    def _buffers(
        self, stages: Sequence[Stage], pipeline: PipelineSpec
    ) -> tuple[dict[PortRef, _Buffer], dict[PortRef, tuple[_Buffer, _Buffer]]]:
        """Allocate what is fed, and both sides of what is written.

        What can be seen of a step lies in one piece, as ``outputs | inputs | outputs of the other side``, so that its
        float32 values can be looked at together, whichever side is written.
        """
        seen = {*pipeline.outputs, *self._feedback.values()}
        written = [ref for stage in stages for ref in stage.outputs]
        ports = {ref: pipeline.output_spec(ref) for ref in written}
        joined = [ref for ref in written if ref in seen and ports[ref].dtype == "float32"]
        inputs = [ref for ref in pipeline.inputs if pipeline.input_spec(ref).dtype == "float32"]
        fed_ports = {ref: pipeline.input_spec(ref) for ref in pipeline.inputs}
        order = [ports[ref] for ref in joined] + [fed_ports[ref] for ref in inputs] + [ports[ref] for ref in joined]
        parts = _one_piece(order)
        first = dict(zip(joined, parts, strict=False))
        fed = dict(zip(inputs, parts[len(joined) :], strict=False))
        second = dict(zip(joined, parts[len(joined) + len(inputs) :], strict=False))
        sides = {}
        for ref in written:
            one = _Buffer(ports[ref], first.get(ref))
            sides[ref] = (one, _Buffer(ports[ref], second.get(ref)) if ref in seen else one)
        return {ref: _Buffer(port, fed.get(ref)) for ref, port in fed_ports.items()}, sides

    def _link(self, stages: Sequence[Stage], pipeline: PipelineSpec) -> _Phase:
        entry = self._make_phase(stages, pipeline, self._entry, 0)
        if not self._feedback:  # in turn all the same: the outputs of a step outlive the next one
            entry.after = self._make_phase(stages, pipeline, {}, 1)
            entry.after.after = entry
            return entry
        even = self._make_phase(stages, pipeline, self._carried(0), 1)
        odd = self._make_phase(stages, pipeline, self._carried(1), 0)
        entry.after, even.after, odd.after = even, odd, even
        return entry

    def _carried(self, side: int) -> dict[PortRef, _Buffer]:
        return {target: self._written[source][side] for target, source in self._feedback.items()}

    def _make_phase(
        self, stages: Sequence[Stage], pipeline: PipelineSpec, state: Mapping[PortRef, _Buffer], side: int
    ) -> _Phase:
        """Bind every session: state is read from ``state``, outputs go to the buffers of ``side``."""
        forward = {
            target: self._written[source][side] for target, source in self._forward.items() if source in self._written
        }
        read = {**self._fed, **state, **forward}
        runs = []
        for stage in stages:
            binding = stage.session.io_binding()
            for ref, name in stage.inputs.items():
                binding.bind_ortvalue_input(name, read[ref].value)
            for ref, name in stage.outputs.items():
                binding.bind_ortvalue_output(name, self._written[ref][side].value)
            runs.append(_native_call(stage.session, binding))
        outputs = tuple(self._written[ref][side].array for ref in pipeline.outputs)
        return _Phase(tuple(runs), {ref: buffer.array for ref, buffer in state.items()}, outputs)


def run_failure(what: str, error: Exception) -> BundleError:
    """Return ONNX Runtime's own error (its classes share no base but ``Exception``) as one of ours."""
    text = str(error).strip() or type(error).__name__
    return BundleError(
        f"{what} failed in ONNX Runtime: {text.splitlines()[0][:300]}",
        fix="check the inputs' values, such as an index out of range; shapes and dtypes were right",
        code="B010",
    )


def _native_call(session: Any, binding: Any) -> Callable[[], Any]:
    """Return the shortest call that runs a binding.

    ``run_with_iobinding`` of the Python class looks up two attributes and checks device graphs, half a microsecond
    that the native session does not need on the CPU. Where the native objects are not to be had, the public call does.
    """
    native, native_binding = getattr(session, "_sess", None), getattr(binding, "_iobinding", None)
    if native is None or native_binding is None:
        return partial(session.run_with_iobinding, binding)
    return partial(native.run_with_iobinding, native_binding, None)


def _one_piece(ports: Sequence[PortSpec]) -> list[np.ndarray[Any, Any]]:
    """Return zeroed float32 arrays in one piece of memory, each at the start of a cache line, zeros between them."""
    import numpy as np

    shapes = [tuple(int(size) for size in port.shape) for port in ports]
    sizes = [int(np.prod(shape, dtype=np.int64)) * 4 for shape in shapes]
    lines = [-(-size // _ALIGNMENT) * _ALIGNMENT for size in sizes]
    memory = np.zeros(sum(lines) + _ALIGNMENT, np.uint8)
    start = -memory.ctypes.data % _ALIGNMENT
    arrays = []
    for shape, size, line in zip(shapes, sizes, lines, strict=True):
        arrays.append(memory[start : start + size].view(np.float32).reshape(shape))
        start += line
    return arrays


def _aligned(port: PortSpec) -> np.ndarray[Any, Any]:
    """Return a zeroed array that starts at a cache line, as vector instructions like it."""
    import numpy as np

    dtype = numpy_dtype(port.dtype)
    shape = tuple(int(size) for size in port.shape)
    size = int(np.prod(shape, dtype=np.int64)) * dtype.itemsize
    memory = np.zeros(size + _ALIGNMENT, np.uint8)
    start = -memory.ctypes.data % _ALIGNMENT
    return memory[start : start + size].view(dtype).reshape(shape)
