"""NumPy's functions that PyTorch's own NumPy layer lacks or computes otherwise, written with PyTorch's calls."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch

from leapp_core.tracing.numpy_calls.memory import torch_dtype

Twin = Callable[..., Any]
_LONGEST_KERNEL = 64  # one product per element of the shorter operand


def modf(x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Fraction and whole part, both with the sign of ``x``."""
    whole = torch.trunc(x)
    return torch.copysign(torch.where(torch.isinf(x), torch.zeros_like(x), x - whole), x), whole


def sign(x: torch.Tensor) -> torch.Tensor:
    """-1, 0 or 1; NaN stays NaN, which PyTorch makes 0."""
    return torch.where(torch.isnan(x), x, torch.sign(x)) if x.is_floating_point() else torch.sign(x)


def heaviside(x: torch.Tensor, at_zero: torch.Tensor) -> torch.Tensor:
    """0 below zero, 1 above; NaN stays NaN, which PyTorch makes 0."""
    return torch.where(torch.isnan(x), x, torch.heaviside(x, at_zero))


def meshgrid(*axes: Any, indexing: str = "xy", copy: bool = True, sparse: bool = False) -> list[torch.Tensor] | None:
    """Coordinate matrices; ``None`` for views and sparse grids."""
    if sparse or not copy:
        return None
    vectors = [_tensor(axis).reshape(-1) for axis in axes]
    order = [1, 0, *range(2, len(vectors))] if indexing == "xy" and len(vectors) > 1 else list(range(len(vectors)))
    shape = [vectors[order.index(place)].shape[0] for place in range(len(vectors))]
    grids = []
    for vector, place in zip(vectors, order, strict=True):
        along = [1] * len(vectors)
        along[place] = vector.shape[0]
        grids.append(vector.reshape(along).expand(shape).clone())
    return grids


def linspace(
    start: Any, stop: Any, num: int = 50, endpoint: bool = True, retstep: bool = False, dtype: Any = None, axis: int = 0
) -> torch.Tensor | None:
    """Evenly spaced numbers along a new first axis; the last is ``stop`` itself."""
    if retstep or dtype is not None or axis != 0 or not isinstance(num, int) or num < 2:
        return None
    first, last = _common(_inexact(_tensor(start)), _inexact(_tensor(stop)))
    step = (last - first) / (num - 1 if endpoint else num)
    before = [first + step * place for place in range(num - 1 if endpoint else num)]
    both = torch.broadcast_tensors(*before, *([last] if endpoint else []))  # type: ignore[no-untyped-call]
    return torch.stack(both)


def median(a: Any, axis: Any = None, out: Any = None, overwrite_input: bool = False, keepdims: bool = False) -> Any:
    """Middle value; the mean of both middle values of an even count. NaN gives NaN."""
    if not isinstance(axis, (int, type(None))):
        return None
    values = _inexact(_tensor(a))
    lined = values.reshape(-1) if axis is None else values.movedim(axis, -1)
    count = lined.shape[-1]
    ordered = torch.sort(lined, dim=-1).values
    low, high = ordered[..., (count - 1) // 2], ordered[..., count // 2]
    middle = low if count % 2 else torch.stack([low, high]).mean(dim=0)
    # Sorting puts NaN last: it is there if it is anywhere.
    return _kept(torch.where(torch.isnan(ordered[..., -1]), ordered[..., -1], middle), values, axis, keepdims)


def percentile(a: Any, q: Any, axis: int | None = None, **options: Any) -> Any:
    """Percentiles with NumPy's linear interpolation."""
    return quantile(a, np.true_divide(q, 100).tolist(), axis, **options) if _is_fixed(q) else None


def quantile(
    a: Any,
    q: Any,
    axis: Any = None,
    out: Any = None,
    overwrite_input: bool = False,
    method: str = "linear",
    keepdims: bool = False,
) -> Any:
    """Quantiles with NumPy's linear interpolation; ``None`` for other methods."""
    if method != "linear" or not _is_fixed(q) or not isinstance(axis, (int, type(None))):
        return None
    values = _inexact(_tensor(a))
    lined = values.reshape(-1) if axis is None else values.movedim(axis, -1)
    ordered = torch.sort(lined, dim=-1).values
    double = values.dtype is torch.float64 or not isinstance(q, float)
    found = [_between(ordered, float(place), double) for place in np.asarray(q, dtype=np.float64).reshape(-1)]
    found = [
        _kept(torch.where(torch.isnan(ordered[..., -1]), ordered[..., -1], f), values, axis, keepdims) for f in found
    ]
    return found[0] if np.ndim(q) == 0 else torch.stack(found).reshape(*np.shape(q), *found[0].shape)


def _between(ordered: torch.Tensor, place: float, double: bool) -> torch.Tensor:
    """Interpolate as NumPy does: from the nearer neighbour, so that both ends are met exactly."""
    position = place * (ordered.shape[-1] - 1)
    low = min(math.floor(position), ordered.shape[-1] - 1)
    high = min(low + 1, ordered.shape[-1] - 1)
    part = position - low
    below, above = ordered[..., low], ordered[..., high]
    gap = above - below
    if double:
        below, above, gap = (v.to(torch.float64) for v in (below, above, gap))
    return above - gap * (1 - part) if part >= 0.5 else below + gap * part


def polyval(p: Any, x: Any) -> torch.Tensor:
    """Horner's scheme, highest power first."""
    coefficients, at = _common(_tensor(p), _tensor(x))
    result = torch.zeros_like(at)
    for coefficient in coefficients.unbind(0):
        result = result * at + coefficient
    return result


def trapezoid(y: Any, x: Any = None, dx: float = 1.0, axis: int = -1) -> torch.Tensor:
    """Integral by the trapezoidal rule."""
    values = _inexact(_tensor(y)).movedim(axis, -1)
    widths: Any = dx
    if x is not None:
        points = _tensor(x)
        points = points.movedim(axis, -1) if points.dim() > 1 else points
        widths = points[..., 1:] - points[..., :-1]
    pieces: torch.Tensor = widths * (values[..., 1:] + values[..., :-1]) / 2.0
    return pieces.sum(dim=-1)


def unwrap(p: Any, discont: float | None = None, axis: int = -1, *, period: float = 2 * math.pi) -> torch.Tensor | None:
    """Take jumps of more than half a period out of a signal; floats only."""
    values = _tensor(p)
    if not values.is_floating_point():
        return None
    lined = values.movedim(axis, -1)
    steps = lined[..., 1:] - lined[..., :-1]
    high = period / 2
    wrapped = torch.remainder(steps + high, period) - high
    wrapped = torch.where((wrapped == -high) & (steps > 0), torch.full_like(wrapped, high), wrapped)
    fixes = wrapped - steps
    fixes = torch.where(torch.abs(steps) < (high if discont is None else discont), torch.zeros_like(fixes), fixes)
    tail = lined[..., 1:] + torch.cumsum(fixes, dim=-1)
    return torch.cat([lined[..., :1], tail], dim=-1).movedim(-1, axis)


def insert(arr: Any, obj: Any, values: Any, axis: int | None = None) -> torch.Tensor | None:
    """Insert at one fixed place."""
    if not isinstance(obj, int) or isinstance(obj, bool):
        return None
    given = _tensor(arr)
    lined = given.reshape(-1) if axis is None else given.movedim(axis, 0)
    place = obj + lined.shape[0] if obj < 0 else obj
    new = _tensor(values).to(given.dtype)
    if new.dim() > lined.dim() - 1 and axis is None:
        new = new.reshape(-1)
    elif new.dim() < lined.dim():
        new = new.expand(lined.shape[1:])[None]
    else:
        return None
    result = torch.cat([lined[:place], new, lined[place:]])
    return result if axis is None else result.movedim(0, axis)


def delete(arr: Any, obj: Any, axis: int | None = None) -> torch.Tensor | None:
    """Remove fixed places."""
    if not isinstance(obj, slice) and not _is_fixed(obj):
        return None
    given = _tensor(arr)
    lined = given.reshape(-1) if axis is None else given.movedim(axis, 0)
    kept = [int(place) for place in np.delete(np.arange(lined.shape[0]), obj)]
    result = torch.stack([lined[place] for place in kept]) if kept else lined[:0]
    return result if axis is None else result.movedim(0, axis)


def searchsorted(a: Any, v: Any, side: str = "left", sorter: Any = None) -> torch.Tensor | None:
    """Where to insert in a sorted array; NaN sorts last, as NumPy has it."""
    if sorter is not None:
        return None
    edges, at = _common(_tensor(a), _tensor(v))
    return _smaller(edges, at, side == "right").sum(dim=-1)


def digitize(x: Any, bins: Any, right: bool = False) -> torch.Tensor:
    """Bin numbers, for bins that increase or decrease."""
    edges, at = _common(_tensor(bins), _tensor(x))
    rising = _smaller(edges, at, or_equal=not right).sum(dim=-1)
    return torch.where(edges[-1] < edges[0], edges.shape[0] - rising, rising)


def _smaller(edges: torch.Tensor, at: torch.Tensor, or_equal: bool) -> torch.Tensor:
    """Return which edges come before each element in sorted order."""
    at = at[..., None]
    if not at.is_floating_point():
        return edges <= at if or_equal else edges < at
    if or_equal:
        return (edges <= at) | torch.isnan(at)
    return (edges < at) | (torch.isnan(at) & ~torch.isnan(edges))


def convolve(a: Any, v: Any, mode: str = "full") -> torch.Tensor | None:
    """Sum of shifted products. PyTorch multiplies the padding too, and makes NaN of what is not finite."""
    longer, kernel = _common(_tensor(a), _tensor(v))
    if kernel.shape[0] > longer.shape[0]:
        longer, kernel = kernel, longer
    last = kernel.shape[0] - 1
    if last >= _LONGEST_KERNEL or longer.dtype is torch.bool:
        return None
    full = torch.nn.functional.pad(longer * kernel[0], (0, last))
    for shift in range(1, last + 1):
        full = full + torch.nn.functional.pad(longer * kernel[shift], (shift, last - shift))
    begin, size = {
        "full": (0, full.shape[0]),
        "same": (last // 2, longer.shape[0]),
        "valid": (last, longer.shape[0] - last),
    }[mode]
    return full[begin : begin + size]


def nanmean(a: Any, axis: int | None = None, dtype: Any = None, out: Any = None, keepdims: bool = False) -> Any:
    """Mean without NaN."""
    if dtype is not None:
        return None
    return torch.nanmean(_inexact(_tensor(a)), dim=axis, keepdim=bool(keepdims))


def multi_dot(arrays: Sequence[Any], *, out: Any = None) -> torch.Tensor:
    """Product of matrices from the left."""
    result = _tensor(arrays[0])
    for matrix in arrays[1:]:
        left, right = _common(result, _tensor(matrix))
        result = left @ right
    return result


def cov(m: Any, y: Any = None, rowvar: bool = True, bias: bool = False, ddof: int | None = None) -> torch.Tensor | None:
    """Covariance matrix in double precision."""
    rows = _tensor(m).to(torch.float64)
    if y is not None or rows.dim() > 2:
        return None
    rows = rows[None] if rows.dim() < 2 else rows if rowvar else rows.T
    centred = rows - rows.mean(dim=1, keepdim=True)
    fewer = ddof if ddof is not None else 0 if bias else 1
    return (centred @ centred.T / (rows.shape[1] - fewer)).squeeze()


def block(arrays: Any) -> torch.Tensor:
    """Join nested lists of arrays, innermost along the last axis."""
    return _blocked(arrays, _nesting(arrays), max(_most_axes(arrays), _nesting(arrays)))


def _blocked(part: Any, depth: int, axes: int) -> torch.Tensor:
    if depth == 0:
        tensor = _tensor(part)
        return tensor.reshape((1,) * (axes - tensor.dim()) + tuple(tensor.shape))
    return torch.cat([_blocked(p, depth - 1, axes) for p in part], dim=-depth)


def _nesting(part: Any) -> int:
    return 1 + _nesting(part[0]) if isinstance(part, list) else 0


def _most_axes(part: Any) -> int:
    return max(map(_most_axes, part)) if isinstance(part, list) else _tensor(part).dim()


def _tensor(value: Any) -> torch.Tensor:
    """Return a tensor, a number, or nested lists of both as one tensor of the dtype that NumPy has for them."""
    if isinstance(value, torch.Tensor):
        return value
    if isinstance(value, (list, tuple)):
        parts = [_tensor(v) for v in value]
        dtype = functools.reduce(torch.promote_types, [p.dtype for p in parts])
        return torch.stack([p.to(dtype) for p in parts])
    return torch.full((), value, dtype=torch.float64 if isinstance(value, float) else None)


def cbrt(x: torch.Tensor) -> torch.Tensor:
    """Return cube roots, those of negative numbers, too; ``x ** (1 / 3)`` has none, and is off in the last place."""
    wide = x.to(torch.float64)
    root = torch.sign(wide) * torch.abs(wide) ** (1 / 3)
    better = root - (root - wide / (root * root)) / 3
    return torch.where((root == 0) | torch.isinf(root), root, better).to(x.dtype)


def _common(a: torch.Tensor, b: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Return both in the dtype that holds both; integers and float32 meet in float64, as in NumPy."""
    dtype = torch_dtype(np.promote_types(*(str(t.dtype).removeprefix("torch.") for t in (a, b))))
    return a.to(dtype), b.to(dtype)


def _is_fixed(value: Any) -> bool:
    """Return whether a value is a number, or nested lists of them: known when the call is recorded."""
    if isinstance(value, (list, tuple)):
        return all(map(_is_fixed, value))
    return isinstance(value, (bool, int, float))


def _inexact(values: torch.Tensor) -> torch.Tensor:
    return values if values.is_floating_point() else values.to(torch.float64)


def _kept(result: torch.Tensor, values: torch.Tensor, axis: int | None, keepdims: bool) -> torch.Tensor:
    """Return a reduction's result with the axes it keeps."""
    if not keepdims:
        return result
    return result.reshape((1,) * values.dim()) if axis is None else result.unsqueeze(axis)


TWINS: dict[Any, Twin] = {
    np.meshgrid: meshgrid,
    np.linspace: linspace,
    np.fix: torch.trunc,
    np.median: median,
    np.percentile: percentile,
    np.quantile: quantile,
    np.polyval: polyval,
    np.unwrap: unwrap,
    np.insert: insert,
    np.delete: delete,
    np.digitize: digitize,
    np.searchsorted: searchsorted,
    np.convolve: convolve,
    np.nanmean: nanmean,
    np.linalg.multi_dot: multi_dot,
    np.block: block,
    np.cov: cov,
}
TWINS |= {getattr(np, name): trapezoid for name in ("trapezoid", "trapz") if name in vars(np)}
UFUNCS: dict[np.ufunc, Twin] = {np.modf: modf, np.sign: sign, np.heaviside: heaviside, np.cbrt: cbrt}
"""Their operands are tensors of one dtype."""
