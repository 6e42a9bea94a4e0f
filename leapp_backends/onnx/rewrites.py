"""Operators that both ONNX exporters lack or translate wrongly, written with ones that they translate well.

Each function takes the arguments of the operator it stands for and gives the same values; ``NotImplemented`` leaves a
call as it is.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from leapp_backends.onnx import doubles, small_matrices

if TYPE_CHECKING:
    from torch import Tensor
    from torch.export import ExportedProgram

_LONGEST_UNROLLED = 64


def rewrites() -> Mapping[Any, Callable[..., Any]]:
    """Return operator overload to its replacement."""
    import torch

    aten = torch.ops.aten
    return {
        aten.copy.default: copy,  # onnxscript returns the source without expanding it
        aten.diagonal_scatter.default: diagonal_scatter,
        aten.scatter.src: scatter_src,
        aten.scatter_add.default: scatter_add,
        aten.scatter_reduce.two: scatter_reduce,
        aten.hypot.default: hypot,
        aten.signbit.default: signbit,
        aten.copysign.Tensor: lambda x, y: torch.where(signbit(y), -torch.abs(x), torch.abs(x)),
        # Translated as quotients that are rounded: near a multiple of the divisor the remainder jumps by a whole one.
        **dict.fromkeys((aten.remainder.Tensor, aten.remainder.Scalar, aten.remainder.Scalar_Tensor), remainder),
        **dict.fromkeys((aten.div.Tensor_mode, aten.div.Scalar_mode, aten.floor_divide.default), floor_divide),
        aten.atan2.default: atan2,
        aten.cumprod.default: cumprod,
        aten.median.dim: median,
        aten.searchsorted.Tensor: searchsorted,
        aten.scaled_dot_product_attention.default: attention,
        # Translated as if the statistics were those kept.
        aten._native_batch_norm_legit_functional.default: batch_norm_in_training,
        # ONNX Runtime has no kernels for these types of elements.
        **dict.fromkeys((aten.where.self, aten.where.ScalarOther, aten.where.ScalarSelf), where),
        **dict.fromkeys((aten.masked_fill.Scalar, aten.masked_fill.Tensor), masked_fill),
        aten.clamp.default: clamp,
        # ONNX Runtime (1.32 and before) fuses a transposed matrix and a vector into a product that it computes wrongly.
        **dict.fromkeys((aten.matmul.default, aten.mv.default), matmul),
        **small_matrices.rewrites(),
    }


def apply(program: ExportedProgram) -> ExportedProgram:
    """Return the program with these operators replaced (the program itself if it has none)."""
    from leapp_backends.common.functional import calls

    table = rewrites()
    if doubles.needed(program):
        # What replaces an operator there has numbers of its own, so the whole table goes along.
        table = first_of(doubles.rewrites(), table)
        return program.run_decompositions(dict(table)) if any(n.target in table for n in calls(program)) else program
    present = {node.target: table[node.target] for node in calls(program) if node.target in table}
    return program.run_decompositions(present) if present else program


def first_of(*tables: Mapping[Any, Callable[..., Any]]) -> Mapping[Any, Callable[..., Any]]:
    """Return a table that asks each of the given ones in turn."""

    def joined(target: Any) -> Callable[..., Any]:
        functions = [table[target] for table in tables if target in table]

        def replacement(*args: Any, **kwargs: Any) -> Any:
            results = (function(*args, **kwargs) for function in functions)
            return next((result for result in results if result is not NotImplemented), NotImplemented)

        return replacement

    return {target: joined(target) for table in tables for target in table}


def matmul(x: Tensor, y: Tensor) -> Any:
    """Return the product of a matrix and a vector as that of two matrices."""
    if y.dim() == 1 and x.dim() > 1:
        return (x @ y.unsqueeze(-1)).squeeze(-1)
    if x.dim() == 1 and y.dim() > 1:
        return (x.unsqueeze(-2) @ y).squeeze(-2)
    return NotImplemented


def copy(target: Tensor, source: Tensor, non_blocking: bool = False) -> Tensor:
    """Return ``source`` with size and type of ``target``."""
    return source.to(target.dtype).expand(target.shape).clone()


def diagonal_scatter(base: Tensor, source: Tensor, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Tensor:
    """Return ``base`` with a diagonal replaced, through its flat positions."""
    import torch

    shape = [int(size) for size in base.shape]
    dim1, dim2 = dim1 % len(shape), dim2 % len(shape)
    strides = [math.prod(shape[axis + 1 :]) for axis in range(len(shape))]
    first = -offset * strides[dim1] if offset < 0 else offset * strides[dim2]
    places = torch.arange(int(source.shape[-1]), dtype=torch.int64) * (strides[dim1] + strides[dim2]) + first
    for axis in reversed([axis for axis in range(len(shape)) if axis not in {dim1, dim2}]):
        steps = torch.arange(shape[axis], dtype=torch.int64) * strides[axis]
        places = (steps.reshape(-1, 1) + places.reshape(1, -1)).reshape(-1)
    flat = base.reshape(-1).scatter(0, places, source.to(base.dtype).reshape(-1))
    return flat.reshape(base.shape)


def _narrowed(source: Tensor, index: Tensor) -> Tensor:
    """Return the part of ``source`` that is read: PyTorch lets it be larger than the index, ONNX does not."""
    for axis, size in enumerate(index.shape):
        if source.shape[axis] != size:
            source = source.narrow(axis, 0, size)
    return source


def _sizes_differ(source: Tensor, index: Tensor) -> bool:
    return any(a != b for a, b in zip(source.shape, index.shape, strict=True))


def scatter_src(x: Tensor, dim: int, index: Tensor, source: Tensor) -> Any:
    """Scatter with a source as large as the index."""
    return x.scatter(dim, index, _narrowed(source, index)) if _sizes_differ(source, index) else NotImplemented


def scatter_add(x: Tensor, dim: int, index: Tensor, source: Tensor) -> Any:
    """Scatter and add with a source as large as the index."""
    return x.scatter_add(dim, index, _narrowed(source, index)) if _sizes_differ(source, index) else NotImplemented


def scatter_reduce(
    x: Tensor, dim: int, index: Tensor, source: Tensor, reduce: str, *, include_self: bool = True
) -> Any:
    """Scatter and reduce with a source as large as the index."""
    if not _sizes_differ(source, index):
        return NotImplemented
    return x.scatter_reduce(dim, index, _narrowed(source, index), reduce, include_self=include_self)


def hypot(x: Tensor, y: Tensor) -> Tensor:
    """Return the length of the hypotenuse, scaled so that squares neither overflow nor vanish."""
    import torch

    x, y = torch.abs(x), torch.abs(y)
    large, small = torch.maximum(x, y), torch.minimum(x, y)
    ratio = small / torch.where(large == 0, torch.ones_like(large), large)
    return large * torch.sqrt(ratio * ratio + 1)


def signbit(x: Tensor) -> Tensor:
    """Return where a sign is negative, that of a zero included."""
    if not x.is_floating_point():
        return x < 0
    return (x < 0) | ((x == 0) & (1 / x < 0))


def _operands(x: Any, y: Any) -> tuple[Tensor, Tensor] | None:
    """Return two operands as tensors of the type they are computed in, if that is a floating-point one."""
    import torch

    kind = torch.result_type(x, y)
    if not kind.is_floating_point:
        return None
    make = doubles.number if kind == torch.float64 else lambda value: torch.full((), value, dtype=kind)
    x, y = (v.to(kind) if isinstance(v, torch.Tensor) else make(float(v)) for v in (x, y))
    return x, y


def remainder(x: Any, y: Any) -> Any:
    """Return the remainder with the sign of the divisor, as PyTorch computes it: exact, then corrected."""
    import torch

    operands = _operands(x, y)
    if operands is None:
        return NotImplemented
    rest = torch.fmod(*operands)
    return torch.where(_is_beyond(rest, operands[1]), rest + operands[1], rest)


def _is_beyond(rest: Tensor, divisor: Tensor) -> Tensor:
    return (rest != 0) & ((rest < 0) != (divisor < 0))


def floor_divide(x: Any, y: Any, *, rounding_mode: str | None = "floor") -> Any:
    """Return the quotient rounded down, as PyTorch computes it from the exact remainder."""
    import torch

    operands = _operands(x, y) if rounding_mode == "floor" else None
    if operands is None:
        return NotImplemented
    kind = operands[0].dtype
    if kind in (torch.float16, torch.bfloat16):  # PyTorch keeps a number as it is, and computes in single precision
        x, y = (v.float() if isinstance(v, torch.Tensor) else torch.full((), float(v)) for v in (x, y))
    else:
        x, y = operands
    rest = torch.fmod(x, y)
    quotient = (x - rest) / y - torch.where(_is_beyond(rest, y), 1.0, 0.0).to(rest.dtype)
    below = torch.floor(quotient)
    below = torch.where(quotient - below > 0.5, below + 1, below)
    return torch.where(y == 0, x / y, below).to(kind)


def atan2(y: Tensor, x: Tensor) -> Any:
    """Return the angle of a point; exporters divide by zero and take the sign of a zero for that of the angle."""
    import torch

    if torch.result_type(y, x) == torch.float64 or not torch.result_type(y, x).is_floating_point:
        return NotImplemented
    turned = torch.where(y < 0, -math.pi, math.pi).to(x.dtype)
    angle = torch.atan(y / x) + torch.where(x < 0, turned, torch.zeros_like(turned))
    return torch.where((x == 0) & (y == y), torch.sign(y) * (math.pi / 2), angle)


def cumprod(x: Tensor, dim: int, *, dtype: Any = None) -> Any:
    """Return running products, one multiplication per entry of a short axis."""
    import torch

    if x.dim() == 0 or x.shape[dim] > _LONGEST_UNROLLED:
        return NotImplemented
    x = x if dtype is None else x.to(dtype)
    products: list[Tensor] = []
    for part in x.unbind(dim):
        products.append(products[-1] * part if products else part)
    return torch.stack(products, dim)


def median(x: Tensor, dim: int, keepdim: bool = False) -> Any:
    """Return the lower median and where it is, through sorting."""
    if x.dim() == 0:
        return NotImplemented
    ordered, where = x.sort(dim)
    middle = (x.shape[dim] - 1) // 2
    value, at = ordered.narrow(dim, middle, 1), where.narrow(dim, middle, 1)
    return (value, at) if keepdim else (value.squeeze(dim), at.squeeze(dim))


def searchsorted(
    ordered: Tensor,
    values: Tensor,
    *,
    out_int32: bool = False,
    right: bool = False,
    side: str | None = None,
    sorter: Tensor | None = None,
) -> Any:
    """Count the entries before each value instead of bisecting; ordered sequences of policies are short."""
    import torch

    if sorter is not None:
        return NotImplemented
    before = (
        ordered.unsqueeze(-2) <= values.unsqueeze(-1)
        if right or side == "right"
        else (ordered.unsqueeze(-2) < values.unsqueeze(-1))
    )
    return before.sum(-1).to(torch.int32 if out_int32 else torch.int64)


def attention(query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None = None, *args: Any, **kwargs: Any) -> Any:
    """Give attention the four axes that its translation asks for in some releases."""
    from torch.nn.functional import scaled_dot_product_attention

    if query.dim() != 3 or key.dim() != 3 or value.dim() != 3 or (mask is not None and mask.dim() > 3):
        return NotImplemented
    mask = mask.unsqueeze(0) if mask is not None and mask.dim() == 3 else mask
    parts = (query.unsqueeze(0), key.unsqueeze(0), value.unsqueeze(0))
    return scaled_dot_product_attention(*parts, mask, *args, **kwargs).squeeze(0)


def batch_norm_in_training(
    x: Tensor,
    weight: Tensor | None,
    bias: Tensor | None,
    mean: Tensor,
    var: Tensor,
    training: bool,
    momentum: float,
    eps: float,
) -> Any:
    """Return batch normalisation by the statistics of this batch, those statistics, and the running ones."""
    import torch

    if not training:
        return NotImplemented
    axes = [axis for axis in range(x.dim()) if axis != 1]
    shape = [-1 if axis == 1 else 1 for axis in range(x.dim())]
    count = math.prod(int(x.shape[axis]) for axis in axes)
    here = x.mean(axes)
    centred = x - here.reshape(shape)
    spread = (centred * centred).mean(axes)
    scale = torch.rsqrt(spread + eps)
    y = centred * scale.reshape(shape)
    y = y if weight is None else y * weight.reshape(shape)
    y = y if bias is None else y + bias.reshape(shape)
    unbiased = spread * (count / max(count - 1, 1))
    return y, here, scale, here * momentum + mean * (1 - momentum), unbiased * momentum + var * (1 - momentum)


def where(condition: Tensor, x: Any, y: Any) -> Any:
    """Choose between booleans by logic, between small whole numbers as larger ones."""
    import torch

    wanted = torch.result_type(x, y)
    if wanted not in (torch.bool, torch.int8, torch.int16):
        return NotImplemented
    computed = torch.int32 if wanted is not torch.bool else wanted
    x, y = (v.to(computed) if hasattr(v, "dtype") else torch.full((), v, dtype=computed) for v in (x, y))
    if wanted is not torch.bool:
        return torch.where(condition, x, y).to(wanted)
    return torch.logical_or(torch.logical_and(condition, x), torch.logical_and(torch.logical_not(condition), y))


def masked_fill(x: Tensor, mask: Tensor, value: Any) -> Any:
    """Fill booleans and small whole numbers as :func:`where` chooses between them."""
    import torch

    return where(mask, value if isinstance(value, torch.Tensor) else torch.full((), value, dtype=x.dtype), x)


def clamp(x: Tensor, low: Any = None, high: Any = None) -> Any:
    """Clamp small whole numbers as larger ones."""
    import torch

    if x.dtype not in (torch.int8, torch.int16):
        return NotImplemented
    return x.to(torch.int32).clamp(low, high).to(x.dtype)
