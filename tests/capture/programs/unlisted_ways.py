"""Ways to decide that no list of names can hold: integer operators, ``match``, deep helpers, many strategies."""

from __future__ import annotations

import logging
import math

import torch

from tests.capture.case import exact, refused

ESCAPES = "where it decides what is computed"
CHANGES = "changes from step to step and decides what is computed"


class Counter:
    """Counts steps, from large numbers on so that the captured ones show nothing."""

    def __init__(self, start: int = 0) -> None:
        self.n = start

    def tick(self) -> int:
        self.n += 1
        return self.n


@refused(CHANGES, x=(1, 3))
class Shifted(Counter):
    """A slow counter by a shift."""

    def step(self, x: torch.Tensor) -> torch.Tensor:
        return x * (1.0 + (self.tick() >> 12))


@refused(CHANGES, x=(1, 3))
class Masked(Counter):
    """One bit of a counter."""

    def step(self, x: torch.Tensor) -> torch.Tensor:
        return x * (1.0 + (self.tick() & 4096))


@refused(CHANGES, x=(1, 3))
class LengthInBits(Counter):
    """How many bits a counter has."""

    def __init__(self) -> None:
        super().__init__(4096)

    def step(self, x: torch.Tensor) -> torch.Tensor:
        self.tick()
        return x * float(self.n.bit_length())


@refused(CHANGES, x=(1, 3))
class Divided(Counter):
    """Full turns by ``divmod``."""

    def step(self, x: torch.Tensor) -> torch.Tensor:
        return x * (1.0 + divmod(self.tick(), 2000)[0])


@refused(CHANGES, x=(1, 3))
class WholeRoot(Counter):
    """The whole part of a root."""

    def __init__(self) -> None:
        super().__init__(1_000_000)

    def step(self, x: torch.Tensor) -> torch.Tensor:
        return x * float(math.isqrt(self.tick()))


@refused(CHANGES, at="match self.n", x=(1, 3))
class Matched(Counter):
    """``match`` is a branch."""

    def step(self, x: torch.Tensor) -> torch.Tensor:
        self.tick()
        match self.n:
            case 3000:
                return x * 0
            case _:
                return x * 2


@refused(CHANGES, x=(1, 3))
class MatchedWithAGuard(Counter):
    """So is a guard, on a name that the pattern gives."""

    def step(self, x: torch.Tensor) -> torch.Tensor:
        match (self.tick(), "walk"):
            case (late, "walk") if late > 3000:
                return x * 0
            case _:
                return x * 2


@refused(ESCAPES, x=(1, 3))
class MatchedReading:
    """A reading is matched."""

    def step(self, x: torch.Tensor) -> torch.Tensor:
        match int(x[0, 0].item()):
            case 3000:
                return x * 0
        return x * 2


@exact(x=(1, 3))
class MatchedForALog(Counter):
    """A ``match`` that only prints, and one on a constant, are none of the program."""

    mode = "walk"

    def step(self, x: torch.Tensor) -> torch.Tensor:
        match self.tick():
            case 3000:
                logging.getLogger(__name__).info("late")
        match self.mode:
            case "walk":
                return x * 2
            case _:
                return x * 0


@refused(CHANGES, x=(1, 3))
class LookedUpByComparison(Counter):
    """A table with two entries."""

    def step(self, x: torch.Tensor) -> torch.Tensor:
        return x * (0.5, 1.0)[min(self.tick(), 3000) == 3000]


@refused(ESCAPES, x=(1, 3))
class DeepHelper:
    """A condition calls a helper that calls a helper that calls a helper that sets a flag."""

    def __init__(self) -> None:
        self.flag = False

    def first(self) -> None:
        self.second()

    def second(self) -> None:
        self.third()

    def third(self) -> None:
        self.fourth()

    def fourth(self) -> None:
        self.flag = True

    def step(self, x: torch.Tensor) -> torch.Tensor:
        y = x * 0.0 if self.flag else x * 2.0
        if x.sum().item() > 1000:
            self.first()
        return y


class _Plain:
    def gain(self, value: float) -> float:
        return 1.0


class _Second(_Plain):
    def gain(self, value: float) -> float:
        return 1.5


class _Third(_Plain):
    def gain(self, value: float) -> float:
        return 2.0


class _Fourth(_Plain):
    def gain(self, value: float) -> float:
        return 0.5


class _Fifth(_Plain):
    def gain(self, value: float) -> float:
        return 1.0


class _Sixth(_Plain):
    def gain(self, value: float) -> float:
        return 0.0 if value > 1000 else 1.0


@refused(ESCAPES, x=(1, 3))
class OneOfSixStrategies:
    """The last of six methods of one name decides."""

    def __init__(self) -> None:
        self.parts = [_Plain(), _Second(), _Third(), _Fourth(), _Fifth(), _Sixth()]

    def step(self, x: torch.Tensor) -> torch.Tensor:
        value = x.sum().item()
        gain = 1.0
        for part in self.parts:
            gain = gain * part.gain(value)
        return x * gain
