"""Programs that go on to another part of a plan after many steps, by ways that no name in the source shows."""

from __future__ import annotations

import itertools
import types
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
import torch

import leapp_core
from leapp_core.errors import CaptureError
from tests.capture.assembled import Assembled

STAND, WALK = torch.tensor([1.0, 2.0, 3.0]), torch.tensor([-1.0, 0.0, 1.0])


class Looped:
    """A plan as a generator that goes through a list."""

    def __init__(self):
        self.gains = self.plan()

    def plan(self) -> Iterator[torch.Tensor]:
        yield from [STAND] * 80 + [WALK] * 900

    def step(self, x):
        return x * next(self.gains)


class LoopedByFor(Looped):
    def plan(self):
        for gain in [STAND] * 80 + [WALK] * 900:  # noqa: UP028 - as people write it
            yield gain


class Repeated(Looped):
    def plan(self):
        yield from itertools.repeat(STAND, 80)
        yield from itertools.repeat(WALK)


@types.coroutine
def reading(last):
    return (yield last)


class Coroutine:
    """A plan as a coroutine that waits for readings."""

    def __init__(self):
        self.plan = self.run()
        self.plan.send(None)

    async def run(self):
        last = None
        for _ in range(80):
            last = await reading(last) * STAND
        while True:
            last = await reading(last) * WALK

    def step(self, x):
        return self.plan.send(x)


class Standing:
    def __init__(self):
        self.count = 0

    def act(self, x):
        self.count += 1
        if self.count == 80:
            self.__class__ = Walking
        return x * STAND


class Walking(Standing):
    def act(self, x):
        return x * WALK


class Mode:
    """An object that becomes one of another class."""

    def __init__(self):
        self.mode = Standing()

    def step(self, x):
        return self.mode.act(x)


class Defaults(dict[str, Any]):
    count = 0

    def __missing__(self, key):
        self.count += 1
        return WALK if self.count > 80 else STAND


class Missing:
    """A dictionary that makes up what it lacks."""

    def __init__(self):
        self.gains = Defaults()

    def step(self, x):
        return x * self.gains["gain"]


class Sensor:
    def __init__(self):
        self.count = 0

    def __array__(self, dtype=None, copy=None):
        self.count += 1
        return np.array([-1.0, 0.0, 1.0] if self.count > 80 else [1.0, 2.0, 3.0])


class AsArray:
    """An object that NumPy asks for its values."""

    def __init__(self):
        self.sensor = Sensor()

    def step(self, x):
        return x * torch.as_tensor(np.asarray(self.sensor)).float()


class Names:
    """A generator that only makes names."""

    def __init__(self):
        self.names = (f"step {number}" for number in range(1000))
        self.log: list[str] = []

    def step(self, x):
        self.log.append(next(self.names))
        return x * STAND


class Parts:
    """A generator that each step uses up."""

    def step(self, x):
        return sum((x * gain for gain in (STAND, WALK)), torch.zeros(3))


def captured(make: Callable[[], Any]) -> Any:
    """Record twelve steps and compile."""
    session, policy = leapp_core.capture("plan"), make()
    with torch.no_grad(), session:
        for _ in range(12):
            x = torch.randn(3)
            session.input_tensors("p", {"x": x})
            session.output_tensors("p", {"y": policy.step(x)})
    return session.compile()


@pytest.mark.parametrize("make", [Looped, LoopedByFor, Repeated, Coroutine, Mode, Missing, AsArray])
def test_what_comes_later_is_refused(make: Callable[[], Any]) -> None:
    with pytest.raises(CaptureError, match=r"changes from step to step and (decides|is given)|undeclared input"):
        captured(make)


@pytest.mark.parametrize("make", [Names, Parts])
def test_what_decides_nothing_is_not(make: Callable[[], Any]) -> None:
    program, x = captured(make), torch.tensor([1.0, -2.0, 0.5])
    assert torch.equal(Assembled(program)({"p/x": x})["p/y"], make().step(x))
    assert program.unproven == ()
