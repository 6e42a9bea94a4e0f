"""Operands of NumPy's calls as tensors and numbers that PyTorch's twins take."""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import torch

from leapp_core.tracing.numpy_calls.memory import NumpyMemory, torch_dtype
from leapp_core.tracing.numpy_calls.plain_terms import PlainTerms
from leapp_core.tracing.objects.carried import Array, CarriedScalar, Carrier, plain, plain_all
from leapp_core.tracing.record.recorder import TraceRecorder
from leapp_core.tracing.source.array_literals import is_literal


class Operands:
    """Turns arrays into tensors over their memory.

    Args:
        recorder: The record.
        memory: Memory shared with NumPy.
        carry: Makes an array one whose calls are recorded.
    """

    def __init__(self, recorder: TraceRecorder, memory: NumpyMemory, carry: Callable[[Array], Carrier]) -> None:
        self._recorder = recorder
        self._memory = memory
        self._carry = carry
        self._terms = PlainTerms()

    def of_loop(self, ufunc: np.ufunc, inputs: Sequence[Any], kwargs: Mapping[str, Any]) -> list[Any]:
        """Return operands in the dtype in which NumPy computes."""
        given = [
            x if isinstance(x, (int, float, complex, np.generic, np.ndarray)) else self.argument(x) for x in inputs
        ]
        kinds = [_kind(x) for x in given]
        loop = ufunc.resolve_dtypes((*kinds, *[None] * ufunc.nout), casting=kwargs.get("casting", "same_kind"))
        forced = kwargs.get("dtype")
        dtypes = [torch_dtype(np.dtype(forced) if forced is not None else d) for d in loop]
        return [self.operand(x, dtype) for x, dtype in zip(given, dtypes, strict=False)]

    def operand(self, value: Any, dtype: torch.dtype | None = None) -> Any:
        """Return a tensor for arrays and carried scalars, a number for numbers."""
        if isinstance(value, CarriedScalar):
            tensor = value._value
        elif isinstance(value, np.ndarray):
            tensor = self.read(value.view(np.ndarray))
        elif isinstance(value, (torch.Tensor, list, tuple)):
            tensor = self.argument(value)
            tensor = torch.as_tensor(tensor) if not isinstance(tensor, torch.Tensor) else tensor
        elif isinstance(value, np.generic):
            return value.item()
        else:
            return value
        return tensor if dtype is None or tensor.dtype == dtype else tensor.to(dtype)

    def argument(self, value: Any) -> Any:
        """Return an argument as PyTorch's twin of a function takes it."""
        if isinstance(value, (Carrier, CarriedScalar, np.ndarray)):
            return self.operand(value)
        if isinstance(value, deque):
            return [self.argument(v) for v in value]
        if isinstance(value, (list, tuple)):
            return type(value)([self.argument(v) for v in value]) if not hasattr(value, "_fields") else value
        if isinstance(value, np.generic):
            return value.item()
        if isinstance(value, np.dtype) or (isinstance(value, type) and issubclass(value, np.generic)):
            import torch._numpy as tnp

            return getattr(tnp, np.dtype(value).name)
        return value

    def read(self, array: Array) -> torch.Tensor:
        """Return a tensor with an array's elements.

        An array written out in the user's code is a literal; one that arrays give each other there is computed again.
        """
        literal = again = None
        if not self._memory.knows(array):
            literal = is_literal(array, self._recorder.sites, sys._getframe(1))
            again = None if literal else self._terms.again(array, sys._getframe(1), self._carry)
        if again is not None:
            value = self._memory.read(again)
            if value is not None:
                self._memory.made(array, value)
        tensor = self._memory.read(array)
        if tensor is None:
            raise TypeError(f"PyTorch has no dtype {array.dtype}")
        if literal:
            self._recorder.mark_literal(tensor)
        return tensor


def is_basic(key: Any) -> bool:
    """Return whether an index gives a view: numbers, slices, None and the ellipsis only."""
    parts = key if isinstance(key, tuple) else (key,)
    return all(
        p is None or p is ... or isinstance(p, (slice, np.integer)) or (isinstance(p, int) and not isinstance(p, bool))
        for p in parts
    )


def plain_key(key: Any) -> Any:
    """Return an index with NumPy's own arrays and scalars."""
    return tuple(plain_all(list(key))) if isinstance(key, tuple) else plain_all(key)


def _kind(value: Any) -> Any:
    if isinstance(value, bool):
        return np.dtype(bool)
    if isinstance(value, (int, float, complex)) and not isinstance(value, np.generic):
        return type(value)
    if isinstance(value, torch.Tensor):
        return np.dtype(str(value.dtype).removeprefix("torch."))
    return np.asarray(plain(value)).dtype


def wrapped(tensor: torch.Tensor) -> Any:
    """Return a tensor as PyTorch's own NumPy array."""
    import torch._numpy as tnp

    return tnp.ndarray(tensor)  # type: ignore[attr-defined, no-untyped-call]
