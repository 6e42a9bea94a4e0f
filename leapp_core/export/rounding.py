"""Compute as an implementation that rounds in another way would, to see how much rounding can matter."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from leapp_core.program.pipeline import ULPS, UNITS
from leapp_core.spec.dtypes import is_floating

if TYPE_CHECKING:
    import numpy as np

_FLOOR = 1e-3


def nudge(value: np.ndarray[Any, Any], typical: float, rng: np.random.Generator) -> np.ndarray[Any, Any]:
    """Return an input changed by a few units in the last place.

    Args:
        value: The input; whole numbers and booleans come back as they are.
        typical: Size of the port's values. A zero has no last place, but beside values of this size it is as uncertain
            as they are.
        rng: Where signs come from.
    """
    import numpy as np

    if not is_floating(value.dtype.name):
        return value
    wide = value.astype(np.float64)
    scale = np.where(wide == 0.0, max(typical, _FLOOR), np.abs(wide))
    sign = rng.choice([-1.0, 1.0], size=value.shape)
    changed: np.ndarray[Any, Any] = (wide + sign * ULPS * UNITS[value.dtype.name] * scale).astype(value.dtype)
    return changed
