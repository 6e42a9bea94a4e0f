"""Python's numbers beside ``float64`` tensors, which PyTorch's translator would round to ``float32``.

``x * 0.02`` becomes a constant of single precision and a cast: half a millionth of a percent off, and a phase that is
wrapped by ``%`` jumps by a whole period near the wrap. Here a number becomes a sum of parts that single precision holds
exactly; ONNX's constant folding adds them up to the double that was written. Operators that keep their numbers as
attributes of ONNX nodes, which are single precision for good, are written out.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from leapp_backends.onnx import double_functions

if TYPE_CHECKING:
    from torch import Tensor
    from torch.export import ExportedProgram

_SINGLE_EXPONENTS = 60  # parts of a number of about 1 that are 2**-53 of it stay well within single precision
# Klambauer et al., Self-Normalizing Neural Networks (2017), as PyTorch has them.
_SELU_ALPHA, _SELU_SCALE = 1.6732632423543772848170429916717, 1.0507009873554804934193349852946


def needed(program: ExportedProgram) -> bool:
    """Return whether a program computes anything in double precision."""
    import torch

    from leapp_backends.common.functional import dtypes

    return torch.float64 in dtypes(program)


def rewrites() -> Mapping[Any, Callable[..., Any]]:
    """Return operator overload to its replacement, which gives ``NotImplemented`` for other types than ``float64``."""
    import torch

    aten = torch.ops.aten
    comparisons = {getattr(aten, name).Scalar: getattr(torch, name) for name in ("eq", "ne", "lt", "le", "gt", "ge")}
    binary = {
        aten.mul.Tensor: torch.mul,
        aten.mul.Scalar: torch.mul,
        aten.div.Tensor: torch.div,
        aten.div.Scalar: torch.div,
        aten.fmod.Scalar: torch.fmod,
        aten.fmod.Tensor: torch.fmod,
        aten.pow.Tensor_Scalar: torch.pow,
        aten.pow.Scalar: torch.pow,
        **comparisons,
    }
    return {
        **double_functions.rewrites(),
        **{overload: _with_tensors(function) for overload, function in binary.items()},
        **dict.fromkeys((aten.div.Tensor_mode, aten.div.Scalar_mode), _with_tensors(torch.div)),
        aten.index_add.default: _index_add,
        **dict.fromkeys((aten.add.Tensor, aten.add.Scalar), _sum(operator.add)),
        **dict.fromkeys((aten.sub.Tensor, aten.sub.Scalar), _sum(operator.sub)),
        **dict.fromkeys((aten.rsub.Scalar, aten.rsub.Tensor), _sum(lambda x, y: y - x)),
        aten.clamp.default: _clamped,
        aten.clamp_min.default: _clamped,
        aten.clamp_max.default: lambda x, high: _clamped(x, None, high),
        aten.hardtanh.default: lambda x, low=-1.0, high=1.0: _clamped(x, low, high),
        **dict.fromkeys((aten.where.ScalarOther, aten.where.ScalarSelf, aten.where.Scalar), _chosen),
        aten.masked_fill.Scalar: lambda x, mask, value: _chosen(mask, value, x),
        aten.full.default: _full,
        aten.scalar_tensor.default: lambda value, **options: _full((), value, **options),
        aten.full_like.default: lambda x, value, dtype=None, **_: _full(x.shape, value, dtype=dtype or x.dtype),
        aten.new_full.default: lambda x, size, value, dtype=None, **_: _full(size, value, dtype=dtype or x.dtype),
        aten.fill.Scalar: lambda x, value: _full(x.shape, value, dtype=x.dtype),
        aten.lerp.Scalar: _lerp,
        aten.addcmul.default: lambda x, a, b, *, value=1: _plus(x, lambda: a * b, value),
        aten.addcdiv.default: lambda x, a, b, *, value=1: _plus(x, lambda: a / b, value),
        aten.addmm.default: _addmm,
        aten.baddbmm.default: _addmm,
        aten.constant_pad_nd.default: _padded,
        aten.leaky_relu.default: lambda x, slope=0.01: _if_double(x, lambda: torch.where(x > 0, x, x * slope)),
        aten.threshold.default: lambda x, limit, value: _if_double(x, lambda: torch.where(x <= limit, value, x)),
        aten.elu.default: _elu,
        aten.celu.default: lambda x, alpha=1.0: _elu(x, alpha, 1.0, 1.0 / alpha),
        aten.selu.default: lambda x: _elu(x, _SELU_ALPHA, _SELU_SCALE),
        aten.softplus.default: _softplus,
        aten.mish.default: lambda x: _if_double(x, lambda: x * torch.tanh(_softplus(x))),
        aten.trapezoid.dx: _trapezoid,
        aten.hardsigmoid.default: lambda x: _if_double(x, lambda: (x + 3.0).clamp(0.0, 6.0) / 6.0),
        aten.hardswish.default: lambda x: _if_double(x, lambda: x * (x + 3.0).clamp(0.0, 6.0) / 6.0),
        aten.softshrink.default: lambda x, limit=0.5: _if_double(x, lambda: _softshrink(x, limit)),
        aten.hardshrink.default: lambda x, limit=0.5: _if_double(x, lambda: torch.where(x.abs() > limit, x, x * 0)),
        aten.log2.default: lambda x: _if_double(x, lambda: x.log() / math.log(2.0)),
        aten.log10.default: lambda x: _if_double(x, lambda: x.log() / math.log(10.0)),
        aten.deg2rad.default: lambda x: _if_double(x, lambda: x * (math.pi / 180.0)),
        aten.rad2deg.default: lambda x: _if_double(x, lambda: x * (180.0 / math.pi)),
        aten.logaddexp.default: _logaddexp,
        aten.native_layer_norm.default: _layer_norm,
        aten.layer_norm.default: lambda *arguments, **_: _first(_layer_norm(*arguments)),
        **dict.fromkeys((aten.rms_norm.default, aten._fused_rms_norm.default), _rms_norm),
        aten.linspace.default: _linspace,
        **dict.fromkeys((aten.arange.start_step, aten.arange.start, aten.arange.default), _arange),
    }


def number(value: float) -> Any:
    """Return a number as a ``float64`` tensor without dimensions that ONNX holds exactly."""
    import torch

    if not math.isfinite(value):
        return torch.full((), value, dtype=torch.float64)
    fraction, exponent = math.frexp(value)
    scales = []
    if abs(exponent) > _SINGLE_EXPONENTS:  # beyond what single precision reaches
        value = fraction
        step = math.copysign(_SINGLE_EXPONENTS, exponent)
        scales = [2.0**step] * int(exponent // step) + [2.0 ** math.fmod(exponent, step)]
    first, *rest = (torch.full((), part, dtype=torch.float64) for part in _parts(value))
    total = sum(rest, start=first)
    for scale in scales:
        total = total * torch.full((), scale, dtype=torch.float64)
    return total


def _parts(value: float) -> list[float]:
    """Return numbers of single precision with the sum ``value``, largest first."""
    import numpy as np

    parts: list[float] = []
    rest = float(value)
    while not parts or rest != 0:
        parts.append(float(np.float32(rest)))
        rest -= parts[-1]
    return parts


def _is_double(x: Any) -> bool:
    import torch

    return isinstance(x, torch.Tensor) and x.dtype == torch.float64


def _is_inexact(value: Any) -> bool:
    import numpy as np

    if not isinstance(value, float) or not math.isfinite(value):
        return False
    with np.errstate(over="ignore"):
        return float(np.float32(value)) != value


def _if_double(x: Any, function: Callable[[], Any]) -> Any:
    return function() if _is_double(x) else NotImplemented


def _tensors(*values: Any) -> tuple[Any, ...] | None:
    """Return operands with their numbers made tensors, if one is a double and a number needs it."""
    if any(map(_is_double, values)) and any(map(_is_inexact, values)):
        return tuple(number(v) if isinstance(v, float) else v for v in values)
    return None


def _with_tensors(function: Callable[..., Any]) -> Callable[..., Any]:
    def replacement(x: Any, y: Any, **options: Any) -> Any:
        operands = _tensors(x, y)
        return NotImplemented if operands is None else function(*operands, **options)

    return replacement


def _sum(function: Callable[[Any, Any], Any]) -> Callable[..., Any]:
    """Return a replacement of a sum or difference; ``alpha`` multiplies the second operand."""

    def replacement(x: Any, y: Any, alpha: Any = 1) -> Any:
        if _is_inexact(alpha) and (_is_double(x) or _is_double(y)):
            return function(x, y * alpha)
        operands = _tensors(x, y) if alpha == 1 else None
        return NotImplemented if operands is None else function(*operands)

    return replacement


def _clamped(x: Tensor, low: Any = None, high: Any = None) -> Any:
    import torch

    operands = _tensors(x, low, high)
    if operands is None:
        return NotImplemented
    _, low, high = operands
    x = x if low is None else torch.where(x < low, low, x)
    return x if high is None else torch.where(x > high, high, x)


def _chosen(condition: Tensor, x: Any, y: Any) -> Any:
    import torch

    operands = _tensors(x, y)
    return NotImplemented if operands is None else torch.where(condition, *operands)


def _full(size: Any, value: Any, dtype: Any = None, **_: Any) -> Any:
    import torch

    if dtype is not torch.float64 or not _is_inexact(value):
        return NotImplemented
    return number(value).expand(size).clone()


def _lerp(x: Tensor, end: Tensor, weight: Any) -> Any:
    if not _is_double(x) or not _is_inexact(weight):
        return NotImplemented
    # PyTorch's own two forms: each is exact at the end that it starts from.
    return x + (end - x) * weight if abs(weight) < 0.5 else end - (end - x) * (1 - weight)


def _plus(x: Tensor, term: Callable[[], Tensor], factor: Any) -> Any:
    return x + term() * factor if _is_double(x) and _is_inexact(factor) else NotImplemented


def _addmm(x: Tensor, a: Tensor, b: Tensor, *, beta: Any = 1, alpha: Any = 1) -> Any:
    if not _is_double(x) or not (_is_inexact(beta) or _is_inexact(alpha)):
        return NotImplemented
    product = (a @ b) * alpha
    return product if beta == 0 else x * beta + product  # PyTorch does not read what it multiplies by nothing


def _padded(x: Tensor, pad: list[int], value: Any = 0) -> Any:
    import torch

    if not _is_double(x) or not _is_inexact(value):
        return NotImplemented
    inside = torch.nn.functional.pad(torch.ones(x.shape, dtype=torch.bool), pad)
    return torch.where(inside, torch.nn.functional.pad(x, pad), number(value))


def _elu(x: Tensor, alpha: Any = 1, scale: Any = 1, input_scale: Any = 1) -> Any:
    import torch

    if not _is_double(x):
        return NotImplemented
    below = double_functions.expm1(torch.minimum(x, torch.zeros_like(x)) * input_scale)
    return torch.where(x > 0, x * scale, below * (alpha * scale))


def _softplus(x: Tensor, beta: Any = 1, threshold: Any = 20) -> Any:
    import torch

    if not _is_double(x):
        return NotImplemented
    return torch.where(x * beta > threshold, x, double_functions.log1p(torch.exp(x * beta)) / beta)


def _softshrink(x: Tensor, limit: float) -> Any:
    import torch

    return torch.where(x > limit, x - limit, torch.where(x < -limit, x + limit, x * 0))


def _logaddexp(x: Tensor, y: Tensor) -> Any:
    import torch

    if not _is_double(x):
        return NotImplemented
    larger = torch.maximum(x, y)
    both = larger + double_functions.log1p(torch.exp(-torch.abs(x - y)))
    return torch.where((x == y) & torch.isinf(x), larger, both)


def _layer_norm(x: Tensor, shape: list[int], weight: Any = None, bias: Any = None, eps: float = 1e-5, *_: Any) -> Any:
    import torch

    if not _is_double(x):
        return NotImplemented
    axes = list(range(-len(shape), 0))
    mean = x.mean(axes, keepdim=True)
    centred = x - mean
    scale = torch.rsqrt((centred * centred).mean(axes, keepdim=True) + eps)
    y = centred * scale
    y = y if weight is None else y * weight
    return (y if bias is None else y + bias), mean, scale


def _rms_norm(x: Tensor, shape: list[int], weight: Any = None, eps: float | None = None) -> Any:
    import torch

    if not _is_double(x):
        return NotImplemented
    axes = list(range(-len(shape), 0))
    y = x * torch.rsqrt((x * x).mean(axes, keepdim=True) + (torch.finfo(x.dtype).eps if eps is None else eps))
    return y if weight is None else y * weight


def _index_add(x: Tensor, dim: int, index: Tensor, source: Tensor, *, alpha: Any = 1) -> Any:
    import torch

    if not _is_double(x) or not _is_inexact(alpha):
        return NotImplemented
    return torch.index_add(x, dim, index, source * alpha)


def _trapezoid(y: Tensor, *, dx: Any = 1, dim: int = -1) -> Any:
    if not _is_double(y) or not _is_inexact(dx):
        return NotImplemented
    count = y.shape[dim] - 1
    return (y.narrow(dim, 1, count) + y.narrow(dim, 0, count)).sum(dim) * dx / 2


def _first(results: Any) -> Any:
    return results if results is NotImplemented else results[0]


def _linspace(start: Any, end: Any, steps: int, *, dtype: Any = None, **_: Any) -> Any:
    import torch

    if dtype is not torch.float64 or not (_is_inexact(float(start)) or _is_inexact(float(end)) or steps > 2):
        return NotImplemented
    return _listed(_as_torch_spaces(float(start), float(end), steps))


def _as_torch_spaces(start: float, end: float, steps: int) -> list[float]:
    """Return the values of ``torch.linspace``, which counts from the nearer end."""
    step = (end - start) / (steps - 1) if steps > 1 else 0.0
    return [start + step * i if i < steps // 2 or steps == 1 else end - step * (steps - 1 - i) for i in range(steps)]


def _arange(*limits: Any, dtype: Any = None, **_: Any) -> Any:
    import torch

    if dtype is not torch.float64 or not any(map(_is_inexact, limits)):
        return NotImplemented
    start, end, step = (0, *limits, 1)[:3] if len(limits) == 1 else (*limits, 1)[:3]
    return _listed([start + step * i for i in range(math.ceil((end - start) / step))])


def _listed(values: list[float]) -> Any:
    import torch

    return torch.stack([number(value) for value in values]) if values else torch.empty(0, dtype=torch.float64)
