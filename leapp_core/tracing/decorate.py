"""Make a function a node: its tensor and array arguments are inputs, its results are outputs."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import torch

from leapp_core.tracing.result import BackendChoice

if TYPE_CHECKING:
    from leapp_core.tracing.session import CaptureSession

F = TypeVar("F", bound=Callable[..., Any])


def named_results(function: Callable[..., Any], result: Any) -> Any:
    """Name results ``output`` (one), ``output_0``, ``output_1`` (a tuple) or by their keys (a dict)."""
    del function
    if isinstance(result, Mapping):
        return result
    if isinstance(result, (tuple, list)):
        return {f"output_{i}": t for i, t in enumerate(result)}
    return {"output": result}


def annotate_function(
    session: CaptureSession,
    node: str | None,
    choice: BackendChoice,
    outputs: Callable[[Callable[..., Any], Any], Any] = named_results,
) -> Callable[[F], F]:
    """Return a decorator that declares a function's arguments and results while a session records.

    Args:
        session: The session.
        node: Node name; the function's name by default.
        choice: Backend asked for.
        outputs: Names what the function returns, given it and its result.
    """

    def decorate(function: F) -> F:
        name = node or function.__name__
        signature = inspect.signature(function)

        @functools.wraps(function)
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            if not session.recording:
                return function(*args, **kwargs)
            bound = signature.bind(*args, **kwargs)
            declared = {k: v for k, v in bound.arguments.items() if _holds_tensors(v)}
            session.input_tensors(name, declared)
            bound.arguments.update(declared)  # arrays have been exchanged for ones that report what is done to them
            result = function(*bound.args, **bound.kwargs)
            session.output_tensors(name, outputs(function, result), None, choice.name, choice.options)
            return result

        return wrapper  # type: ignore[return-value]

    return decorate


def _holds_tensors(value: Any) -> bool:
    if isinstance(value, Mapping):
        return bool(value) and all(_holds_tensors(v) for v in value.values())
    if isinstance(value, (list, tuple)):
        return bool(value) and all(_holds_tensors(v) for v in value)
    return isinstance(value, (torch.Tensor, np.ndarray, np.generic))
