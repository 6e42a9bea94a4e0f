"""Attention modules pick another kernel when a function mode is active; here they run as they do without a session."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import torch
from torch.overrides import TorchFunctionMode, _get_current_function_mode, _pop_mode, _push_mode

from leapp_core.tracing.record.storage import tensors_of

if TYPE_CHECKING:
    from leapp_core.tracing.record.recorder import TraceRecorder

FUSED: tuple[Any, ...] = (torch.nn.MultiheadAttention, torch.nn.TransformerEncoderLayer, torch.nn.TransformerEncoder)
"""Modules that have one kernel for inference, which they leave alone while any function mode is active."""


class FusedAttention:
    """Runs attention modules twice: unrecorded and out of the mode for the user, then recorded as ordinary calls.

    The user gets the bits of the fused kernel, which no exporter knows; the record says that the result holds what
    the ordinary calls compute. Both agree to rounding, and replay of the captured steps proves it.

    Args:
        recorder: The record.
        mode: The session's function mode.
    """

    def __init__(self, recorder: TraceRecorder, mode: TorchFunctionMode) -> None:
        self._recorder = recorder
        self._mode = mode
        self._recording = False

    def install(self) -> None:
        """Stand in for the call of these classes. Hooks on all modules would slow every call of every module."""
        for kind in FUSED:
            kind.__call__ = self._stand_in(kind.__call__)

    def remove(self) -> None:
        """Give the classes back the call they inherit."""
        for kind in FUSED:
            if "__call__" in vars(kind):
                del kind.__call__

    def _stand_in(self, original: Callable[..., Any]) -> Callable[..., Any]:
        def call(module: torch.nn.Module, *args: Any, **kwargs: Any) -> Any:
            if self._recorder.idle or self._recording or type(module) not in FUSED or not self._may_fuse(module, args):
                return original(module, *args, **kwargs)
            with self._unrecorded():
                output = original(module, *args, **kwargs)
            with self._as_ordinary_calls():
                twin = type(module).forward(module, *args, **kwargs)
                if isinstance(module, torch.nn.TransformerEncoder):
                    twin = _without_padding(module, twin, args, kwargs)
            self._explain(output, twin)
            return output

        return call

    @contextmanager
    def _unrecorded(self) -> Iterator[None]:
        self._recorder.idle = True
        _pop_mode()  # type: ignore[no-untyped-call]
        try:
            yield
        finally:
            _push_mode(self._mode)  # type: ignore[no-untyped-call]
            self._recorder.idle = False

    def _may_fuse(self, module: torch.nn.Module, args: tuple[Any, ...]) -> bool:
        if module.training or (torch.is_grad_enabled() and self._gradients_flow(module, args)):
            return False
        if _get_current_function_mode() is not self._mode:  # type: ignore[no-untyped-call]
            return False
        return not any(m._forward_hooks or m._forward_pre_hooks for m in module.modules())

    def _gradients_flow(self, module: torch.nn.Module, args: tuple[Any, ...]) -> bool:
        """Return whether an argument may require gradients without a session; within one, no result does."""
        tensors = (*module.parameters(), *tensors_of(args), *self._recorder.held_tensors())
        return any(t.requires_grad for t in tensors)

    @contextmanager
    def _as_ordinary_calls(self) -> Iterator[None]:
        self._recording = True
        try:
            yield
        finally:
            self._recording = False

    def _explain(self, output: Any, twin: Any) -> None:
        if isinstance(output, tuple):
            for mine, its in zip(output, twin, strict=True):
                self._explain(mine, its)
        elif isinstance(output, torch.Tensor) and self._recorder.storage_number(output) < 0:
            frame = sys._getframe(2)
            self._recorder.add_done(
                torch.ops.aten._to_copy.default, (twin,), {"dtype": output.dtype}, output, frame, True
            )


def _without_padding(
    encoder: torch.nn.TransformerEncoder, output: torch.Tensor, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> torch.Tensor:
    """Zero padded places as the encoder does where it leaves them out of the computation."""
    mask = kwargs.get("mask", args[1] if len(args) > 1 else None)
    padding = kwargs.get("src_key_padding_mask", args[2] if len(args) > 2 else None)
    if padding is None or mask is not None or not getattr(encoder, "use_nested_tensor", False):
        return output
    if output.dim() != 3 or not torch.backends.mha.get_fastpath_enabled():
        return output
    padded = padding if padding.dtype == torch.bool else padding != 0
    if encoder.mask_check and bool((padded[:, :-1] & ~padded[:, 1:]).any()):  # a place after padding: not left aligned
        return output
    return output.masked_fill(padded.unsqueeze(-1), 0.0)
