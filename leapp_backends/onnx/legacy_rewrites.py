"""Further operators that the TorchScript ONNX exporter lacks, written with ones that it has.

Each function takes the arguments of the operator it stands for and gives the same values.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from leapp_backends.onnx import rewrites as common

if TYPE_CHECKING:
    import torch
    from torch import Tensor


def rewrites() -> Mapping[Any, Callable[..., Any]]:
    """Return operator overload to its replacement."""
    import torch

    aten = torch.ops.aten
    return {
        **common.rewrites(),
        aten.index_put.default: index_put,
        **dict.fromkeys((aten.__and__.Tensor, aten.__and__.Scalar), bit_and),
        **dict.fromkeys((aten.__or__.Tensor, aten.__or__.Scalar), bit_or),
        **dict.fromkeys((aten.__xor__.Tensor, aten.__xor__.Scalar), bit_xor),
        aten.floor_divide.default: floor_divide,
        aten.div.Tensor_mode: div,
        aten.div.Scalar_mode: div,
        aten.bitwise_not.default: bit_not,
        aten.index_add.default: index_add,
        aten.gru_cell.default: gru_cell,
        aten.slice_scatter.default: slice_scatter,
        aten.select_scatter.default: select_scatter,
        aten._to_copy.default: to_copy,
        aten._softmax.default: lambda x, dim, half_to_float=False: torch.softmax(x, dim),
        aten._unsafe_view.default: lambda x, size: x.reshape(size),
        aten.lift_fresh_copy.default: lambda x: x,
        aten.alias.default: lambda x: x,
        aten.detach.default: lambda x: x,
        aten.trunc.default: trunc,
        aten.frac.default: lambda x: x - trunc(x),
        aten.expm1.default: lambda x: torch.exp(x) - 1,
        aten.sinh.default: lambda x: (torch.exp(x) - torch.exp(-x)) / 2,
        aten.cosh.default: lambda x: (torch.exp(x) + torch.exp(-x)) / 2,
        aten.addcdiv.default: lambda x, a, b, *, value=1: x + value * (a / b),
        aten.heaviside.default: heaviside,
        aten.take_along_dim.default: take_along_dim,
        aten.logaddexp.default: lambda x, y: torch.maximum(x, y) + torch.log1p(torch.exp(-torch.abs(x - y))),
        aten.diff.default: diff,
        aten._native_batch_norm_legit_no_training.default: batch_norm,
        aten.linalg_cross.default: cross,
    }


def to_copy(x: Tensor, *, dtype: torch.dtype | None = None, **_: Any) -> Tensor:
    """Return ``x`` in another type; device and layout cannot change in one artifact."""
    return x.clone() if dtype is None else x.to(dtype)


def slice_scatter(
    base: Tensor, source: Tensor, dim: int = 0, start: int | None = None, end: int | None = None, step: int = 1
) -> Tensor:
    """Return ``base`` with a slice replaced, as one concatenation where the slice has no gaps."""
    import torch

    size = base.shape[dim]
    first, last, _ = slice(start, end).indices(size)
    source = source.to(base.dtype)
    if step == 1:
        parts = [base.narrow(dim, 0, first), source, base.narrow(dim, max(first, last), size - max(first, last))]
        return torch.cat([part for part in parts if part.shape[dim]], dim)
    at = torch.arange(first, last, step)
    shape = [1] * base.dim()
    shape[dim] = len(at)
    return base.scatter(dim, at.reshape(shape).expand(source.shape), source)


def select_scatter(base: Tensor, source: Tensor, dim: int, index: int) -> Tensor:
    """Return ``base`` with one index of an axis replaced."""
    index = index % base.shape[dim]
    return slice_scatter(base, source.unsqueeze(dim), dim, index, index + 1)


def trunc(x: Tensor) -> Tensor:
    """Round toward zero."""
    import torch

    return torch.where(x < 0, torch.ceil(x), torch.floor(x))


def heaviside(x: Tensor, at_zero: Tensor) -> Tensor:
    """Return 0 below zero, 1 above, ``at_zero`` at zero."""
    import torch

    return torch.where(x == 0, at_zero, (x > 0).to(x.dtype))


def take_along_dim(x: Tensor, indices: Tensor, dim: int | None = None) -> Tensor:
    """Gather with broadcasting of all other axes."""
    import torch

    if dim is None:
        return x.reshape(-1).gather(0, indices.reshape(-1))
    axis = dim % x.dim()
    sizes = torch.functional.broadcast_shapes(_without(x.shape, axis), _without(indices.shape, axis))  # type: ignore[no-untyped-call]
    x_size, index_size = list(sizes), list(sizes)
    x_size[axis], index_size[axis] = x.shape[axis], indices.shape[axis]
    return x.expand(x_size).gather(axis, indices.expand(index_size))


def _without(shape: Sequence[int], axis: int) -> list[int]:
    return [1 if at == axis else size for at, size in enumerate(shape)]


def diff(x: Tensor, n: int = 1, dim: int = -1, prepend: Tensor | None = None, append: Tensor | None = None) -> Tensor:
    """Return differences of neighbours along an axis."""
    import torch

    x = torch.cat([part for part in (prepend, x, append) if part is not None], dim)
    for _ in range(n):
        size = x.shape[dim]
        x = x.narrow(dim, 1, size - 1) - x.narrow(dim, 0, size - 1)
    return x


def batch_norm(
    x: Tensor, weight: Tensor | None, bias: Tensor | None, mean: Tensor, var: Tensor, momentum: float, eps: float
) -> tuple[Tensor, None, None]:
    """Return batch normalisation with stored statistics."""
    import torch

    return torch.batch_norm(x, weight, bias, mean, var, False, momentum, eps, False), None, None


def cross(x: Tensor, y: Tensor, *, dim: int = -1) -> Tensor:
    """Return the vector product along an axis of size 3."""
    import torch

    x, y = torch.functional.broadcast_tensors(x, y)  # type: ignore[no-untyped-call]
    return x.roll(-1, dim) * y.roll(-2, dim) - x.roll(-2, dim) * y.roll(-1, dim)


def _booleans(x: Tensor, y: Any) -> bool:
    import torch

    return x.dtype == torch.bool and getattr(y, "dtype", None) == torch.bool


def bit_and(x: Tensor, y: Any) -> Tensor:
    """``&`` of booleans or integers."""
    import torch

    return torch.logical_and(x, y) if _booleans(x, y) else torch.bitwise_and(x, y)


def bit_or(x: Tensor, y: Any) -> Tensor:
    """``|`` of booleans or integers."""
    import torch

    return torch.logical_or(x, y) if _booleans(x, y) else torch.bitwise_or(x, y)


def bit_xor(x: Tensor, y: Any) -> Tensor:
    """``^`` of booleans or integers."""
    import torch

    return torch.logical_xor(x, y) if _booleans(x, y) else torch.bitwise_xor(x, y)


def bit_not(x: Tensor) -> Tensor:
    """``~`` of booleans or integers."""
    import torch

    return torch.logical_not(x) if x.dtype == torch.bool else -x - 1


def index_add(x: Tensor, dim: int, index: Tensor, source: Tensor, *, alpha: float = 1) -> Tensor:
    """Add slices at indices; the exporter forgets all but one of those that go to the same place."""
    shape = [1] * source.dim()
    shape[dim] = index.numel()
    source = source if alpha == 1 else source * alpha
    return x.scatter_add(dim, index.reshape(shape).expand(source.shape), source)


def floor_divide(x: Tensor, y: Tensor | float) -> Any:
    """Divide rounding down; the exporter rounds toward zero."""
    import torch

    exact = common.floor_divide(x, y)
    if exact is not NotImplemented:
        return exact
    return torch.div(x - torch.remainder(x, y), y, rounding_mode="trunc")


def div(x: Tensor, y: Tensor | float, *, rounding_mode: str | None = None) -> Any:
    """Divide with a rounding mode."""
    return floor_divide(x, y) if rounding_mode == "floor" else NotImplemented


def gru_cell(
    x: Tensor, h: Tensor, w_ih: Tensor, w_hh: Tensor, b_ih: Tensor | None = None, b_hh: Tensor | None = None
) -> Tensor:
    """Return the next hidden state of one GRU cell."""
    import torch
    from torch.nn.functional import linear

    from_input, from_state = linear(x, w_ih, b_ih).chunk(3, 1), linear(h, w_hh, b_hh).chunk(3, 1)
    reset = torch.sigmoid(from_input[0] + from_state[0])
    update = torch.sigmoid(from_input[1] + from_state[1])
    new = torch.tanh(from_input[2] + reset * from_state[2])
    return (h - new) * update + new


def index_put(x: Tensor, indices: Sequence[Tensor | None], values: Tensor, accumulate: bool = False) -> Any:
    """Write at indices; leading whole axes are moved behind, where the exporter converts them right.

    Sums go through ``scatter_add``: the exporter forgets all but one of the values that go to the same place.
    """
    import torch

    axes = [axis for axis, index in enumerate(indices) if index is not None]
    given = [index for index in indices if index is not None]
    if any(index.dtype == torch.bool for index in given) or (axes == list(range(len(axes))) and not accumulate):
        return NotImplemented
    given = list(torch.functional.broadcast_tensors(*given))  # type: ignore[no-untyped-call]
    rest = [axis for axis in range(x.dim()) if axis not in axes]
    first = axes[0] if axes == list(range(axes[0], axes[0] + len(axes))) else 0
    before = [x.shape[axis] for axis in rest]
    values = values.to(x.dtype).expand([*before[:first], *given[0].shape, *before[first:]])
    picked = given[0].dim()
    front = [*range(first, first + picked), *range(first), *range(first + picked, values.dim())]
    order = [*axes, *rest]
    write = _add_at if accumulate else torch.ops.aten.index_put.default
    written = write(x.permute(order), given, values.permute(front))
    return written.permute([order.index(axis) for axis in range(x.dim())])


def _add_at(x: Tensor, indices: Sequence[Tensor], values: Tensor) -> Tensor:
    """Add values at index tuples of the leading axes; indices all have the same size."""
    import torch

    flat = torch.zeros_like(indices[0])
    for size, index in zip(x.shape, indices, strict=False):
        flat = flat * size + torch.remainder(index, size)
    rows, columns = 1, 1
    for axis, size in enumerate(x.shape):
        rows, columns = (rows * size, columns) if axis < len(indices) else (rows, columns * size)
    source = values.reshape(-1, columns)
    return x.reshape(rows, columns).scatter_add(0, flat.reshape(-1, 1).expand(source.shape), source).reshape(x.shape)
