"""Python's arithmetic as calls on 0-d tensors: ``int64`` for integers, ``float64`` for floats.

Each function takes twins. Whole numbers may stay numbers beside a twin; floats are 0-d tensors too, for exporters take
a float beside a ``float64`` tensor for a ``float32``.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import torch

Equivalent = Callable[..., torch.Tensor]
LARGEST = 2**53
"""Integers up to here are floats, too."""


def tensor(value: Any, like: torch.Tensor) -> torch.Tensor:
    """Return a number as a twin; twins as they are."""
    if isinstance(value, torch.Tensor):
        return value
    return torch.tensor(value, dtype=like.dtype, device="cpu")


def from_begin(at: torch.Tensor, size: int) -> torch.Tensor:
    """Return where an index points, which may count from the end, counted from the beginning."""
    return torch.where(at < 0, at + size, at)


def row_at(rows: torch.Tensor, at: torch.Tensor) -> torch.Tensor:
    """Return a number of several, at an index that may count from the end."""
    return rows.index_select(0, from_begin(at, len(rows)).reshape(1)).reshape(())


def _both(a: Any, b: Any) -> tuple[torch.Tensor, torch.Tensor]:
    like = a if isinstance(a, torch.Tensor) else b
    return tensor(a, like), tensor(b, like)


def _subtract(a: Any, b: Any) -> torch.Tensor:
    return torch.sub(tensor(a, b) if not isinstance(a, torch.Tensor) else a, b)


def _multiply(a: Any, b: Any) -> torch.Tensor:
    return torch.mul(a, b) if isinstance(a, torch.Tensor) else torch.mul(b, a)


def _add(a: Any, b: Any) -> torch.Tensor:
    return torch.add(a, b) if isinstance(a, torch.Tensor) else torch.add(b, a)


def _divide(a: Any, b: Any) -> torch.Tensor:
    return torch.div(*_both(a, b))


def _remainder(a: Any, b: Any) -> torch.Tensor:
    """Python's ``%``: the sign of the divisor, and exact, which ``a - floor(a / b) * b`` is not."""
    a, b = _both(a, b) if not isinstance(a, torch.Tensor) else (a, b)
    if not a.is_floating_point():
        return torch.remainder(a, b)
    rest = torch.fmod(a, b)
    return torch.where((rest != 0) & ((rest < 0) != (b < 0)), rest + b, rest)


def positive_remainder(a: Any, b: Any) -> torch.Tensor:
    """Python's ``%`` of floats for a divisor that is above zero."""
    rest = torch.fmod(a, b)
    return torch.where(rest < 0, rest + b, torch.abs(rest))


def positive_floor_divide(a: Any, b: Any) -> torch.Tensor:
    """Python's ``//`` of floats for a divisor that is above zero."""
    return torch.round(torch.div(torch.sub(a, positive_remainder(a, b)), b))


def _floor_divide(a: Any, b: Any) -> torch.Tensor:
    """Python's ``//``."""
    like = a if isinstance(a, torch.Tensor) else b
    if not like.is_floating_point():
        return torch.div(*_both(a, b), rounding_mode="floor")
    return torch.round(_divide(_subtract(a, _remainder(a, b)), b))


def _power(a: Any, b: Any) -> torch.Tensor:
    return torch.pow(*_both(a, b))


BINARY: dict[str, Equivalent] = {
    "Add": _add,
    "Sub": _subtract,
    "Mult": _multiply,
    "Div": _divide,
    "FloorDiv": _floor_divide,
    "Mod": _remainder,
    "Pow": _power,
}
OF_POSITIVE: dict[str, Equivalent] = {"Mod": positive_remainder, "FloorDiv": positive_floor_divide}
"""The same for floats by a number above zero."""
MAY_RAISE = frozenset({"Div", "FloorDiv", "Mod", "Pow"})


def _comparing(compare: Equivalent) -> Equivalent:
    return lambda a, b: compare(*_both(a, b))


COMPARE: dict[str, Equivalent] = {
    "Lt": _comparing(torch.lt),
    "LtE": _comparing(torch.le),
    "Gt": _comparing(torch.gt),
    "GtE": _comparing(torch.ge),
    "Eq": _comparing(torch.eq),
    "NotEq": _comparing(torch.ne),
}
UNARY: dict[str, Equivalent] = {"USub": torch.neg}
STEPS = frozenset({"FloorDiv", "Mod"})
"""Operators whose result jumps: a last digit decides."""
_LARGEST_EXPONENT = 3


def has_power(base: Any, exponent: Any, followed: tuple[bool, bool]) -> bool:
    """Return whether a power stays a power of one type: Python's integers become floats, and those complex numbers.

    Args:
        base: Its value.
        exponent: Its value.
        followed: Which of both may be another number in another step.
    """
    if followed[1]:
        return not followed[0] and isinstance(base, float) and base > 0
    if isinstance(base, int) and isinstance(exponent, int):
        return 0 <= exponent <= _LARGEST_EXPONENT
    return float(exponent).is_integer()


def _smaller(a: Any, b: Any) -> torch.Tensor:
    a, b = _both(a, b)
    return torch.where(b < a, b, a) if a.is_floating_point() else torch.minimum(a, b)


def _larger(a: Any, b: Any) -> torch.Tensor:
    a, b = _both(a, b)
    return torch.where(b > a, b, a) if a.is_floating_point() else torch.maximum(a, b)


EXTREMES: dict[Any, Equivalent] = {min: _smaller, max: _larger}


def clip(a: Any, least: Any, most: Any) -> torch.Tensor:
    """NumPy's ``clip`` of a float."""
    return torch.minimum(torch.maximum(*_both(a, least)), tensor(most, a if isinstance(a, torch.Tensor) else least))


NUMPY_EXTREMES: dict[Any, Equivalent] = {
    np.minimum: lambda a, b: torch.minimum(*_both(a, b)),
    np.maximum: lambda a, b: torch.maximum(*_both(a, b)),
}

OF_FLOATS: dict[Any, Equivalent] = {
    math.sin: torch.sin,
    math.cos: torch.cos,
    math.tan: torch.tan,
    math.tanh: torch.tanh,
    math.atan: torch.atan,
    math.atan2: lambda a, b: torch.atan2(*_both(a, b)),
    math.sqrt: torch.sqrt,
    math.exp: torch.exp,
    math.log: torch.log,
    math.fabs: torch.abs,
    math.asin: torch.asin,
    math.acos: torch.acos,
    np.sin: torch.sin,
    np.cos: torch.cos,
    np.tanh: torch.tanh,
    np.exp: torch.exp,
    np.sqrt: torch.sqrt,
    np.abs: torch.abs,
}
"""Functions whose arguments are taken as floats and whose results are floats."""
GROWING = frozenset({math.exp, np.exp})
"""Those that make a large number of a small one."""
EXACT = frozenset({math.sqrt, math.fabs, np.sqrt, np.abs})
"""Those whose result is the same everywhere."""
NEVER_RAISE = frozenset({math.fabs, math.atan, math.atan2, math.tanh, np.sin, np.cos, np.tanh, np.exp, np.sqrt, np.abs})


def _whole(a: torch.Tensor) -> torch.Tensor:
    return torch.trunc(a).to(torch.int64) if a.is_floating_point() else a


TO_INT: dict[Any, Equivalent] = {
    math.floor: lambda a: torch.floor(a).to(torch.int64) if a.is_floating_point() else a,
    math.ceil: lambda a: torch.ceil(a).to(torch.int64) if a.is_floating_point() else a,
    math.trunc: _whole,
    int: _whole,
    round: lambda a: torch.round(a).to(torch.int64) if a.is_floating_point() else a,
}
"""Functions of one number whose results are whole numbers."""
