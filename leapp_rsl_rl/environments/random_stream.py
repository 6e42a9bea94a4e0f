"""A random stream of one's own, so that two simulators stepping in turns draw as if each were alone."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


class RandomStream:
    """The states of the Python, NumPy and PyTorch generators of one simulator.

    Simulators draw from the process-wide generators. Stepping two of them in turns would let each disturb the other;
    inside :meth:`active` the generators continue where this stream left them, and afterwards everybody else's
    continue where they were.
    """

    def __init__(self) -> None:
        self._states: tuple[Any, ...] | None = None

    @contextmanager
    def active(self) -> Iterator[None]:
        """Use this stream's generators within the block; it starts from the current ones at first use."""
        outside = _capture()
        if self._states is not None:
            _restore(self._states)
        try:
            yield
        finally:
            self._states = _capture()
            _restore(outside)


def _capture() -> tuple[Any, ...]:
    import numpy as np
    import torch

    cuda = torch.cuda.get_rng_state_all() if torch.cuda.is_available() else []
    return random.getstate(), np.random.get_state(), torch.get_rng_state(), cuda


def _restore(states: tuple[Any, ...]) -> None:
    import numpy as np
    import torch

    random.setstate(states[0])
    np.random.set_state(states[1])
    torch.set_rng_state(states[2])
    if states[3]:
        torch.cuda.set_rng_state_all(states[3])
