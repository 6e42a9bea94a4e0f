"""Buffers that carry observations from one step to the next.

Both buffers keep their whole state in tensors and move frames by shifting, never by a Python index, and note in a
tensor which environments were just reset. For a history of three, after a reset and the frames ``a`` and ``b``::

    reset          -> fresh
    push(a)        -> [a, a, a]      the first frame fills the history, no zeros the policy never trained on
    push(b)        -> [a, a, b]      oldest first
"""

from __future__ import annotations

import torch


class HistoryBuffer:
    """The last ``length`` frames of a signal, oldest first."""

    def __init__(self, num_envs: int, length: int, width: int, device: torch.device) -> None:
        """Allocate the buffer with every environment marked as just reset.

        Args:
            num_envs: Number of environments.
            length: Number of frames to keep, at least one.
            width: Elements of one frame.
            device: Device of the buffer.

        Raises:
            ValueError: If ``length`` is less than one.
        """
        if length < 1:
            raise ValueError(f"a history needs a length of at least 1, got {length}")
        self._frames = torch.zeros(num_envs, length, width, device=device)
        self._fresh = torch.ones(num_envs, dtype=torch.bool, device=device)

    @property
    def frames(self) -> torch.Tensor:
        """Frames, oldest first. Shape: (num_envs, length, width)."""
        return self._frames

    def state(self) -> dict[str, torch.Tensor]:
        """Return the tensors that are carried from step to step, by name."""
        return {"frames": self._frames, "is_fresh": self._fresh}

    def push(self, frame: torch.Tensor) -> None:
        """Append ``frame`` and drop the oldest one; fill the history of environments that were just reset.

        Args:
            frame: The new frame. Shape: (num_envs, width).
        """
        shifted = torch.roll(self._frames, shifts=-1, dims=1)
        shifted[:, -1] = frame
        filled = frame.unsqueeze(1).expand_as(self._frames)
        self._frames[:] = torch.where(self._fresh[:, None, None], filled, shifted)
        self._fresh[:] = False

    def reset(self, env_ids: torch.Tensor) -> None:
        """Clear the history of ``env_ids`` and let the next frame fill it."""
        self._frames[env_ids] = 0.0
        self._fresh[env_ids] = True


class DelayBuffer:
    """A signal seen a fixed number of steps late."""

    def __init__(self, num_envs: int, steps: int, width: int, device: torch.device) -> None:
        """Allocate a delay of ``steps`` policy steps for a signal of ``width`` elements."""
        self._history = HistoryBuffer(num_envs, steps + 1, width, device)

    def state(self) -> dict[str, torch.Tensor]:
        """Return the tensors that are carried from step to step, by name."""
        return self._history.state()

    def push(self, frame: torch.Tensor) -> torch.Tensor:
        """Take in ``frame`` and return the one from ``steps`` pushes ago (the first since a reset, if fewer).

        Args:
            frame: The new frame. Shape: (num_envs, width).
        """
        self._history.push(frame)
        return self._history.frames[:, 0]

    def reset(self, env_ids: torch.Tensor) -> None:
        """Forget the frames of ``env_ids``."""
        self._history.reset(env_ids)
