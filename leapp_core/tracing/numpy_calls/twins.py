"""NumPy's functions that PyTorch's own NumPy layer lacks or computes otherwise, written with PyTorch's calls."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch

Twin = Callable[..., Any]


def modf(x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Fraction and whole part, both with the sign of ``x``."""
    whole = torch.trunc(x)
    return torch.where(torch.isinf(x), torch.zeros_like(x), x - whole), whole


def meshgrid(*axes: Any, indexing: str = "xy", copy: bool = True, sparse: bool = False) -> list[torch.Tensor] | None:
    """Coordinate matrices; ``None`` for views and sparse grids."""
    if sparse or not copy:
        return None
    vectors = [torch.as_tensor(axis).reshape(-1) for axis in axes]
    order = [1, 0, *range(2, len(vectors))] if indexing == "xy" and len(vectors) > 1 else list(range(len(vectors)))
    shape = [vectors[order.index(place)].shape[0] for place in range(len(vectors))]
    grids = []
    for vector, place in zip(vectors, order, strict=True):
        along = [1] * len(vectors)
        along[place] = vector.shape[0]
        grids.append(vector.reshape(along).expand(shape).clone())
    return grids


def median(
    a: Any, axis: int | None = None, out: Any = None, overwrite_input: bool = False, keepdims: bool = False
) -> Any:
    """Middle value; the mean of both middle values of an even count. NaN gives NaN."""
    if not isinstance(axis, (int, type(None))):
        return None
    values = _inexact(torch.as_tensor(a))
    lined = values.reshape(-1) if axis is None else values.movedim(axis, -1)
    count = lined.shape[-1]
    ordered = torch.sort(lined, dim=-1).values
    low, high = ordered[..., (count - 1) // 2], ordered[..., count // 2]
    middle = low if count % 2 else torch.stack([low, high]).mean(dim=0)
    # Sorting puts NaN last: it is there if it is anywhere.
    return _kept(torch.where(torch.isnan(ordered[..., -1]), ordered[..., -1], middle), values, axis, keepdims)


def percentile(a: Any, q: Any, axis: int | None = None, **options: Any) -> Any:
    """Percentiles with NumPy's linear interpolation."""
    return quantile(a, np.true_divide(q, 100), axis, **options)


def quantile(
    a: Any,
    q: Any,
    axis: int | None = None,
    out: Any = None,
    overwrite_input: bool = False,
    method: str = "linear",
    keepdims: bool = False,
) -> Any:
    """Quantiles with NumPy's linear interpolation; ``None`` for other methods."""
    if method != "linear" or isinstance(q, torch.Tensor) or not isinstance(axis, (int, type(None))):
        return None
    values = _inexact(torch.as_tensor(a))
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
    coefficients = p if isinstance(p, torch.Tensor) else torch.tensor(p, dtype=torch.float64)
    at = torch.as_tensor(x)
    at = at.to(torch.promote_types(at.dtype, coefficients.dtype))
    result = torch.zeros_like(at)
    for coefficient in coefficients.unbind(0):
        result = result * at + coefficient
    return result


def trapezoid(y: Any, x: Any = None, dx: float = 1.0, axis: int = -1) -> torch.Tensor:
    """Integral by the trapezoidal rule."""
    values = torch.as_tensor(y).movedim(axis, -1)
    widths: Any = dx
    if x is not None:
        points = torch.as_tensor(x)
        points = points.movedim(axis, -1) if points.dim() > 1 else points
        widths = points[..., 1:] - points[..., :-1]
    return (widths * (values[..., 1:] + values[..., :-1]) / 2.0).sum(dim=-1)


def unwrap(p: Any, discont: float | None = None, axis: int = -1, *, period: float = 2 * math.pi) -> torch.Tensor | None:
    """Take jumps of more than half a period out of a signal; floats only."""
    values = torch.as_tensor(p)
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
    given = torch.as_tensor(arr)
    lined = given.reshape(-1) if axis is None else given.movedim(axis, 0)
    place = obj + lined.shape[0] if obj < 0 else obj
    new = torch.as_tensor(values).to(given.dtype)
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
    if isinstance(obj, torch.Tensor):
        return None
    given = torch.as_tensor(arr)
    lined = given.reshape(-1) if axis is None else given.movedim(axis, 0)
    kept = [int(place) for place in np.delete(np.arange(lined.shape[0]), obj)]
    result = torch.stack([lined[place] for place in kept]) if kept else lined[:0]
    return result if axis is None else result.movedim(0, axis)


def digitize(x: Any, bins: Any, right: bool = False) -> torch.Tensor | None:
    """Bin numbers for increasing bins that are fixed; ``None`` for others."""
    edges = torch.as_tensor(bins)
    at = torch.as_tensor(x)
    both = torch.promote_types(edges.dtype, at.dtype)
    at, edges = at.to(both), edges.to(both)
    inside = at[..., None] > edges if right else at[..., None] >= edges
    return inside.sum(dim=-1)


def nanmean(a: Any, axis: int | None = None, dtype: Any = None, out: Any = None, keepdims: bool = False) -> Any:
    """Mean without NaN."""
    if dtype is not None:
        return None
    return torch.nanmean(_inexact(torch.as_tensor(a)), dim=axis, keepdim=bool(keepdims))


def multi_dot(arrays: Sequence[Any], *, out: Any = None) -> torch.Tensor:
    """Product of matrices from the left."""
    matrices = [torch.as_tensor(a) for a in arrays]
    dtype = matrices[0].dtype
    for matrix in matrices:
        dtype = torch.promote_types(dtype, matrix.dtype)
    result = matrices[0].to(dtype)
    for matrix in matrices[1:]:
        result = result @ matrix.to(dtype)
    return result


def cov(m: Any, y: Any = None, rowvar: bool = True) -> torch.Tensor | None:
    """Covariance matrix in double precision."""
    rows = torch.as_tensor(m).to(torch.float64)
    if y is not None or rows.dim() > 2:
        return None
    rows = rows[None] if rows.dim() < 2 else rows if rowvar else rows.T
    centred = rows - rows.mean(dim=1, keepdim=True)
    result = centred @ centred.T / (rows.shape[1] - 1)
    return result.squeeze()


def block(arrays: Any) -> torch.Tensor:
    """Join nested lists of arrays, innermost along the last axis."""
    return _blocked(arrays, _nesting(arrays), max(_most_axes(arrays), _nesting(arrays)))


def _blocked(part: Any, depth: int, axes: int) -> torch.Tensor:
    if depth == 0:
        tensor = torch.as_tensor(part)
        return tensor.reshape((1,) * (axes - tensor.dim()) + tuple(tensor.shape))
    return torch.cat([_blocked(p, depth - 1, axes) for p in part], dim=-depth)


def _nesting(part: Any) -> int:
    return 1 + _nesting(part[0]) if isinstance(part, list) else 0


def _most_axes(part: Any) -> int:
    return max(map(_most_axes, part)) if isinstance(part, list) else torch.as_tensor(part).dim()


def _inexact(values: torch.Tensor) -> torch.Tensor:
    return values if values.is_floating_point() else values.to(torch.float64)


def _kept(result: torch.Tensor, values: torch.Tensor, axis: int | None, keepdims: bool) -> torch.Tensor:
    """Return a reduction's result with the axes it keeps."""
    if not keepdims:
        return result
    return result.reshape((1,) * values.dim()) if axis is None else result.unsqueeze(axis)


TWINS: dict[Any, Twin] = {
    np.meshgrid: meshgrid,
    np.median: median,
    np.percentile: percentile,
    np.quantile: quantile,
    np.polyval: polyval,
    np.unwrap: unwrap,
    np.insert: insert,
    np.delete: delete,
    np.digitize: digitize,
    np.nanmean: nanmean,
    np.linalg.multi_dot: multi_dot,
    np.block: block,
    np.cov: cov,
}
TWINS |= {getattr(np, name): trapezoid for name in ("trapezoid", "trapz") if name in vars(np)}
