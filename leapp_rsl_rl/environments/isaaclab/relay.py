"""Isaac Lab's annotations on their way to the session: noted for targets, with or without a recording."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from leapp_core.spec.semantics import TensorSemantics

if TYPE_CHECKING:
    import torch

    from leapp_core.plugins.policies import Recorder


class AnnotationRelay:
    """Looks like an open capture session to annotations.

    Isaac Lab takes other code paths while a session records (histories shift, camera images skip a fast path). Going
    through a relay always, it takes the same ones in every step.

    Args:
        session: The session that records, if any.

    Attributes:
        targets: Dynamic outputs of the step, by name.
    """

    recording = True

    def __init__(self, session: Recorder | None) -> None:
        self._session = session
        self.targets: dict[str, torch.Tensor] = {}

    def input_tensors(self, node: str, tensors: Any) -> Any:
        """Pass on; see :class:`leapp_core.plugins.policies.Recorder`."""
        return _given(tensors) if self._session is None else self._session.input_tensors(node, tensors)

    def state_tensors(self, node: str, tensors: Mapping[str, Any]) -> Any:
        """Pass on."""
        return _given(tensors) if self._session is None else self._session.state_tensors(node, tensors)

    def update_state(self, node: str, tensors: Mapping[str, Any]) -> Any:
        """Pass on."""
        return _given(tensors) if self._session is None else self._session.update_state(node, tensors)

    def register_buffer(self, node: str, tensors: Mapping[str, Any]) -> Any:
        """Pass on."""
        return _given(tensors) if self._session is None else self._session.register_buffer(node, tensors)

    def module(self, node: str, module: Any, buffer_names: list[str] | None = None) -> Any:
        """Return the module; its names are found without help."""
        del node, buffer_names
        return module

    def output_tensors(
        self,
        node: str,
        tensors: Any,
        static_outputs: Any = None,
        export_with: str | None = None,
        backend_params: Mapping[str, Any] | None = None,
    ) -> Any:
        """Note and pass on; which backend is used is the export's to say."""
        del export_with, backend_params
        self.targets.update(_by_name(tensors))
        if self._session is None:
            return _given(tensors)
        return self._session.output_tensors(node, tensors, static_outputs)


def _by_name(tensors: Any) -> dict[str, Any]:
    if isinstance(tensors, Mapping):
        return dict(tensors)
    given = [tensors] if isinstance(tensors, TensorSemantics) else tensors
    return {semantics.name: semantics.ref for semantics in given}


def _given(tensors: Any) -> Any:
    values = list(_by_name(tensors).values())
    return values[0] if len(values) == 1 else tuple(values)
