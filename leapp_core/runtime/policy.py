"""A loaded bundle that can be stepped."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from leapp_core.errors import BundleError, LimitError, RuntimeInputError, UsageError
from leapp_core.plugins.runners import PipelineSession
from leapp_core.runtime.arrays import Array
from leapp_core.runtime.elements import by_element_names, from_element_names
from leapp_core.runtime.given import check_state, mask_of, state_by_port
from leapp_core.runtime.guard import Guard
from leapp_core.runtime.inputs import InputWriter
from leapp_core.runtime.limits import Fault, Limits
from leapp_core.runtime.port_names import PortNames
from leapp_core.runtime.sizes import batch_axis, check_memory, check_sizes, expand, infer_sizes, symbols, with_sizes
from leapp_core.runtime.state_file import read_state, write_state
from leapp_core.runtime.warm_up import warm_up
from leapp_core.spec.markup import pipeline_html
from leapp_core.spec.names import PortRef
from leapp_core.spec.pipeline import PipelineSpec
from leapp_core.spec.port import PortSpec


class _LatchedError(LimitError):
    """A step is not made because an earlier one was not, and nobody has said that it is well."""


class PolicyRuntime:
    """Steps a pipeline: sensor readings in, targets out, state kept in between.

    Made by :func:`leapp_core.runtime.load`. Names of inputs, outputs and state are port names where these are
    unambiguous, else ``node/port``; the long form is always understood. A runtime may be used from several threads;
    steps then happen one after the other. Several runtimes are independent of each other.

    Args:
        name: Graph name.
        pipeline: What the bundle states; sizes may be symbolic.
        session: The loaded models.
        initial_values: First value of every fed-back input port.
        full_names: Write every name as ``node/port``, and ask for each input, also where several are one tensor.
        check_finite: Refuse NaN and infinities in inputs.
        sizes: Values of symbolic sizes; without, the first step after a reset decides.
        notes: What was found while loading.
        limits: Rules for readings, answers and state, and what happens when one is broken.
        rate: Steps per second (Hz) that will be made.
        allow_other_rate: The rate may be another than the bundle's.

    Raises:
        UsageError: the rate is not the bundle's, or a limit that cannot be.
    """

    def __init__(  # noqa: PLR0913 - all but what is loaded are named
        self,
        name: str,
        pipeline: PipelineSpec,
        session: PipelineSession,
        initial_values: Mapping[PortRef, Array],
        *,
        full_names: bool = False,
        check_finite: bool = False,
        sizes: Mapping[str, int] | None = None,
        notes: tuple[str, ...] = (),
        limits: Limits | None = None,
        rate: float | None = None,
        allow_other_rate: bool = False,
    ) -> None:
        self.name = name
        self.pipeline = pipeline
        self._session = session
        self._notes = notes
        self._initial = dict(initial_values)
        self._check_finite = check_finite
        self._lock = threading.RLock()
        self._symbols = symbols(pipeline)
        self._input_names = _input_names(pipeline, full=full_names)
        self._output_names = PortNames(pipeline.outputs, "output", full=full_names)
        self._state_names = PortNames((edge.target for edge in pipeline.feedback), "state", full=full_names)
        self._keys = self._output_names.keys
        self._restarts = 0
        self._steps = 0
        self._fault: Fault | None = None
        self._limits = limits
        self._rate = _checked_rate(rate, self.frequency, allowed=allow_other_rate)
        self._resize(check_sizes(sizes or {}, self._symbols))

    @property
    def frequency(self) -> float | None:
        """Control steps per second (Hz), if the bundle states it."""
        return self.pipeline.configs.frequency

    @property
    def rate(self) -> float | None:
        """Steps per second (Hz) that the policy was loaded for; the bundle's, unless another one was allowed."""
        return self._rate

    @property
    def limits(self) -> Limits | None:
        """The rules it was loaded with."""
        return self._limits

    @property
    def safe_outputs(self) -> dict[str, Array] | None:
        """Copies of the safe outputs that the limits state, ``None`` if they state none."""
        with self._lock:
            return None if self._guard is None else self._guard.safe_outputs()

    @property
    def merged(self) -> bool:
        """Whether a step is one native call."""
        return self._session.merged

    @property
    def notes(self) -> tuple[str, ...]:
        """What loading found worth knowing, such as why nodes were not merged."""
        return (*self._notes, *self._session.notes)

    @property
    def inputs(self) -> dict[str, PortSpec]:
        """What a step takes, by name; sizes may be symbolic. A tensor that several nodes take is there once."""
        return {self._input_names[ref]: self.pipeline.input_spec(ref) for ref in self._input_names.refs}

    @property
    def outputs(self) -> dict[str, PortSpec]:
        """What a step returns, by name; sizes may be symbolic."""
        return {self._output_names[ref]: self.pipeline.output_spec(ref) for ref in self.pipeline.outputs}

    @property
    def sizes(self) -> dict[str, int]:
        """Values of the symbolic sizes at present."""
        return dict(self._sizes)

    @property
    def state(self) -> dict[str, Array]:
        """A copy of what the next step will read as its state, by name of the input port that reads it."""
        with self._lock:
            return {self._state_names[ref]: value for ref, value in self._stepper.read_state().items()}

    def step(
        self,
        inputs: Mapping[str, Any] | None = None,
        *,
        inputs_by_name: Mapping[str, Any] | None = None,
        taken: float | Mapping[str, float] | None = None,
    ) -> dict[str, Array]:
        """Make one control step.

        With limits, a step that breaks a rule or cannot be made is taken back, and what :attr:`Limits.on_violation`
        says happens; :attr:`fault` tells why.

        Args:
            inputs: One array per input: NumPy, PyTorch on the CPU, or anything with DLPack, of exactly the port's
                dtype and shape. They are copied; the caller may reuse them at once.
            inputs_by_name: Inputs by element name instead of by position, in any order:
                ``{"joint_pos": {"left_knee": 0.1, …}}``, or flat, ``{"left_knee": 0.1, …}``, where an element name
                belongs to one input only. May be mixed with ``inputs``.
            taken: When the readings were taken, in seconds of the limits' clock: one time, or one by input. Needed
                where limits have a ``max_age``.

        Returns:
            One array per output. They belong to the caller; later steps do not touch them.

        Raises:
            RuntimeInputError: an input is missing, unknown, misshaped, mistyped or (if asked for) not finite. The
                state is then as before.
            BundleError: a model fails on these values. The state is then as before.
            LimitError: a limit is broken, and the limits say ``raise``. The state is then as before.
        """
        if self._guard is not None:
            return self._guarded_step(self._guard, inputs, inputs_by_name, taken)
        if inputs_by_name is not None:
            inputs = self._by_position(inputs, inputs_by_name)
        elif inputs is None:
            inputs = {}
        with self._lock:
            self._write(inputs)
            # A plain loop: before Python 3.12 a comprehension costs a call of its own.
            outputs = {}
            for key, array in zip(self._keys, self._stepper.advance()):  # noqa: B905 - warm_up checked
                outputs[key] = array.copy()
            return outputs

    @property
    def fault(self) -> Fault | None:
        """Why the last step was not made, or why none is made until :meth:`clear_fault`; ``None`` if all is well."""
        return self._fault

    def clear_fault(self) -> None:
        """Let steps be made again after one broke a limit; the state is that before the step that did."""
        with self._lock:
            self._fault = None

    def _repr_html_(self) -> str:
        """Return the ports as a notebook shows them."""
        return pipeline_html(self.name, self.pipeline)

    def warm_up(self) -> None:
        """Run the models some times on zeros, as loading does, and leave the state as it is.

        For a process that has been idle: its first step is then as fast as any.
        """
        with self._lock:
            state = self._stepper.read_state()
            given = {ref: array.copy() for ref, array in self._stepper.inputs.items()}
            try:
                warm_up(self._stepper, self._start, len(self.pipeline.outputs))
            finally:
                self._stepper.write_state(state)
                for ref, array in self._stepper.inputs.items():
                    array[...] = given[ref]

    def last_inputs(self) -> dict[str, Array]:
        """Return a copy of what the last step was fed, in the form and order of the ports."""
        with self._lock:
            return {self._input_names[ref]: self._stepper.inputs[ref].copy() for ref in self._input_names.refs}

    @property
    def restarts(self) -> int:
        """How often the state was reset, in part or whole, or loaded."""
        return self._restarts

    @property
    def initial_state(self) -> dict[str, Array]:
        """A copy of the state after a reset."""
        with self._lock:
            return {self._state_names[ref]: value.copy() for ref, value in self._start.items()}

    def by_key(self, inputs: Mapping[str, Any]) -> dict[str, Any]:
        """Return inputs under the names of :attr:`inputs`, whichever form of the names was used; nothing is converted.

        Raises:
            RuntimeInputError: an unknown name, or one input given twice.
        """
        return self._writer.by_key(inputs)

    def fit(self, inputs: Mapping[str, Any]) -> None:
        """Take the symbolic sizes from inputs before the first step, as :meth:`step` would.

        Raises:
            RuntimeInputError: the inputs disagree, or an episode is running with other sizes.
        """
        if self._symbols:
            with self._lock:
                self._adapt(inputs)

    def by_name(self, outputs: Mapping[str, Array]) -> dict[str, Any]:
        """Return outputs of a step by element name: ``{"joint_targets": {"left_knee": 0.2, …}}``.

        Outputs without element names stay arrays.
        """
        ports = self.outputs
        return {key: by_element_names(ports[key], value) for key, value in outputs.items()}

    def reset(self, mask: Array | None = None) -> None:
        """Go back to the initial state; may be called at any time.

        Args:
            mask: For batched policies, which environments to reset: booleans ``[batch]``. Without, all.

        Raises:
            RuntimeInputError: the mask is no boolean vector of the batch's length.
        """
        with self._lock:
            if self._guard is not None:
                self._guard.forget()
            self._fault = None
            if mask is None:
                self._stepper.write_state(self._start)
            else:
                self._reset_rows(mask_of(mask))
            self._restarts += 1

    def load_state(self, state: Mapping[str, Any] | str | Path) -> None:
        """Continue from a state that :attr:`state` or :meth:`save_state` gave, with as many rows as it has.

        Raises:
            RuntimeInputError: something is missing, unknown, misshaped or mistyped; the state is then as before.
            BundleError: the file cannot be read.
        """
        given = read_state(Path(state)) if isinstance(state, (str, Path)) else state
        values = state_by_port(given, self._state_names)
        with self._lock:
            sizes = {**self._sizes, **infer_sizes(self.pipeline, values, self._start)}
            check_state(values, self._start, with_sizes(self.pipeline, sizes))
            if sizes != self._sizes:
                self._resize(check_sizes(sizes, self._symbols))
            self._stepper.write_state(values)
            if self._guard is not None:
                self._guard.forget()
            self._restarts += 1

    def save_state(self, path: str | Path) -> None:
        """Write the state to a safetensors file that :meth:`load_state` reads; the file is replaced as a whole."""
        with self._lock:
            values = {str(ref): value for ref, value in self._stepper.read_state().items()}
        write_state(Path(path), values)

    def _by_position(self, inputs: Mapping[str, Any] | None, named: Mapping[str, Any]) -> dict[str, Any]:
        given = {} if inputs is None else inputs
        return from_element_names(self.inputs, given, named, self._sizes, self._input_names.known)

    def _guarded_step(
        self,
        guard: Guard,
        inputs: Mapping[str, Any] | None,
        named: Mapping[str, Any] | None,
        taken: float | Mapping[str, float] | None,
    ) -> dict[str, Array]:
        with self._lock:
            try:
                if self._fault is not None and guard.limits.latch:
                    raise _LatchedError(f"no step is made since one failed: {self._fault.message}", code="R011")
                if guard.limits.max_age is not None:
                    guard.check_age(taken)
                self._write((inputs or {}) if named is None else self._by_position(inputs, named))
                made = self._stepper.advance()
                if not guard.passes(made):
                    error = guard.broken(made)
                    self._stepper.retract()
                    raise error
            except (RuntimeInputError, BundleError) as error:
                return self._not_made(guard, error)
            self._steps += 1
            self._fault = None
            outputs = {}
            for key, array in zip(self._keys, made):  # noqa: B905 - warm_up checked
                outputs[key] = array.copy()
            return outputs

    def _not_made(self, guard: Guard, error: RuntimeInputError | BundleError) -> dict[str, Array]:
        """Return what takes the place of a step's outputs, or raise."""
        if not isinstance(error, _LatchedError):
            self._fault = Fault(error.message, self._steps, error.where, error.code)
        self._steps += 1
        instead = guard.substitute()
        if instead is None:
            raise error
        return instead

    def _write(self, inputs: Mapping[str, Any]) -> None:
        """Fill the input buffers; inputs of another batch make the policy follow, if it may."""
        try:
            self._writer.write(inputs)
        except RuntimeInputError:
            if not self._symbols:
                raise
            self._adapt(inputs)
            self._writer.write(inputs)

    def _resize(self, sizes: Mapping[str, int]) -> None:
        """Set up buffers for these sizes, at the initial state."""
        concrete = with_sizes(self.pipeline, sizes)
        check_memory(concrete)
        start = {ref: expand(value, concrete.input_spec(ref), ref) for ref, value in self._initial.items()}
        stepper = self._session.stepper(concrete)
        warm_up(stepper, start, len(self.pipeline.outputs))
        self._sizes = {name: sizes.get(name, 1) for name in self._symbols}
        self._concrete, self._start, self._stepper = concrete, start, stepper
        self._writer = InputWriter(concrete, self._input_names, stepper.inputs, check_finite=self._check_finite)
        self._guard = None
        if self._limits is not None:
            names = (self._input_names, self._output_names, self._state_names)
            self._guard = Guard(self._limits, concrete, names, stepper, 1 / self._rate if self._rate else None)

    def _adapt(self, inputs: Mapping[str, Any]) -> None:
        """Follow the sizes of the inputs as long as no state would be lost."""
        given = {self._input_names.find(name): value for name, value in self._writer.by_key(inputs).items()}
        sizes = {**self._sizes, **infer_sizes(self.pipeline, given)}
        if sizes == self._sizes:
            return
        state = self._stepper.read_state()
        if any(value.tobytes() != self._start[ref].tobytes() for ref, value in state.items()):
            raise RuntimeInputError(
                f"inputs have {_describe_sizes(sizes)}, the running episode has {_describe_sizes(self._sizes)}",
                expected="the same sizes until the next reset",
                fix="call reset() before the size changes",
                code="R010",
            )
        self._resize(check_sizes(sizes, self._symbols))

    def _reset_rows(self, mask: Array) -> None:
        state = self._stepper.read_state()
        for ref, value in state.items():
            axis = batch_axis(self._concrete.input_spec(ref), len(mask), self.pipeline.input_spec(ref))
            rows = (slice(None),) * axis + (mask,)
            value[rows] = self._start[ref][rows]
        self._stepper.write_state(state)


def _input_names(pipeline: PipelineSpec, *, full: bool) -> PortNames:
    if full:
        return PortNames(pipeline.inputs, "input", full=True)
    same_as = {edge.target: edge.source for edge in pipeline.shared_inputs}
    return PortNames(pipeline.asked_inputs(), "input", same_as=same_as)


def _checked_rate(rate: float | None, frequency: float | None, *, allowed: bool) -> float | None:
    """Return the rate that steps are made at, as far as it is known."""
    if rate is None:
        return frequency
    if not 0 < rate < float("inf"):
        raise UsageError(f"rate is {rate}", expected="a positive number of steps per second", code="R014")
    if frequency is not None and abs(rate - frequency) > 1e-6 * frequency and not allowed:
        raise UsageError(
            f"the policy would run at {rate:g} Hz, it was made for {frequency:g} Hz",
            fix=f"run it at {frequency:g} Hz; allow_other_rate=True (--allow-other-rate) if another is meant",
            code="R014",
        )
    return rate


def _describe_sizes(sizes: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {size}" for name, size in sizes.items())
