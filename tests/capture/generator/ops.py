"""What a statement of a random program may do. Every operation takes tensors and the numbers drawn for it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch

Numbers = tuple[float, ...]


@dataclass(frozen=True)
class Operation:
    """One kind of statement.

    Attributes:
        run: Computes the result; ``None`` results are writes into the first operand.
        operands: How many tensors it takes.
        writes: It changes its first operand.
    """

    run: Callable[..., Any]
    operands: int
    writes: bool = False


def _dim(x: torch.Tensor, number: float) -> int:
    return int(number * 1000) % x.dim()


def _range(x: torch.Tensor, dim: int, a: float, b: float) -> slice:
    size = x.shape[dim]
    first, second = sorted((int(a * 997) % (size + 1), int(b * 991) % (size + 1)))
    return slice(first, max(second, first + 1))


def _index(x: torch.Tensor, n: Numbers, step: int = 1) -> tuple[Any, ...]:
    dim = _dim(x, n[0])
    part = _range(x, dim, n[1], n[2])
    return (slice(None),) * dim + (slice(part.start, part.stop, step),)


def _row(x: torch.Tensor, n: Numbers) -> tuple[Any, ...]:
    dim = _dim(x, n[0])
    size = x.shape[dim]
    return (slice(None),) * dim + (int(n[1] * 997) % size - (size if n[2] > 0.5 else 0),)


def _fit(value: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Return the value with sizes that broadcast to the target: a copy of it where it fits, else a share of its sum."""
    sizes, wanted = tuple(value.shape), tuple(target.shape)
    tail = wanted[len(wanted) - len(sizes) :]
    fits = len(sizes) <= len(wanted) and all(n in (1, m) for n, m in zip(sizes, tail, strict=True))
    return value.clone() if fits else value.sum() * 0.25


def _set_slice(x: torch.Tensor, v: torch.Tensor, *n: float) -> None:
    index = _index(x, n)
    x[index] = _fit(v, x[index])


def _set_strided(x: torch.Tensor, v: torch.Tensor, *n: float) -> None:
    index = _index(x, (n[0], 0.0, 0.0), step=2)
    index = (*index[:-1], slice(int(n[1] * 10) % 2, None, 2))
    x[index] = _fit(v, x[index])


def _set_row(x: torch.Tensor, v: torch.Tensor, *n: float) -> None:
    index = _row(x, n)
    x[index] = _fit(v, x[index])


def _add_row(x: torch.Tensor, v: torch.Tensor, *n: float) -> None:
    index = _row(x, n)
    x[index] += _fit(v, x[index])


def _shift(x: torch.Tensor, v: torch.Tensor, *n: float) -> None:
    x[:-1] = x[1:].clone()
    x[-1] = _fit(v, x[-1])


def _through_chunk(x: torch.Tensor, v: torch.Tensor, *n: float) -> None:
    parts = x.chunk(2, _dim(x, n[0]))
    parts[-1].mul_(n[1]).add_(_fit(v, parts[-1]))


def _through_unbind(x: torch.Tensor, v: torch.Tensor, *n: float) -> None:
    parts = x.unbind(_dim(x, n[0]))
    parts[0].copy_(_fit(v, parts[0]))


def _through_transpose(x: torch.Tensor, v: torch.Tensor, *n: float) -> None:
    flipped = x.transpose(0, -1)
    flipped[0] = _fit(v, flipped[0])


def _masked_value(x: torch.Tensor, *n: float) -> None:
    x[x > n[0] - 0.5] = n[1]


def _masked_tensor(x: torch.Tensor, v: torch.Tensor, *n: float) -> None:
    mask = x.abs() < n[0]
    x[mask] = v.expand_as(x)[mask] if v.shape == x.shape else n[1]


def _masked_scale(x: torch.Tensor, *n: float) -> None:
    x[x < 0] *= n[0]


def _row_mask(x: torch.Tensor, *n: float) -> None:
    x[x.flatten(1).sum(1) > 0 if x.dim() > 1 else x > 0] = n[0]


def _index_list(x: torch.Tensor, v: torch.Tensor, *n: float) -> None:
    rows = [int(n[0] * 97) % x.shape[0], int(n[1] * 89) % x.shape[0]]
    rows = rows if rows[0] != rows[1] else rows[:1]
    x[rows] = _fit(v, x[rows])


def _index_copy(x: torch.Tensor, v: torch.Tensor, *n: float) -> None:
    index = torch.tensor([int(n[0] * 97) % x.shape[0]])
    x.index_copy_(0, index, _fit(v, x[:1]).expand_as(x[:1]).contiguous())


def _out(x: torch.Tensor, v: torch.Tensor, *n: float) -> None:
    torch.add(x.clone(), _fit(v, x), out=x)


def _foreach(x: torch.Tensor, v: torch.Tensor, *n: float) -> None:
    torch._foreach_mul_([x], n[0])
    torch._foreach_add_([x], [_fit(v, x).expand_as(x).clone()])


def _one_hot(x: torch.Tensor, *n: float) -> torch.Tensor:
    return torch.nn.functional.one_hot(x.reshape(-1).argmax(), x.numel()).to(torch.float32).view(x.shape)


def _gather(x: torch.Tensor, *n: float) -> torch.Tensor:
    return x.gather(-1, x.argsort(-1))


def _rotate(x: torch.Tensor, *n: float) -> torch.Tensor:
    return torch.roll(x, int(n[0] * 10) - 5, _dim(x, n[1]))


def _flat_view(x: torch.Tensor, *n: float) -> torch.Tensor:
    return x.reshape(-1)


def _cat(x: torch.Tensor, v: torch.Tensor, *n: float) -> torch.Tensor:
    return torch.cat([x.reshape(-1), v.reshape(-1)])[: 3 + int(n[0] * 5)]


PURE: dict[str, Operation] = {
    "neg": Operation(lambda x, *n: -x, 1),
    "tanh": Operation(lambda x, *n: torch.tanh(x), 1),
    "clamp": Operation(lambda x, *n: x.clamp(-n[0], n[1]), 1),
    "scale": Operation(lambda x, *n: x * n[0] + n[1], 1),
    "relu": Operation(lambda x, *n: torch.relu(x), 1),
    "sin": Operation(lambda x, *n: torch.sin(x), 1),
    "add": Operation(lambda x, v, *n: x + _fit(v, x), 2),
    "alpha": Operation(lambda x, v, *n: torch.sub(x, _fit(v, x), alpha=n[0]), 2),
    "mul": Operation(lambda x, v, *n: torch.tanh(x) * _fit(v, x), 2),
    "maximum": Operation(lambda x, v, *n: torch.maximum(x, _fit(v, x)), 2),
    "where": Operation(lambda x, v, *n: torch.where(x > n[0] - 0.5, _fit(v, x), x), 2),
    "masked_fill": Operation(lambda x, *n: x.masked_fill(x < 0, n[0]), 1),
    "mean": Operation(lambda x, *n: x.mean(_dim(x, n[0]), keepdim=True) + x, 1),
    "sum": Operation(lambda x, *n: x - x.sum(_dim(x, n[0]), keepdim=True) * 0.2, 1),
    "norm": Operation(lambda x, *n: x / (x.norm() + 1.0), 1),
    "cumsum": Operation(lambda x, *n: x.cumsum(_dim(x, n[0])) * 0.1, 1),
    "sort": Operation(lambda x, *n: x.sort(_dim(x, n[0])).values, 1),
    "gather": Operation(_gather, 1),
    "one_hot": Operation(_one_hot, 1),
    "flip": Operation(lambda x, *n: x.flip(_dim(x, n[0])), 1),
    "roll": Operation(_rotate, 1),
    "cat": Operation(_cat, 2),
    "stack": Operation(lambda x, v, *n: torch.stack([x, _fit(v, x).expand_as(x)], _dim(x, n[0]))[..., :3], 2),
    "clone": Operation(lambda x, *n: x.clone(), 1),
    "zeros_like": Operation(lambda x, *n: torch.zeros_like(x), 1),
    "full": Operation(lambda x, *n: torch.full(x.shape, n[0]), 1),
}

VIEWS: dict[str, Operation] = {
    "slice": Operation(lambda x, *n: x[_index(x, n)], 1),
    "row": Operation(lambda x, *n: x[_row(x, n)] if x.dim() > 1 else x[_index(x, n)], 1),
    "transpose": Operation(lambda x, *n: x.transpose(0, -1), 1),
    "flat": Operation(_flat_view, 1),
    "unsqueeze": Operation(lambda x, *n: x.unsqueeze(0) if x.dim() < 3 else x[0], 1),
    "stride": Operation(lambda x, *n: x[..., ::2], 1),
    "chunk": Operation(lambda x, *n: x.chunk(2, _dim(x, n[0]))[0], 1),
    "detach": Operation(lambda x, *n: x.detach(), 1),
}

WRITES: dict[str, Operation] = {
    "set_slice": Operation(_set_slice, 2, True),
    "set_strided": Operation(_set_strided, 2, True),
    "set_row": Operation(_set_row, 2, True),
    "add_row": Operation(_add_row, 2, True),
    "shift": Operation(_shift, 2, True),
    "through_chunk": Operation(_through_chunk, 2, True),
    "through_unbind": Operation(_through_unbind, 2, True),
    "through_transpose": Operation(_through_transpose, 2, True),
    "masked_value": Operation(_masked_value, 1, True),
    "masked_tensor": Operation(_masked_tensor, 2, True),
    "masked_scale": Operation(_masked_scale, 1, True),
    "row_mask": Operation(_row_mask, 1, True),
    "index_list": Operation(_index_list, 2, True),
    "index_copy": Operation(_index_copy, 2, True),
    "out": Operation(_out, 2, True),
    "foreach": Operation(_foreach, 2, True),
    "add_": Operation(lambda x, v, *n: x.add_(_fit(v, x), alpha=n[0]), 2, True),
    "mul_": Operation(lambda x, *n: x.mul_(n[0]), 1, True),
    "copy_": Operation(lambda x, v, *n: x.copy_(_fit(v, x)), 2, True),
    "fill_": Operation(lambda x, *n: x.fill_(n[0]), 1, True),
    "zero_": Operation(lambda x, *n: x.zero_(), 1, True),
    "clamp_": Operation(lambda x, *n: x.clamp_(-n[0], n[1]), 1, True),
    "masked_fill_": Operation(lambda x, *n: x.masked_fill_(x > n[0], n[1]), 1, True),
    "cumsum_": Operation(lambda x, *n: x.mul_(0.3).cumsum_(_dim(x, n[0])), 1, True),
    "lerp_": Operation(lambda x, v, *n: x.lerp_(_fit(v, x).expand_as(x).clone(), n[0]), 2, True),
}

OPERATIONS: dict[str, Operation] = {**PURE, **VIEWS, **WRITES}
