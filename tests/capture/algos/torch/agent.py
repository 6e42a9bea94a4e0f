"""As in ``skrl/agents/torch``: an agent that counts, and one that guards."""

from __future__ import annotations

import logging

import torch


class Counting:
    """Changes its gain after some steps."""

    def __init__(self, last: int) -> None:
        self.n, self.last = 0, last

    def act(self, x: torch.Tensor) -> torch.Tensor:
        """Run one step."""
        self.n += 1
        return x * (2.0 if self.n > self.last else 1.0)


class Guarding:
    """Stands still on large readings."""

    def act(self, x: torch.Tensor) -> torch.Tensor:
        """Run one step."""
        if x.sum().item() > 1000:
            return x * 0
        return x * 2


class Reporting:
    """Only logs what it counts."""

    def __init__(self) -> None:
        self.n = 0

    def act(self, x: torch.Tensor) -> torch.Tensor:
        """Run one step."""
        self.n += 1
        if self.n % 1000 == 0:
            logging.getLogger(__name__).info(self.n)
        return x * 2
