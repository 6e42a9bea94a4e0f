"""Compare what an artifact gives with what the program gave: one rule for every check, and names for what differs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from leapp_core.spec.dtypes import DTYPES
from leapp_core.spec.port import PortSpec

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True)
class Tolerance:
    """Allowed difference of an element: ``atol + rtol * |expected|``."""

    atol: float
    rtol: float


_FLOATING = {
    "float64": Tolerance(1e-6, 1e-6),
    "float32": Tolerance(1e-5, 1e-5),
    "float16": Tolerance(2e-3, 2e-3),
    "bfloat16": Tolerance(1e-2, 1.6e-2),
}
DEFAULT_TOLERANCES: Mapping[str, Tolerance] = {name: _FLOATING.get(name, Tolerance(0.0, 0.0)) for name in DTYPES}
"""By dtype. Whole numbers and booleans must be equal. float64 allows for constants that a program holds in float32."""


def same_tolerance(atol: float, rtol: float) -> dict[str, Tolerance]:
    """Return this tolerance for every floating dtype; whole numbers and booleans stay exact."""
    return {name: Tolerance(atol, rtol) for name in _FLOATING}


@dataclass(frozen=True)
class Comparison:
    """Two arrays, compared.

    Attributes:
        ok: Every element is within its tolerance.
        max_error: Largest absolute difference (infinite where only one is finite).
        index: Index of the element with the largest difference, among those beyond their tolerance if there are any.
        element: Its name, ``left_knee``, or its index as text.
        expected: Value expected there.
        found: Value found there.
        tolerance: Difference allowed there.
        count: How many elements are beyond their tolerance.
        size: How many elements there are.
        reason: Set instead when shapes or dtypes differ and nothing could be compared.
    """

    ok: bool
    max_error: float = 0.0
    index: tuple[int, ...] = ()
    element: str = ""
    expected: float = 0.0
    found: float = 0.0
    tolerance: float = 0.0
    count: int = 0
    size: int = 0
    reason: str | None = None

    def __str__(self) -> str:
        if self.reason:
            return self.reason
        place = f"element {self.element}: " if self.element else ""
        return (
            f"{place}expected {self.expected:.9g}, found {self.found:.9g} "
            f"(difference {self.max_error:.3g}, tolerance {self.tolerance:.3g}; {self.count} of {self.size} differ)"
        )


def compare_arrays(
    expected: np.ndarray[Any, Any],
    found: np.ndarray[Any, Any],
    port: PortSpec,
    tolerances: Mapping[str, Tolerance] | None = None,
    slack: np.ndarray[Any, Any] | float = 0.0,
) -> Comparison:
    """Compare two values of a port. NaN equals NaN, and an infinity equals the same infinity.

    Args:
        expected: What the program gave.
        found: What the artifact gave.
        port: The port, for its dtype and element names.
        tolerances: By dtype name, over :data:`DEFAULT_TOLERANCES`.
        slack: Further difference allowed, for what rounding alone explains; one number or one per element. Where it
            is not finite, anything goes.
    """
    import numpy as np

    if expected.shape != found.shape or expected.dtype != found.dtype:
        was, now = (f"{array.dtype}{list(array.shape)}" for array in (expected, found))
        return Comparison(False, float("inf"), reason=f"expected {was}, found {now}", size=int(expected.size))
    if expected.size == 0:
        return Comparison(True)
    rule = {**DEFAULT_TOLERANCES, **(tolerances or {})}[port.dtype]
    error, allowed = _errors(expected, found, rule, slack)
    wrong = error > allowed
    flat = int(np.argmax(np.where(wrong, error, 0.0) if wrong.any() else error))
    index = tuple(int(i) for i in np.unravel_index(flat, expected.shape))
    return Comparison(
        ok=not bool(wrong.any()),
        max_error=float(error.max()),
        index=index,
        element=element_name(port, index),
        expected=float(expected[index]),
        found=float(found[index]),
        tolerance=float(allowed[index]),
        count=int(wrong.sum()),
        size=int(expected.size),
    )


def element_name(port: PortSpec, index: tuple[int, ...]) -> str:
    """Return an element's name from the port's element names: ``left_knee``, ``[2] left_knee``, or ``[0, 3]``."""
    names = port.element_names or ()
    skipped = len(index) - len(names)
    if skipped < 0 or not any(isinstance(axis, tuple) for axis in names):
        return str(list(index)) if index else ""
    words, numbers = [], [i for i in index[:skipped] if i]
    for axis, i in zip(names, index[skipped:], strict=True):
        if isinstance(axis, tuple) and i < len(axis):
            words.append(axis[i])
        else:
            numbers.append(i)
    return " ".join([*([str(numbers)] if numbers else []), *words])


def _errors(expected: Any, found: Any, rule: Tolerance, slack: Any) -> tuple[Any, Any]:
    import numpy as np

    # Integers go through float64 too: exact below 2**53, and beyond it a real difference still shows as unequal.
    wide, other = expected.astype(np.float64), found.astype(np.float64)
    with np.errstate(invalid="ignore", over="ignore"):
        error = np.abs(wide - other)
        same = (expected == found) | (np.isnan(wide) & np.isnan(other))
        error = np.where(same, 0.0, np.where(np.isfinite(error), np.maximum(error, 5e-324), np.inf))
        allowed = rule.atol + rule.rtol * np.abs(wide) + slack
    allowed = np.where(np.isfinite(wide) & np.isfinite(other), allowed, 0.0)
    return error, np.where(np.isfinite(slack), allowed, np.inf)
