"""mjlab's history and delay buffers, rewritten without Python state.

mjlab keeps the write position of a history buffer in a Python integer, which no recording of tensor computations can
see: the exported policy would write to one slot for ever. The buffers here hold the same frames oldest first and
shift them, so that everything they remember is in tensors. :func:`replace_buffers` puts them into an environment.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch


class ShiftingHistory:
    """The last ``max_len`` frames, oldest first; drop-in for ``mjlab.utils.buffers.CircularBuffer``.

    Args:
        max_len: Frames kept.
        batch_size: Environments.
        device: Torch device string.
    """

    def __init__(self, max_len: int, batch_size: int, device: str) -> None:
        import torch

        self._max_len = max_len
        self._device = device
        self._frames: torch.Tensor | None = None  # [max_len, batch, ...]
        self._pushes = torch.zeros(batch_size, dtype=torch.long, device=device)

    @property
    def max_length(self) -> int:
        """Frames kept."""
        return self._max_len

    @property
    def is_initialized(self) -> bool:
        """Whether a frame was ever appended."""
        return self._frames is not None

    @property
    def current_length(self) -> torch.Tensor:
        """Valid frames per environment, ``[batch]``."""
        return self._pushes.clamp(max=self._max_len)

    @property
    def state(self) -> dict[str, torch.Tensor]:
        """What the history remembers, by what it is: ``frames`` (once there are some) and ``count``."""
        frames = {} if self._frames is None else {"frames": self._frames}
        return {**frames, "count": self._pushes}

    @property
    def buffer(self) -> torch.Tensor:
        """Frames oldest first, ``[batch, max_len, ...]``, a copy."""
        return self._held().transpose(0, 1).clone()

    @property
    def oldest(self) -> torch.Tensor:
        """The oldest frame, ``[batch, ...]``, a copy."""
        return self._held()[0].clone()

    def append(self, data: torch.Tensor) -> None:
        """Add a frame ``[batch, ...]``; the first one after a reset fills the whole history of its environment."""
        import torch

        data = data.to(self._device)
        if self._frames is None:
            self._frames = torch.zeros((self._max_len, *data.shape), dtype=data.dtype, device=self._device)
        first = (self._pushes == 0).view(1, -1, *([1] * (data.ndim - 1)))
        shifted = torch.cat([self._frames[1:], data.unsqueeze(0)])
        self._frames.copy_(torch.where(first, data.unsqueeze(0), shifted))
        self._pushes.add_(1)

    def backfill(self, data: torch.Tensor, batch_ids: torch.Tensor) -> None:
        """Fill the whole history of some environments with their frame in ``data``, without advancing time."""
        self._held()[:, batch_ids] = data.to(self._device)[batch_ids].unsqueeze(0)
        self._pushes[batch_ids] = 1

    def reset(self, batch_ids: Any = None) -> None:
        """Forget the frames of some environments, or of all."""
        ids = slice(None) if batch_ids is None else batch_ids
        self._pushes[ids] = 0
        if self._frames is not None:
            self._frames[:, ids] = 0.0

    def _held(self) -> torch.Tensor:
        if self._frames is None:
            raise RuntimeError("the history is empty: append a frame first")
        return self._frames


class FixedDelay:
    """Serves the frame of ``lag`` steps ago; drop-in for ``mjlab.utils.buffers.DelayBuffer`` with a constant lag."""

    def __init__(self, lag: int, batch_size: int, device: str) -> None:
        self._history = ShiftingHistory(lag + 1, batch_size, device)

    @property
    def state(self) -> dict[str, torch.Tensor]:
        """See :attr:`ShiftingHistory.state`."""
        return self._history.state

    @property
    def is_initialized(self) -> bool:
        """Whether a frame was ever appended."""
        return self._history.is_initialized

    def append(self, data: torch.Tensor) -> None:
        """Add the frame of this step."""
        self._history.append(data)

    def backfill(self, data: torch.Tensor, batch_ids: torch.Tensor) -> None:
        """See :meth:`ShiftingHistory.backfill`."""
        self._history.backfill(data, batch_ids)

    def compute(self) -> torch.Tensor:
        """Return the delayed frame."""
        return self._history.oldest

    def peek(self) -> torch.Tensor:
        """Return the delayed frame."""
        return self._history.oldest

    def reset(self, batch_ids: Any = None) -> None:
        """See :meth:`ShiftingHistory.reset`."""
        if isinstance(batch_ids, slice):
            batch_ids = None
        self._history.reset(batch_ids)


@dataclass(frozen=True)
class ReplacedBuffers:
    """The buffers put into an observation manager.

    Attributes:
        buffers: By name: ``history_<group>_<term>`` or ``delay_<group>_<term>``.
        notes: One line per buffer.
    """

    buffers: Mapping[str, ShiftingHistory | FixedDelay]
    notes: tuple[str, ...]

    def state(self) -> dict[str, torch.Tensor]:
        """Return all that the buffers remember, by name."""
        return {f"{name}_{part}": t for name, buffer in self.buffers.items() for part, t in buffer.state.items()}


def replace_buffers(manager: Any, num_envs: int, device: str) -> ReplacedBuffers:
    """Replace the history and delay buffers of an observation manager.

    Args:
        manager: mjlab's ``ObservationManager``; delays must have one fixed lag (see ``config``).
        num_envs: Environments.
        device: Torch device string.
    """
    replaced: dict[str, ShiftingHistory | FixedDelay] = {}
    notes = []
    for group, buffers in manager._group_obs_term_history_buffer.items():
        for term, buffer in buffers.items():
            buffers[term] = replaced[f"history_{group}_{term}"] = ShiftingHistory(buffer.max_length, num_envs, device)
            notes.append(f"history of observation {group}/{term} ({buffer.max_length} steps) is kept in tensors only")
    for group, delays in manager._group_obs_term_delay_buffer.items():
        for term, delay in delays.items():
            delays[term] = replaced[f"delay_{group}_{term}"] = FixedDelay(delay.max_lag, num_envs, device)
            notes.append(f"delay of observation {group}/{term} ({delay.max_lag} steps) is kept in tensors only")
    return ReplacedBuffers(replaced, tuple(notes))
