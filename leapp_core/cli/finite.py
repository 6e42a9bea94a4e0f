"""Tells of NaN and infinities, which most policies turn into NaN and say nothing about."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np


class FiniteWatch:
    """Passes values of control steps on and remembers what was not finite among them.

    Attributes:
        found: Name to the first step (from 0) in which it held NaN or an infinity.
    """

    def __init__(self) -> None:
        self.found: dict[str, int] = {}

    def __call__(self, steps: Iterable[dict[str, np.ndarray[Any, Any]]]) -> Iterator[dict[str, np.ndarray[Any, Any]]]:
        """Yield the same values, looked at."""
        import numpy as np

        for number, given in enumerate(steps):
            for name, value in given.items():
                array = np.asarray(value)
                fractions = array.dtype.kind in "fc" or array.dtype.name == "bfloat16"
                if fractions and not np.isfinite(array).all():
                    self.found.setdefault(name, number)
            yield given

    def notes(self) -> Iterator[str]:
        """Yield what to say of it."""
        for name, step in self.found.items():
            yield f"input {name!r} holds NaN or an infinity, first in step {step}; --check-finite refuses such inputs"
