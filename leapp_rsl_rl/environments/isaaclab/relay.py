"""Isaac Lab's annotations on their way to the session: noted for targets, with or without a recording."""

from __future__ import annotations

from collections.abc import Callable, Mapping
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
        observed: Readings that the observations were made from which the policy acts on first.
        static: Given static outputs as Isaac Lab declares them, returns them as they are to be recorded.
        described: Given semantics as Isaac Lab declares them, returns them with what else is known of them.

    Attributes:
        targets: Dynamic outputs of the step, by name.
        shown: Readings that these targets were made from, by name; copies, of steps that are not recorded.
        readings: Those declared after the targets, for the step that comes next.
    """

    recording = True

    def __init__(
        self,
        session: Recorder | None,
        observed: Mapping[str, torch.Tensor],
        static: Callable[[Any], Any] = lambda outputs: outputs,
        described: Callable[[Any], Any] = lambda tensors: tensors,
    ) -> None:
        self._session, self._static, self._described = session, static, described
        self.targets: dict[str, torch.Tensor] = {}
        self.shown: Mapping[str, torch.Tensor] = {}
        self.readings = dict(observed)

    def input_tensors(self, node: str, tensors: Any) -> Any:
        """Pass on; see :class:`leapp_core.plugins.policies.Recorder`."""
        if self._session is not None:
            return self._session.input_tensors(node, self._described(tensors))
        self.readings.update(_copies(tensors))
        return _given(tensors)

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
        self.shown, self.readings = self.readings, {}
        if self._session is None:
            return _given(tensors)
        targets = self._described(tensors)
        return self._session.output_tensors(node, targets, static_outputs and self._static(static_outputs))


def _by_name(tensors: Any) -> dict[str, Any]:
    if isinstance(tensors, Mapping):
        return dict(tensors)
    given = [tensors] if isinstance(tensors, TensorSemantics) else tensors
    return {semantics.name: semantics.ref for semantics in given}


def _copies(tensors: Any) -> dict[str, torch.Tensor]:
    """Return readings as they are now: they are the simulator's memory, which the next step overwrites."""
    return {name: value.detach().clone() for name, value in _by_name(tensors).items() if hasattr(value, "detach")}


def _given(tensors: Any) -> Any:
    values = list(_by_name(tensors).values())
    return values[0] if len(values) == 1 else tuple(values)
