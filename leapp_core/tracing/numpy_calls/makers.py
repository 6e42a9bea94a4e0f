"""NumPy's array makers while a session is open: what they make of tensors and carried values is carried too."""

from __future__ import annotations

import functools
import sys
from collections import deque
from collections.abc import Callable
from types import FrameType, NoneType
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from leapp_core.tracing.objects.carried import CarriedScalar, Carrier
from leapp_core.tracing.source.callsite import above_hooks, is_installed, is_library

if TYPE_CHECKING:
    from leapp_core.tracing.numpy_calls.recorder import NumpyRecorder

CONVERTERS = ("array", "asarray", "asanyarray", "ascontiguousarray", "asfortranarray")
FILLERS = ("zeros", "ones", "empty", "full")
COUNTERS = ("eye", "identity", "arange", "linspace")
"""Their arrays depend on numbers alone."""


class NumpyMakers:
    """Stands in for ``np.array``, ``np.asarray``, ``np.zeros`` and their kin from :meth:`install` to :meth:`remove`.

    NumPy offers no protocol for these functions: ``np.asarray(tensor)`` and ``buffer = np.zeros(48)`` cannot be seen
    otherwise. Results hold what NumPy gives. Fillers are followed in user code only, not in installed libraries.

    Args:
        recorder: Who records.
    """

    def __init__(self, recorder: NumpyRecorder) -> None:
        self._recorder = recorder
        self._replaced: dict[str, Any] = {}

    def install(self) -> None:
        """Put the stand-ins in place."""
        for name in CONVERTERS:
            self._replace(name, self._converter(name, getattr(np, name)))
        for name in FILLERS:
            self._replace(name, self._filler(name, getattr(np, name)))
        for name in COUNTERS:
            self._replace(name, self._counter(name, getattr(np, name)))

    def remove(self) -> None:
        """Put NumPy's own functions back."""
        while self._replaced:
            setattr(np, *self._replaced.popitem())

    def _replace(self, name: str, function: Callable[..., Any]) -> None:
        self._replaced[name] = getattr(np, name)
        setattr(np, name, function)

    def _converter(self, name: str, original: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(original, assigned=("__name__", "__doc__", "__module__"))
        def convert(*args: Any, **kwargs: Any) -> Any:
            if args and _is_carried(args[0]) and _is_written_out(name, sys._getframe(1)):
                return self._recorder.convert(name, original, args, kwargs)
            made = original(*args, **kwargs)
            if args and type(args[0]) in (list, tuple) and _is_number(args[0]) and _is_users(name, sys._getframe(1)):
                return self._recorder.written_out(name, made)
            return made

        return convert

    def _filler(self, name: str, original: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(original, assigned=("__name__", "__doc__", "__module__"))
        def fill(*args: Any, **kwargs: Any) -> Any:
            made = original(*args, **kwargs)
            value = kwargs.get("fill_value", args[1] if name == "full" and len(args) > 1 else None)
            if _is_carried(value):
                return self._recorder.filled_with(name, made, value)
            return self._recorder.filled(name, made) if _is_users(name, sys._getframe(1)) else made

        return fill

    def _counter(self, name: str, original: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(original, assigned=("__name__", "__doc__", "__module__"))
        def count(*args: Any, **kwargs: Any) -> Any:
            made = original(*args, **kwargs)
            given = [a for a in (*args, *kwargs.values()) if not isinstance(a, (type, np.dtype, str, NoneType))]
            if _is_number(given) and _is_users(name, sys._getframe(1)):
                return self._recorder.written_out(name, made)
            return made

        return count


def _is_users(name: str, frame: FrameType) -> bool:
    """Return whether the user's Python code makes the call, and not an installed library."""
    path = above_hooks(frame).f_code.co_filename
    return not is_installed(path) and not is_library(path) and _is_written_out(name, frame)


def _is_written_out(name: str, frame: FrameType) -> bool:
    """Return whether Python code makes the call; compiled code has no frame, and fills arrays unseen."""
    return name in above_hooks(frame).f_code.co_names


def as_one_tensor(value: Any) -> torch.Tensor:
    """Return nested lists of tensors and numbers as one tensor, as ``np.array`` joins them."""
    if isinstance(value, torch.Tensor):
        return value.clone()
    if isinstance(value, (list, tuple, deque)):
        parts = [as_one_tensor(v) for v in value]
        dtype = functools.reduce(torch.promote_types, [p.dtype for p in parts])
        return torch.stack([p.to(dtype) for p in parts])
    return torch.full((), value, dtype=torch.float64 if isinstance(value, float) else None)


def _is_carried(value: Any) -> bool:
    if isinstance(value, (Carrier, CarriedScalar, torch.Tensor)):
        return True
    return isinstance(value, (list, tuple, deque)) and any(_is_carried(v) for v in value)


def _is_number(value: Any) -> bool:
    """Return whether a value is a number, or nested lists of them."""
    if isinstance(value, (list, tuple)):
        return all(_is_number(v) for v in value)
    return isinstance(value, (bool, int, float)) and not isinstance(value, CarriedScalar)
