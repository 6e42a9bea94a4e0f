"""Hold every step against limits. What breaks one is taken back: the state stays as before that step.

All values that a step takes and gives are looked at together. Where a stepper keeps its float32 values in one piece of
memory, that is three array operations for all of them; other values are copied into one piece first.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from leapp_core.errors import LimitError, RuntimeInputError, UsageError
from leapp_core.plugins.runners import Stepper
from leapp_core.runtime.arrays import Array
from leapp_core.runtime.inputs import element_name
from leapp_core.runtime.limits import Limit, Limits, filled
from leapp_core.runtime.port_names import PortNames
from leapp_core.spec.dtypes import is_floating, numpy_dtype
from leapp_core.spec.names import PortRef
from leapp_core.spec.pipeline import PipelineSpec
from leapp_core.spec.port import PortSpec
from leapp_core.suggest import suggest

_LARGEST = float(np.finfo(np.float32).max)


@dataclass(frozen=True)
class _Watched:
    """One port that is looked at.

    Attributes:
        kind: ``input``, ``output`` or ``state``.
        name: What the caller calls it.
        port: With concrete sizes.
        limit: Its bounds.
    """

    kind: str
    name: str
    port: PortSpec
    limit: Limit


class Guard:
    """Limits, ready to be held against the steps of one stepper.

    Args:
        limits: The rules.
        pipeline: With concrete sizes.
        names: Names of inputs, outputs and state, in this order.
        stepper: What makes the steps.
        period: Seconds between steps, for limits of change.

    Raises:
        UsageError: an unknown name, a limit of another size, limits of change without a rate, or a safe output missing.
    """

    def __init__(
        self,
        limits: Limits,
        pipeline: PipelineSpec,
        names: tuple[PortNames, PortNames, PortNames],
        stepper: Stepper,
        period: float | None,
    ) -> None:
        self.limits = limits
        self._stepper = stepper
        inputs, outputs, state = names
        self._input_names = inputs
        self._inputs = _watched("input", limits.inputs, inputs, pipeline)
        self._outputs = _watched("output", limits.outputs, outputs, pipeline)
        self._state = _watched("state", limits.state, state, pipeline)
        self._period = _period((*self._inputs, *self._outputs, *self._state), period)
        self._safe = _safe_outputs(limits, outputs, pipeline)
        self._input_arrays = tuple(stepper.inputs[ref] for ref in inputs.refs)
        self._state_refs = state.refs
        self._checks: dict[int, _Check] = {}
        self._previous: Array | None = None
        self.held: Sequence[Array] | None = None
        self._output_keys = outputs.keys

    def forget(self) -> None:
        """Begin anew, as after a reset: nothing to compare changes with, nothing to hold."""
        self._previous = None
        self.held = None

    def passes(self, outputs: Sequence[Array]) -> bool:
        """Return whether the step just made breaks no rule; if not, it is still to be taken back."""
        check = self._checks.get(id(outputs))
        if check is None or check.outputs is not outputs:
            check = self._make_check(outputs)
        if not check.passes():
            return False
        if check.rate is not None:
            moving = check.moving()
            if self._previous is not None and not (np.abs(moving - self._previous) <= check.rate).all():
                return False
            self._previous = moving
        self.held = outputs
        return True

    def broken(self, outputs: Sequence[Array]) -> LimitError:
        """Return the error for the first value of a step that breaks a rule."""
        return self._make_check(outputs).broken(self._previous)

    def check_age(self, taken: float | Mapping[str, float] | None) -> None:
        """Check when the readings of a step were taken.

        Raises:
            LimitError: one is too old, or from the future, or it is not said when it was taken.
        """
        oldest = self.limits.max_age
        assert oldest is not None
        now = self.limits.clock()
        for item, ref in zip(self._inputs, self._input_names.refs, strict=True):
            stamp = _stamp(taken, item.name, str(ref))
            if stamp is None:
                raise LimitError(
                    f"it is not said when input {item.name!r} was taken",
                    where=item.name,
                    expected=f"a time not more than {oldest:g} s ago",
                    fix="pass step(..., taken=...)",
                    code="R011",
                )
            age = now - stamp
            if not -oldest <= age <= oldest:
                what = f"is {age:.3f} s old" if age > 0 or age != age else f"is from {-age:.3f} s in the future"
                raise LimitError(
                    f"input {item.name!r} {what}",
                    where=item.name,
                    expected=f"a reading of the last {oldest:g} s",
                    code="R011",
                )

    def substitute(self) -> dict[str, Array] | None:
        """Return copies of the outputs that take the place of a step's, ``None`` if there are none to return."""
        if self.limits.on_violation == "raise":
            return None
        instead = self._safe
        if self.limits.on_violation == "hold" and self.held is not None:
            instead = dict(zip(self._output_keys, self.held, strict=True))
        return None if instead is None else {key: value.copy() for key, value in instead.items()}

    def safe_outputs(self) -> dict[str, Array] | None:
        """Return copies of the safe outputs, ``None`` if the limits state none."""
        return None if self._safe is None else {key: value.copy() for key, value in self._safe.items()}

    def _make_check(self, outputs: Sequence[Array]) -> _Check:
        state = self._stepper.next_state()
        arrays = (*self._input_arrays, *outputs, *(state[ref] for ref in self._state_refs))
        watched = (*self._inputs, *self._outputs, *self._state)
        check = _Check(outputs, arrays, watched, self._period)
        if check.lasting:  # else the stepper gives other arrays each time
            self._checks[id(outputs)] = check
        return check


class _Check:
    """The look at one set of arrays."""

    def __init__(
        self, outputs: Sequence[Array], arrays: Sequence[Array], watched: Sequence[_Watched], period: float | None
    ) -> None:
        self.outputs = outputs
        self._arrays, self._watched = arrays, watched
        found = [(a, w) for a, w in zip(arrays, watched, strict=True) if a.size and _matters(w)]
        block = _one_piece([array for array, _ in found])
        self.lasting = block is not None
        size = sum(array.size for array, _ in found) if block is None else block.size
        dtype = np.float64 if block is None else np.float32
        self._block = block
        self._parts: list[tuple[slice, Array, _Watched]] = []
        low, high = np.full(size, -_LARGEST), np.full(size, _LARGEST)
        self._rates: list[tuple[Array, Array, _Watched]] = []
        at = 0
        for array, item in found:
            begin = at if block is None else (array.ctypes.data - block.ctypes.data) // 4
            place = slice(begin, begin + array.size)
            at += array.size
            self._parts.append((place, array, item))
            largest = _LARGEST if block is not None else _finite_bound(item.port.dtype)
            low[place] = np.maximum(filled(item.limit.low, -largest, item.port, item.name), -largest)
            high[place] = np.minimum(filled(item.limit.high, largest, item.port, item.name), largest)
            if period is not None and item.limit.rate is not None:
                rate = filled(item.limit.rate, np.inf, item.port, item.name) * period
                self._rates.append((array.reshape(-1), rate, item))
        self._low, self._high = low.astype(dtype), high.astype(dtype)
        self.rate = np.concatenate([rate for _, rate, _ in self._rates]) if self._rates else None
        self._bounded = any((w.limit.low, w.limit.high) != (None, None) for _, _, w in self._parts)
        self._size = size
        self._good, self._below = np.empty(size, np.bool_), np.empty(size, np.bool_)

    def values(self) -> Array:
        """Return the values looked at, flat."""
        if self._block is not None:
            return self._block
        flat = [np.asarray(array, np.float64).reshape(-1) for _, array, _ in self._parts]
        return np.concatenate(flat or [np.empty(0)])

    def passes(self) -> bool:
        """Return whether all values are numbers within their limits; NaN compares as false."""
        values, good = self._block, self._good
        if values is None:
            values = self.values()
        if self._bounded:
            np.greater_equal(values, self._low, out=good)
            np.less_equal(values, self._high, out=self._below)
            np.logical_and(good, self._below, out=good)
        else:
            np.isfinite(values, out=good)
        return bool(np.count_nonzero(good) == self._size)

    def moving(self) -> Array:
        """Return a copy of the values whose change is limited, flat."""
        return np.concatenate([flat for flat, _, _ in self._rates])

    def broken(self, previous: Array | None) -> LimitError:
        """Return the error for the first value that breaks a rule."""
        values = self.values()
        for place, array, item in self._parts:
            within = (values[place] >= self._low[place]) & (values[place] <= self._high[place])
            if not within.all():
                return _out_of_range(item, array, int(np.argmin(within)), self._low[place], self._high[place])
        assert previous is not None
        moving, begin = self.moving(), 0
        for flat, rate, item in self._rates:
            moved = np.abs(moving[begin : begin + flat.size] - previous[begin : begin + flat.size])
            begin += flat.size
            slow = moved <= rate
            if not slow.all():
                at = int(np.argmin(slow))
                array = flat.reshape(tuple(int(extent) for extent in item.port.shape))
                what, most = f"changed by {moved[at]:.6g} in one step", f"at most {rate[at]:.6g} a step"
                return _error(item, array, at, what, most)
        raise AssertionError("no value breaks a rule")


def _out_of_range(item: _Watched, array: Array, at: int, low: Array, high: Array) -> LimitError:
    value = array.reshape(-1)[at]
    limited = item.limit.low is not None or item.limit.high is not None
    expected = f"{low[at]:.6g} to {high[at]:.6g}" if limited and np.isfinite(float(value)) else "a finite number"
    return _error(item, array, at, f"is {value}", expected)


def _error(item: _Watched, array: Array, at: int, what: str, expected: str) -> LimitError:
    index = tuple(int(i) for i in np.unravel_index(at, array.shape))
    place = element_name(item.port, index) if array.ndim else "scalar"
    return LimitError(f"{item.kind} {item.name!r} {what} at {place}", where=item.name, expected=expected, code="R011")


def _matters(item: _Watched) -> bool:
    limit = item.limit
    return is_floating(item.port.dtype) or (limit.low, limit.high, limit.rate) != (None, None, None)


def _finite_bound(dtype: str) -> float:
    if dtype in ("float64", "float16", "float32"):
        return float(np.finfo(numpy_dtype(dtype)).max)
    return _LARGEST if dtype == "bfloat16" else float(np.finfo(np.float64).max)


def _one_piece(arrays: Sequence[Array]) -> Array | None:
    """Return float32 memory that holds all of the arrays and nothing else but zeros between them, if there is such."""
    if not arrays or any(array.dtype != np.float32 or not array.flags.c_contiguous for array in arrays):
        return None
    base = arrays[0].base
    if not isinstance(base, np.ndarray) or any(array.base is not base for array in arrays):
        return None
    begin = min(array.ctypes.data for array in arrays)
    end = max(array.ctypes.data + array.nbytes for array in arrays)
    start = begin - base.ctypes.data
    return base.view(np.uint8).reshape(-1)[start : start + end - begin].view(np.float32)


def _watched(kind: str, limits: Mapping[str, Limit], names: PortNames, pipeline: PipelineSpec) -> tuple[_Watched, ...]:
    known: dict[PortRef, Limit] = {}
    for name, limit in limits.items():
        try:
            known[names.find(name)] = limit
        except RuntimeInputError as error:
            raise UsageError(
                f"there is no {kind} {name!r} to limit", expected=suggest(str(name), names.keys), code="R001"
            ) from error
    spec = pipeline.output_spec if kind == "output" else pipeline.input_spec
    found = tuple(_Watched(kind, names[ref], spec(ref), known.get(ref, Limit())) for ref in names.refs)
    for item in found:  # sizes are wrong now or never
        for bound in (item.limit.low, item.limit.high, item.limit.rate):
            filled(bound, 0.0, item.port, item.name)
    return found


def _period(watched: Sequence[_Watched], period: float | None) -> float | None:
    changing = [item.name for item in watched if item.limit.rate is not None]
    if changing and period is None:
        raise UsageError(
            f"the change of {changing[0]!r} is limited per second, but the bundle states no frequency",
            fix="load it with rate=...",
            code="R013",
        )
    return period


def _stamp(taken: float | Mapping[str, float] | None, *names: str) -> float | None:
    if not isinstance(taken, Mapping):
        return taken
    return next((taken[name] for name in names if name in taken), None)


def _safe_outputs(limits: Limits, names: PortNames, pipeline: PipelineSpec) -> dict[str, Array] | None:
    if not limits.safe:
        return None
    given = {names.find(name): value for name, value in limits.safe.items()}
    missing = [names[ref] for ref in names.refs if ref not in given]
    if missing:
        raise UsageError(
            f"no safe value is given for output {missing[0]!r}", expected="one for every output", code="R013"
        )
    made = {}
    for ref in names.refs:
        port = pipeline.output_spec(ref)
        value = np.asarray(given[ref])
        shape = tuple(int(size) for size in port.shape)
        if value.size not in (1, int(np.prod(shape, dtype=np.int64))):
            raise UsageError(
                f"the safe value of {names[ref]!r} has {value.size} elements",
                expected=f"shape {list(shape)}",
                code="R013",
            )
        full = np.broadcast_to(value if value.size == 1 else value.reshape(shape), shape)
        made[names[ref]] = np.array(full.astype(numpy_dtype(port.dtype)))
    return made
