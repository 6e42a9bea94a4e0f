"""Draw inputs a policy has not seen: around what was captured, and at edges."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from leapp_core.spec.dtypes import is_floating
from leapp_core.spec.names import PortRef
from leapp_core.validation.episodes import Arrays, Episode

if TYPE_CHECKING:
    import numpy as np

    Draw = Callable[["Seen", np.random.Generator, int], Any]

STEPS = 6


class Seen:
    """What was captured of one input port.

    Attributes:
        values: Captured values, ``[steps, ...]``; fractions as float64 without NaN and infinities.
        center: Middle of each element's range.
        span: Size of each element's range; where an element never moved, a tenth of its value or of the port's
            typical value, or 1.
    """

    def __init__(self, values: np.ndarray[Any, Any]) -> None:
        import numpy as np

        self.dtype = values.dtype
        wide = np.nan_to_num(values.astype(np.float64), posinf=1e6, neginf=-1e6)
        self.values = wide if is_floating(values.dtype.name) else values
        low, high = wide.min(axis=0), wide.max(axis=0)
        self.center = (low + high) / 2
        typical = float(np.abs(wide).mean()) if wide.size else 0.0
        floor = np.maximum(0.1 * np.abs(self.center), 0.1 * typical if typical > 0 else 1.0)
        self.span = np.maximum(high - low, floor)


def fresh_inputs(replay: Episode, outside: tuple[PortRef, ...], rng: np.random.Generator) -> dict[str, list[Arrays]]:
    """Return episodes of inputs by name.

    Whole numbers stay within what was captured (they may be indices); booleans are drawn freely.

    Args:
        replay: The captured steps.
        outside: Ports fed from outside.
        rng: Where numbers come from.
    """
    import numpy as np

    seen = {ref: Seen(np.stack([step.inputs[ref] for step in replay.steps])) for ref in outside}
    return {name: [_inputs(seen, draw, rng, step) for step in range(STEPS)] for name, draw in _DRAWS.items()}


def _inputs(seen: Mapping[PortRef, Seen], draw: Draw, rng: np.random.Generator, step: int) -> Arrays:
    return {ref: _value(port, draw, rng, step) for ref, port in seen.items()}


def _value(port: Seen, draw: Draw, rng: np.random.Generator, step: int) -> Any:
    import numpy as np

    if port.dtype == np.bool_:
        return rng.integers(0, 2, size=port.values.shape[1:]).astype(np.bool_)
    if not is_floating(port.dtype.name):
        if not port.values.size:
            return np.zeros(port.values.shape[1:], port.dtype)
        low, high = port.values.min(), port.values.max()
        return rng.integers(low, high, size=port.values.shape[1:], dtype=port.dtype, endpoint=True)
    limit = {"float16": 6e4, "bfloat16": 3e38}.get(port.dtype.name, 3e38)
    return np.clip(draw(port, rng, step), -limit, limit).astype(port.dtype)


def _jitter(port: Seen, rng: np.random.Generator, step: int) -> Any:
    return port.values[step % len(port.values)] + 0.02 * port.span * rng.uniform(-1, 1, port.span.shape)


def _near(port: Seen, rng: np.random.Generator, step: int) -> Any:
    return port.center + port.span * rng.uniform(-1, 1, port.span.shape)


def _wide(port: Seen, rng: np.random.Generator, step: int) -> Any:
    magnitude = 10.0 ** rng.uniform(-2, 3, port.span.shape)
    return rng.choice([-1.0, 1.0], size=port.span.shape) * magnitude * port.span


def _large(port: Seen, rng: np.random.Generator, step: int) -> Any:
    return 100.0 * port.span * rng.uniform(-1, 1, port.span.shape)


def _negative(port: Seen, rng: np.random.Generator, step: int) -> Any:
    return -port.values[step % len(port.values)]


def _zeros(port: Seen, rng: np.random.Generator, step: int) -> Any:
    return 0.0 * port.span


_DRAWS: dict[str, Draw] = {
    "jittered": _jitter,
    "near": _near,
    "wide": _wide,
    "large": _large,
    "negative": _negative,
    "zeros": _zeros,
}
