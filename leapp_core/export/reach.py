"""How large values of a run have been, and how far those of another run are from them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from leapp_core.compare import DEFAULT_TOLERANCES, Comparison, Tolerance, compare_arrays

if TYPE_CHECKING:
    import numpy as np

    from leapp_core.spec.port import PortSpec

    Array = np.ndarray[Any, Any]


class Reach:
    """The largest magnitude of every element so far: tolerances are relative to it, not to the value of the moment.

    Args:
        tolerances: By dtype name, over the defaults.
    """

    def __init__(self, tolerances: Mapping[str, Tolerance]) -> None:
        self._tolerances = {**DEFAULT_TOLERANCES, **tolerances}
        self._largest: dict[str, Array] = {}
        self._worst: dict[str, tuple[Array, Array]] = {}

    def saw(self, values: Mapping[str, Array]) -> None:
        """Note the values of a step, by name."""
        import numpy as np

        for name, value in values.items():
            size = _magnitude(value)
            self._largest[name] = np.maximum(size, self._largest.get(name, size))

    def compare(
        self, name: str, expected: Array, found: Array, port: PortSpec, rule: Tolerance | None = None
    ) -> Comparison:
        """Compare a value with its own of this step, whose magnitude has been noted.

        Args:
            name: Under which it was noted.
            expected: The value of this step.
            found: The other run's.
            port: What it is, for its dtype and names.
            rule: Tolerance in place of the dtype's.
        """
        allowed = rule or self._tolerances[port.dtype]
        slack = allowed.rtol * (self._largest[name] - _magnitude(expected))
        return compare_arrays(expected, found, port, {port.dtype: allowed}, slack)

    def differed(self, name: str, step: int, expected: Array, found: Array) -> None:
        """Note how far apart two values of a step are, for :meth:`drift`."""
        import numpy as np

        with np.errstate(invalid="ignore"):
            error = np.abs(expected.astype(np.float64) - found.astype(np.float64))
        error = np.where(np.isfinite(error), error, 0.0)
        worst, steps = self._worst.get(name, (np.zeros_like(error), np.zeros(error.shape, int)))
        self._worst[name] = np.maximum(worst, error), np.where(error > worst, step, steps)

    def drift(self) -> tuple[str, float, int]:
        """Return the largest difference of a run over the largest magnitude of its element: name, figure, step."""
        import numpy as np

        found: tuple[str, float, int] = ("", 0.0, 0)
        for name, (worst, steps) in self._worst.items():
            reach = self._largest[name]
            relative = worst / np.where(reach > 0.0, reach, 1.0)
            if relative.size and float(relative.max()) > found[1]:
                found = name, float(relative.max()), int(steps.flat[int(relative.argmax())])
        return found


def _magnitude(value: Array) -> Array:
    """Return magnitudes; what is not finite has none, and excuses nothing."""
    import numpy as np

    size: Array = np.abs(np.where(np.isfinite(value), value, 0.0).astype(np.float64))
    return size
