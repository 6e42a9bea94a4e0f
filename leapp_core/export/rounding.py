"""Compute as an implementation that rounds in another way would, to see how much rounding can matter."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from leapp_core.spec.dtypes import is_floating

if TYPE_CHECKING:
    import numpy as np
    import torch

_ULPS = 4.0
_UNITS = {"float64": 2.0**-52, "float32": 2.0**-23, "float16": 2.0**-10, "bfloat16": 2.0**-7}
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
    changed: np.ndarray[Any, Any] = (wide + sign * _ULPS * _UNITS[value.dtype.name] * scale).astype(value.dtype)
    return changed


def run_with_rounding(module: torch.fx.GraphModule, inputs: Sequence[torch.Tensor], noise: torch.Generator) -> Any:
    """Run a program with every floating result in it changed by a few units in the last place.

    Whole results, such as counts, masks and the zeros of a rectifier, stay: every implementation has them exactly.
    """
    import torch

    class Rounding(torch.fx.Interpreter):
        def run_node(self, n: torch.fx.Node) -> Any:
            result = super().run_node(n)
            return _changed(result, noise) if n.op == "call_function" else result

    return Rounding(module).run(*inputs)


def _changed(result: Any, noise: torch.Generator) -> Any:
    import torch

    if isinstance(result, (tuple, list)):
        return type(result)(_changed(item, noise) for item in result)
    if not isinstance(result, torch.Tensor) or not result.is_floating_point():
        return result
    unit = _ULPS * _UNITS[str(result.dtype).removeprefix("torch.")]
    sign = 1.0 - 2.0 * torch.randint(0, 2, result.shape, generator=noise).to(result.dtype)
    return torch.where(result == result.round(), result, result * (1.0 + unit * sign))
