"""A loop in a function: when its session is compiled, nothing but the session is left of it."""

from __future__ import annotations

import gc
import itertools
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import torch

import leapp_core
from leapp_core.errors import CaptureError
from leapp_core.runtime import load


class Counts:
    def __init__(self) -> None:
        self.n = 0

    def step(self, x: torch.Tensor) -> torch.Tensor:
        self.n += 1
        return x * 0 if self.n > 20 else x


class CountsInAList:
    def __init__(self) -> None:
        self.n = [0]

    def step(self, x: torch.Tensor) -> torch.Tensor:
        self.n[0] += 1
        return x * 0 if self.n[0] > 20 else x


class CountsBits(Counts):
    def step(self, x: torch.Tensor) -> torch.Tensor:
        self.n += 1
        return x * 0 if not self.n & 15 else x


class CountsByIterator:
    def __init__(self) -> None:
        self.n = itertools.count()

    def step(self, x: torch.Tensor) -> torch.Tensor:
        return x * 0 if next(self.n) > 20 else x


class KeepsTheOldest:
    def __init__(self) -> None:
        self.history: deque[torch.Tensor] = deque(maxlen=15)

    def step(self, x: torch.Tensor) -> torch.Tensor:
        self.history.append(x)
        return self.history[0] + x


class Closes:
    def __init__(self) -> None:
        n = 0

        def step(x: torch.Tensor) -> torch.Tensor:
            nonlocal n
            n += 1
            return x * 0 if n > 20 else x

        self.step = step


class Generates:
    def __init__(self) -> None:
        self.steps = self.begin()
        next(self.steps)

    def begin(self) -> Iterator[torch.Tensor]:
        n = 0
        x = yield torch.zeros(3)
        while True:
            n += 1
            x = yield (x * 0 if n > 20 else x)

    def step(self, x: torch.Tensor) -> torch.Tensor:
        return self.steps.send(x)  # type: ignore[attr-defined]


def recorded(kind: Callable[[], object], folder: Path) -> leapp_core.CaptureSession:
    program = kind()
    with leapp_core.capture("policy", folder) as session:
        for _ in range(8):
            x = session.input_tensors("policy", {"x": torch.rand(3)})
            session.output_tensors("policy", {"y": program.step(x)})  # type: ignore[attr-defined]
    return session


@pytest.mark.parametrize("kind", [CountsBits, CountsByIterator, KeepsTheOldest, Closes, Generates])
def test_what_it_counts_is_seen(kind: Callable[[], object], tmp_path: Path) -> None:
    session = recorded(kind, tmp_path)
    gc.collect()
    for _ in range(2):  # asking again gives no other answer
        with pytest.raises(CaptureError, match=r"changes from step to step|lies in a list together with results"):
            session.compile()


@pytest.mark.parametrize("kind", [Counts, CountsInAList])
def test_a_counter_that_is_followed_is_exact(kind: Callable[[], Counts], tmp_path: Path) -> None:
    session = recorded(kind, tmp_path)
    gc.collect()
    runtime, program = load(session.export(visualize=False).bundle), kind()
    for _ in range(30):
        x = torch.rand(3)
        np.testing.assert_array_equal(runtime.step({"x": x.numpy()})["y"], program.step(x).numpy())
