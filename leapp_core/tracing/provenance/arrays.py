"""Followed numbers that meet NumPy's arrays: they become scalars that carry the twin."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from typing import Any

import numpy as np
import torch

from leapp_core.tracing.objects.carried import CarriedScalar, Carrier, wrap_scalar
from leapp_core.tracing.provenance.twins import Twins
from leapp_core.tracing.provenance.values import NUMERIC, Traced, TracedDouble, TracedInt
from leapp_core.tracing.source.static import Kinds, is_a

_TORCH = {
    np.dtype(np.float32): torch.float32, np.dtype(np.float64): torch.float64, np.dtype(np.int64): torch.int64,
    np.dtype(np.int32): torch.int32,
}  # fmt: skip
_SEQUENCES = Kinds(list, tuple, deque)
_DEEPEST = 3


def is_array(value: Any) -> bool:
    """Return whether a value is an array or scalar of NumPy's that is recorded."""
    return is_a(value, Carrier, CarriedScalar)


class ArrayNumbers:
    """Makes scalars of NumPy's of followed numbers.

    Args:
        twins: Computes twins.
    """

    def __init__(self, twins: Twins) -> None:
        self._twins = twins

    def beside(self, values: Iterable[Any]) -> list[Any]:
        """Return values with scalars in the place of followed numbers, if one of the others is an array."""
        given = list(values)
        array = next((v for v in given if is_array(v)), None)
        return given if array is None else [self.scalar(v, array) if type(v) in NUMERIC else v for v in given]

    def inside(self, value: Any, array: Any, depth: int = _DEEPEST) -> Any:
        """Return a list or tuple with scalars in the place of followed numbers.

        Args:
            value: Any value.
            array: An array of the session.
            depth: How many lists are looked into.
        """
        if type(value) in NUMERIC:
            return self._made(value, np.dtype(np.int64 if type(value) is TracedInt else np.float64), array)
        if type(value) in _SEQUENCES and depth:
            return type(value)(self.inside(v, array, depth - 1) for v in value)
        return value

    def scalar(self, number: Traced, array: Any) -> Any:
        """Return a scalar that computes with an array as the number does: a Python number takes the array's type."""
        kind: np.dtype[Any] = array.dtype
        own: np.dtype[Any] = np.dtype(np.int64 if type(number) is TracedInt else np.float64)
        weak = type(number) is not TracedDouble and kind.kind != "b" and (kind.kind == "f" or own.kind == kind.kind)
        return self._made(number, kind if weak else own, array)

    def index(self, key: Any, array: Any) -> Any:
        """Return an index of an array: a whole number is a scalar that carries its twin."""
        return self._made(key, np.dtype(np.int64), array) if type(key) is TracedInt else key

    def _made(self, number: Traced, kind: np.dtype[Any], array: Any) -> Any:
        if kind not in _TORCH or number.mixed:
            return number
        twin = number.twin
        if twin.dtype is not _TORCH[kind]:
            twin = self._twins.compute(twin.to, _TORCH[kind])
        self._twins.promote()
        made = wrap_scalar(kind.type(number.plain), twin, array._numpy)
        return number if made is None else made
