"""What a policy may be fed and may answer on a robot, and what happens when it is not so."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

import numpy as np

from leapp_core.errors import UsageError
from leapp_core.runtime.arrays import Array
from leapp_core.spec.port import PortSpec
from leapp_core.suggest import suggest
from leapp_core.words import counted

Bound = float | Sequence[float]
"""One number for every element of a port, or one per element (any shape with that many)."""

Action = Literal["raise", "hold", "safe"]


@dataclass(frozen=True)
class Limit:
    """Bounds of one port.

    Attributes:
        low: Smallest value allowed.
        high: Largest value allowed.
        rate: Largest change per second, from the step before; the first step after a reset is free.

    Raises:
        UsageError: nothing fits between the bounds, or a rate is negative.
    """

    low: Bound | None = None
    high: Bound | None = None
    rate: Bound | None = None

    def __post_init__(self) -> None:
        low = np.asarray(-np.inf if self.low is None else self.low)
        high = np.asarray(np.inf if self.high is None else self.high)
        if np.isnan(low).any() or np.isnan(high).any() or (low.size in (1, high.size) and (low > high).any()):
            raise UsageError(f"a limit goes from {self.low} to {self.high}", expected="low <= high", code="R013")
        if self.rate is not None and not (np.asarray(self.rate) >= 0).all():
            raise UsageError(
                f"a limit of change is {self.rate}", expected="a number per second, not negative", code="R013"
            )


@dataclass(frozen=True)
class Limits:
    """Rules for what goes into and comes out of a policy; NaN and infinities are refused everywhere.

    Attributes:
        inputs: By name of an input.
        outputs: By name of an output.
        state: By name of a state, as ``runtime.state`` names it.
        on_violation: What a step does that breaks a rule, or that cannot be made: ``raise``; ``hold`` and return the
            last outputs that were right; or return the ``safe`` ones. The state stays as it was before that step.
        safe: Output name to value, for every output; what ``safe`` returns, and ``hold`` before the first step.
        latch: After a step that broke a rule no further step is made until ``runtime.clear_fault()``, or a reset:
            whether the robot may go on is for its user to say. Without, the next step is tried as usual.
        max_age: Oldest reading that a step may use, in seconds; steps must then be told when readings were taken.
        clock: Present time in seconds, of the clock that the stamps of readings are from.

    Raises:
        UsageError: a rule that cannot be.
    """

    inputs: Mapping[str, Limit] = field(default_factory=dict)
    outputs: Mapping[str, Limit] = field(default_factory=dict)
    state: Mapping[str, Limit] = field(default_factory=dict)
    on_violation: Action = "raise"
    safe: Mapping[str, Any] = field(default_factory=dict)
    latch: bool = True
    max_age: float | None = None
    clock: Callable[[], float] = time.monotonic

    def __post_init__(self) -> None:
        if self.on_violation not in get_args(Action):
            raise UsageError(
                f"on_violation is {self.on_violation!r}",
                expected=suggest(str(self.on_violation), get_args(Action)),
                code="R013",
            )
        if self.on_violation == "safe" and not self.safe:
            raise UsageError(
                "on_violation is 'safe' but no safe outputs are given", fix="give Limits(safe={...})", code="R013"
            )
        if self.max_age is not None and not self.max_age > 0:
            raise UsageError(f"max_age is {self.max_age}", expected="seconds, more than 0", code="R013")


@dataclass(frozen=True)
class Fault:
    """A step that was not made.

    Attributes:
        message: Why.
        step: Its number since the policy was loaded, from 0.
        port: The port concerned, if one is.
        code: Code of the error.
    """

    message: str
    step: int
    port: str | None = None
    code: str | None = None


def filled(bound: Bound | None, default: float, port: PortSpec, name: str) -> Array:
    """Return a bound as one number per element of a port, flat.

    Raises:
        UsageError: it has another number of elements.
    """
    size = int(np.prod([int(extent) for extent in port.shape], dtype=np.int64))
    values = np.asarray(default if bound is None else bound, np.float64).reshape(-1)
    if values.size not in (1, size):
        raise UsageError(
            f"the limit of {name!r} has {counted(values.size, 'number')}",
            expected=f"one, or {size} as the port has elements",
            code="R013",
        )
    return np.array(np.broadcast_to(values, (size,)))
