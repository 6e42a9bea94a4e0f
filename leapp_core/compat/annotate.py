"""The ``annotate`` object of the ``leapp`` module."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from leapp_core.compat.engine import Engine, static_form
from leapp_core.compat.returns import returned_names
from leapp_core.compat.semantics import core_form, plain_values

if TYPE_CHECKING:
    import torch

F = TypeVar("F", bound=Callable[..., Any])


class Annotate:
    """Annotations that reach the current session; without one they pass their arguments through.

    Args:
        engine: Where the session is.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def input_tensors(self, node_name: str, tensors: Any) -> Any:
        """Declare inputs; return one tensor for one entry, a tuple in order for more."""
        session = self._engine.recording
        return plain_values(tensors) if session is None else session.input_tensors(node_name, core_form(tensors))

    def state_tensors(self, node_name: str, tensors: Mapping[str, torch.Tensor]) -> Any:
        """Declare state that is read; returns as :meth:`input_tensors`."""
        session = self._engine.recording
        return plain_values(tensors) if session is None else session.state_tensors(node_name, tensors)

    def update_state(self, node_name: str, tensors: Mapping[str, torch.Tensor]) -> Any:
        """Declare the next value of state; returns as :meth:`input_tensors`."""
        session = self._engine.recording
        return plain_values(tensors) if session is None else session.update_state(node_name, tensors)

    def output_tensors(
        self,
        node_name: str,
        tensors: Any,
        static_outputs: Any = None,
        export_with: str | None = None,
        backend_params: Mapping[str, Any] | None = None,
    ) -> Any:
        """Declare outputs; returns as :meth:`input_tensors`."""
        session = self._engine.recording
        if session is None:
            return plain_values(tensors)
        static = core_form(static_form(static_outputs))
        return session.output_tensors(node_name, core_form(tensors), static, export_with, backend_params)

    def register_buffer(self, node_name: str, tensors: Mapping[str, torch.Tensor]) -> Any:
        """Name buffers that the node writes in place; returns as :meth:`input_tensors`."""
        session = self._engine.recording
        return plain_values(tensors) if session is None else session.register_buffer(node_name, tensors)

    def module(self, node_name: str, nn_module: Any, buffer_names: list[str] | None = None) -> Any:
        """Name a node's constants and state after a module's; returns the module."""
        session = self._engine.recording
        return nn_module if session is None else session.module(node_name, nn_module, buffer_names)

    def method(
        self,
        node_name: str | None = None,
        export_with: str | None = None,
        backend_params: Mapping[str, Any] | None = None,
    ) -> Callable[[F], F]:
        """Decorate a function whose tensor arguments are inputs and whose results are outputs of a node.

        Outputs are called as in the function's return statement; see :func:`leapp_core.compat.returns.returned_names`.
        """

        def decorate(function: F) -> F:
            @functools.wraps(function)
            def wrapper(*args: Any, **kwargs: Any) -> Any:
                session = self._engine.recording
                if session is None:
                    return function(*args, **kwargs)
                from leapp_core.tracing.decorate import annotate_function
                from leapp_core.tracing.result import BackendChoice

                choice = BackendChoice(export_with, dict(backend_params or {}))
                return annotate_function(session, node_name, choice, returned_names)(function)(*args, **kwargs)

            return wrapper  # type: ignore[return-value]

        return decorate
