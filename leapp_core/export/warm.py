"""Say which state a bundle begins with that no program begins with: its recording began on a running one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch

    from leapp_core.tracing.result import CapturedPipeline

_SHOWN = 4


def warm_states(captured: CapturedPipeline) -> Iterator[str]:
    """Yield a note for each state whose first value is not round.

    Zeros, ones and their negatives are (cleared memory, a flag, a unit quaternion), and so is one quarter or half
    everywhere. Anything else may be meant (a default posture), or be where a running robot happened to be.
    """
    for edge in captured.spec.feedback:
        value = captured.initial_values.get(edge.target)
        if value is not None and not is_round(value):
            state = edge.target.port.removesuffix("_in")
            yield (
                f"state {state!r} of node {edge.target.node!r} begins with {_shown(value)}, as the recording; if it "
                "began on a running program, so does the bundle: open the session right after a reset"
            )


def is_round(value: torch.Tensor) -> bool:
    """Return whether a state may well begin with a value in an ordinary program."""
    if not value.numel() or value.dtype.is_complex:
        return True
    plain = value.detach().double()
    if bool((plain.abs() * (plain.abs() - 1.0) == 0.0).all()):
        return True
    first = plain.reshape(-1)[0]
    return value.is_floating_point() and bool((plain == first).all()) and bool((first * 4.0).round() == first * 4.0)


def _shown(value: torch.Tensor) -> str:
    flat: list[Any] = value.detach().reshape(-1)[:_SHOWN].tolist()
    text = ", ".join(f"{item:g}" for item in flat)
    return text if value.numel() <= _SHOWN else f"{text}, ... ({value.numel()} numbers)"
