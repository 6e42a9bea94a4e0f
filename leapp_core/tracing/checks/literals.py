"""Compare and show Python values that calls were given."""

from __future__ import annotations

import math
from typing import Any

import torch


def same_argument(a: Any, b: Any) -> bool:
    """Return whether two Python arguments are the same; NaN is, and generators always are."""
    if isinstance(a, float) and isinstance(b, float) and math.isnan(a) and math.isnan(b):
        return True
    if isinstance(a, torch.Generator):
        return True
    if isinstance(a, torch.ScriptObject):  # has no operators
        return a is b
    return type(a) is type(b) and bool(a == b)


def both_nan(a: torch.Tensor, b: torch.Tensor) -> bool:
    """Return whether two float tensors are equal where NaN equals NaN."""
    return a.is_floating_point() and bool(torch.allclose(a, b, rtol=0, atol=0, equal_nan=True))


def shortened(value: Any) -> str:
    """Return a value as text, cut to what fits a message."""
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
