"""The same computation in PyTorch: what NumPy's functions are as recorded calls."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from leapp_core.tracing.numpy_calls.memory import torch_dtype
from leapp_core.tracing.numpy_calls.twins import TWINS, UFUNCS, searchsorted
from leapp_core.tracing.record.recorder import unrecorded

Equivalent = Callable[..., Any]

_TORCH_NAMES = {
    "absolute": "abs", "fabs": "abs", "rint": "round", "conjugate": "conj", "arcsin": "asin", "arccos": "acos",
    "arctan": "atan", "arcsinh": "asinh", "arccosh": "acosh", "arctanh": "atanh", "divide": "true_divide",
    "greater": "gt", "greater_equal": "ge", "less": "lt", "less_equal": "le", "equal": "eq", "not_equal": "ne",
    "power": "pow", "asin": "asin", "acos": "acos", "atan": "atan",
}  # fmt: skip
# These take numbers as their second operand; all others get 0-d tensors.
_TAKES_NUMBERS = frozenset(
    {
        "add", "subtract", "multiply", "true_divide", "floor_divide", "remainder", "fmod", "pow", "gt", "ge", "lt",
        "le", "eq", "ne",
    }
)  # fmt: skip
_PLAIN_UFUNCS = _TAKES_NUMBERS | {
    "abs", "negative", "positive", "sqrt", "square", "exp", "exp2", "expm1", "log", "log2", "log10", "log1p", "sin",
    "cos", "tan", "sinh", "cosh", "tanh", "asin", "acos", "atan", "asinh", "acosh", "atanh", "floor", "ceil", "trunc",
    "round", "reciprocal", "isnan", "isinf", "isfinite", "signbit", "deg2rad", "rad2deg", "logical_and",
    "logical_or", "logical_xor", "logical_not", "bitwise_and", "bitwise_or", "bitwise_xor", "maximum", "minimum",
    "fmax", "fmin", "hypot", "copysign", "logaddexp", "logaddexp2", "nextafter",
}  # fmt: skip
_BINARY_NAMES = {"arctan2": "atan2", "atan2": "atan2", "invert": "bitwise_not", "bitwise_not": "bitwise_not"}
_REDUCTIONS = {
    "add": "sum", "multiply": "prod", "maximum": "max", "minimum": "min", "logical_and": "all", "logical_or": "any",
}  # fmt: skip
_ACCUMULATIONS = {"add": "cumsum", "multiply": "cumprod"}
MUTATORS = frozenset({"copyto", "put", "place", "putmask", "fill_diagonal", "put_along_axis"})
"""Functions that write into their first argument."""


def for_ufunc(ufunc: np.ufunc, method: str) -> Equivalent | None:
    """Return the equivalent of a ufunc's call, reduction or accumulation; operands have the loop's dtype."""
    import torch._numpy as tnp

    name = ufunc.__name__
    if method == "reduce":
        return getattr(tnp, _REDUCTIONS.get(name, ""), None)
    if method == "accumulate":
        return getattr(tnp, _ACCUMULATIONS.get(name, ""), None)
    if method != "__call__":
        return None
    if ufunc in UFUNCS:
        return _with_tensors(UFUNCS[ufunc], False)
    torch_name = _BINARY_NAMES.get(name, _TORCH_NAMES.get(name, name))
    if torch_name in _PLAIN_UFUNCS or name in _BINARY_NAMES:
        function = getattr(torch, torch_name)
        return _with_tensors(function, torch_name in _TAKES_NUMBERS)
    return getattr(tnp, name, None)


def for_function(function: Any) -> Equivalent | None:
    """Return the equivalent of one of NumPy's functions."""
    import torch._numpy as tnp

    own = _OWN.get(function) or TWINS.get(function)
    if own is not None:
        return own
    module = getattr(function, "__module__", "") or ""
    if module in ("numpy.linalg", "numpy.linalg._linalg"):
        return getattr(tnp.linalg, function.__name__, None)
    if module.startswith("numpy.fft"):
        return getattr(tnp.fft, function.__name__, None)
    return getattr(tnp, function.__name__, None) if module == "numpy" else None


def for_method(name: str) -> Equivalent | None:
    """Return the equivalent of a method of arrays; its first argument is the array."""
    import torch._numpy as tnp

    if name in ("copy", "__copy__", "__deepcopy__"):
        return lambda tensor, *_, **__: tensor.clone()
    if name == "flatten":
        return lambda tensor, *_: tensor.reshape(-1)
    if name == "__getitem__":
        return lambda tensor, key: tensor[key]
    if name == "astype":
        return _astype
    if name == "clip":
        return _clip
    if name == "searchsorted":
        return searchsorted
    return getattr(tnp, name, None)


def _with_tensors(function: Any, takes_numbers: bool) -> Equivalent:
    def call(*operands: Any) -> Any:
        first = next(o for o in operands if isinstance(o, torch.Tensor))
        keep = takes_numbers and operands and isinstance(operands[0], torch.Tensor)
        tensors = [
            o if keep or isinstance(o, torch.Tensor) else torch.full((), o, dtype=first.dtype, device=first.device)
            for o in operands
        ]
        return function(*tensors)

    return call


def _astype(tensor: torch.Tensor, dtype: Any, *_: Any, **__: Any) -> torch.Tensor | None:
    target = torch_dtype(np.dtype(getattr(dtype, "name", dtype)))
    return None if target is None else tensor.to(target, copy=True)


def _clip(array: Any, a_min: Any = None, a_max: Any = None, out: Any = None, **kwargs: Any) -> Any:
    low, high = kwargs.get("min", a_min), kwargs.get("max", a_max)
    result = array
    if low is not None:
        result = torch.maximum(result, _as_tensor(low, array))
    if high is not None:
        result = torch.minimum(result, _as_tensor(high, array))
    return result.clone() if result is array else result


def _as_tensor(value: Any, like: torch.Tensor) -> torch.Tensor:
    if isinstance(value, torch.Tensor):
        return value.to(torch.promote_types(value.dtype, like.dtype))
    return torch.as_tensor(value).to(like.dtype)


def _interp(x: Any, xp: Any, fp: Any, left: Any = None, right: Any = None, period: Any = None) -> torch.Tensor | None:
    if period is not None:
        return None
    points, values = (torch.as_tensor(v).to(torch.float64).contiguous() for v in (xp, fp))
    with unrecorded():
        if not torch.isfinite(values).all():
            return None
    at = torch.as_tensor(x).to(torch.float64)
    upper = torch.searchsorted(points, at.contiguous(), right=True).clamp(1, points.shape[0] - 1)
    flat = upper.reshape(-1)
    x0, x1 = points[flat - 1].reshape(at.shape), points[flat].reshape(at.shape)
    y0, y1 = values[flat - 1].reshape(at.shape), values[flat].reshape(at.shape)
    # One point alone has no slope, and NumPy gives its value for NaN too.
    result = (y1 - y0) / (x1 - x0) * (at - x0) + y0 if points.shape[0] > 1 else y0
    below = values[0] if left is None else torch.as_tensor(left, dtype=torch.float64)
    above = values[-1] if right is None else torch.as_tensor(right, dtype=torch.float64)
    result = torch.where(at == points[-1], values[-1], result)
    return torch.where(at < points[0], below, torch.where(at > points[-1], above, result))


def _select(conditions: Any, choices: Any, default: Any = 0) -> torch.Tensor:
    result: Any = default
    for condition, choice in zip(reversed(conditions), reversed(choices), strict=True):
        result = torch.where(condition, choice, result)
    return result  # type: ignore[no-any-return]


def _array_equal(a: Any, b: Any, *_: Any, **__: Any) -> bool:
    return torch.equal(torch.as_tensor(a), torch.as_tensor(b))


_OWN: dict[Any, Equivalent] = {
    np.interp: _interp,
    np.clip: _clip,
    np.select: _select,
    np.array_equal: _array_equal,
    np.array_equiv: _array_equal,
}
