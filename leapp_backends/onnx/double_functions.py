"""Functions of ``float64`` that ONNX lacks, or ONNX Runtime's CPU provider has in single precision only.

An angle is computed in single precision and corrected once: with ``a`` near the angle of ``(x, y)``, what is left is
``atan((y cos a - x sin a) / (x cos a + y sin a))``, some 1e-7, whose arc tangent is itself to double precision.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Tensor

_TINY = 1e-30  # what single precision still tells from zero
_HUGE = 1e150  # what can be squared


def rewrites() -> Mapping[Any, Callable[..., Any]]:
    """Return operator overload to its replacement, which gives ``NotImplemented`` for other types than ``float64``."""
    import torch

    aten = torch.ops.aten
    functions: dict[Any, Callable[..., Any]] = {
        aten.tan.default: lambda x: torch.sin(x) / torch.cos(x),
        aten.atan.default: lambda x: _atan2(x, torch.ones_like(x)),
        aten.atan2.default: _atan2,
        aten.asin.default: lambda x: _atan2(x, torch.sqrt((1 - x) * (1 + x))),
        aten.acos.default: lambda x: _atan2(torch.sqrt((1 - x) * (1 + x)), x),
        aten.log1p.default: log1p,
        aten.expm1.default: expm1,
        aten.sinh.default: _sinh,
        aten.cosh.default: lambda x: (torch.exp(x) + torch.exp(-x)) / 2,
        aten.asinh.default: _asinh,
        aten.acosh.default: lambda x: torch.log(x + torch.sqrt((x - 1) * (x + 1))),
        aten.atanh.default: lambda x: (log1p(x) - log1p(-x)) / 2,
    }
    return {overload: _for_doubles(function) for overload, function in functions.items()}


def _for_doubles(function: Callable[..., Any]) -> Callable[..., Any]:
    import torch

    def replacement(*operands: Tensor) -> Any:
        double = (
            torch.result_type(*operands) == torch.float64 if len(operands) > 1 else operands[0].dtype == torch.float64
        )
        return function(*operands) if double else NotImplemented

    return replacement


def _atan2(y: Tensor, x: Tensor) -> Tensor:
    import torch

    y, x = y.double().clamp(-_HUGE, _HUGE), x.double().clamp(-_HUGE, _HUGE)
    length = torch.maximum(torch.abs(x), torch.abs(y))
    length = torch.where(length == 0, 1.0, length)
    y, x = y / length, x / length
    # Neither the side of a cut through the negative axis nor that of the vertical one may be lost to single precision,
    # and an exporter divides by the x that it is given, which must not be a negative zero.
    rough = torch.where(torch.abs(y) < _TINY, torch.where(y < 0, -_TINY, _TINY).double(), y)
    wide = torch.where(torch.abs(x) < _TINY, torch.full_like(x, _TINY), x)
    angle = torch.atan2(rough.float(), wide.float()).double()
    sine, cosine = torch.sin(angle), torch.cos(angle)
    along = x * cosine + y * sine
    refined = angle + (y * cosine - x * sine) / torch.where(along == 0, 1.0, along)
    return torch.where((y == 0) & (x >= 0), torch.zeros_like(y), refined)


def log1p(x: Tensor) -> Tensor:
    """Kahan's way: the rounding of ``1 + x`` is divided out again."""
    import torch

    whole = 1 + x
    kept = torch.where((whole == 1) | torch.isinf(whole), torch.ones_like(x), whole - 1)
    return torch.where(whole == 1, x, torch.log(whole) * torch.where(torch.isinf(whole), torch.ones_like(x), x / kept))


def expm1(x: Tensor) -> Tensor:
    """``exp(x) - 1`` is ``2 sinh(x / 2) exp(x / 2)``, which does not cancel."""
    import torch

    return torch.where(torch.abs(x) < 1, 2 * _sinh(x / 2) * torch.exp(x / 2), torch.exp(x) - 1)


def _sinh(x: Tensor) -> Tensor:
    import torch

    square = x * x
    # The series to x**17 / 17!: below a half the next term is less than a rounding, and exp would cancel.
    series = torch.ones_like(x)
    for n in range(16, 0, -2):
        series = 1 + series * square / (n * (n + 1))
    return torch.where(torch.abs(x) < 0.5, x * series, (torch.exp(x) - torch.exp(-x)) / 2)


def _asinh(x: Tensor) -> Tensor:
    import torch

    size = torch.abs(x)
    return torch.where(x < 0, -1.0, 1.0).double() * log1p(size + size * size / (1 + torch.sqrt(size * size + 1)))
