"""Python's arithmetic as calls on 0-d tensors: ``int64`` for integers, ``float64`` for floats."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch

Twin = torch.Tensor


def _remainder(a: Twin, b: Twin) -> Twin:
    """Python's ``%``: the sign of the divisor, and exact, which ``a - floor(a / b) * b`` is not."""
    if not a.is_floating_point():
        return torch.remainder(a, b)
    rest = torch.fmod(a, b)
    return torch.where((rest != 0) & ((rest < 0) != (b < 0)), rest + b, rest)


def _floor_divide(a: Twin, b: Twin) -> Twin:
    """Python's ``//``."""
    if not a.is_floating_point():
        return torch.div(a, b, rounding_mode="floor")
    return torch.round((a - _remainder(a, b)) / b)


BINARY: dict[str, Callable[[Twin, Twin], Twin]] = {
    "Add": torch.add,
    "Sub": torch.sub,
    "Mult": torch.mul,
    "Div": torch.div,
    "FloorDiv": _floor_divide,
    "Mod": _remainder,
}
UNARY: dict[str, Callable[[Twin], Twin]] = {"USub": torch.neg, "UAdd": torch.clone}

FUNCTIONS: dict[Any, Callable[..., Twin]] = {
    math.sin: torch.sin,
    math.cos: torch.cos,
    math.tanh: torch.tanh,
    math.sqrt: torch.sqrt,
    math.exp: torch.exp,
    math.fabs: torch.abs,
    math.fmod: torch.fmod,
}
"""Functions of floats whose results are floats."""
TO_INT: dict[Any, Callable[[Twin], Twin]] = {math.floor: torch.floor, math.ceil: torch.ceil, math.trunc: torch.trunc}
LARGEST = 2**53
"""Integers up to here are floats, too."""


def widened(twins: list[Twin], double: bool) -> list[Twin]:
    """Return twins in the type in which Python computes."""
    return [t.to(torch.float64) if double and t.dtype is not torch.float64 else t for t in twins]


def is_equal(found: Any, wanted: Any) -> bool:
    """Return whether a twin's value is Python's, but for the last place of a transcendental function."""
    if isinstance(wanted, float):
        return found == wanted or math.isclose(found, wanted, rel_tol=1e-15) or (found != found and wanted != wanted)
    return bool(found == wanted)
