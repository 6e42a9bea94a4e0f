"""Python indices into fixed sets of buffers: exact if every turn was captured, else refused with what to write."""

from __future__ import annotations

import torch

from tests.capture.case import exact, refused

INDEX = r"is one of several tensors in turn: a Python index or branch chooses it"


@exact(x=(3,))
class PingPongList:
    """Two buffers in a list take turns."""

    def __init__(self) -> None:
        self.i, self.buffers = 0, [torch.zeros(3), torch.zeros(3)]

    def step(self, x: torch.Tensor) -> torch.Tensor:
        out = self.buffers[self.i] * 0.5 + x
        self.buffers[1 - self.i] = out
        self.i = 1 - self.i
        return out


@exact(x=(3,))
class PingPongInPlace:
    """Two buffers take turns, written in place."""

    def __init__(self) -> None:
        self.flag, self.front, self.back = False, torch.zeros(3), torch.ones(3)

    def step(self, x: torch.Tensor) -> torch.Tensor:
        source, target = (self.front, self.back) if self.flag else (self.back, self.front)
        target.copy_(source * 0.5 + x)
        self.flag = not self.flag
        return target * 2


@exact(x=(3,))
class ThreeBuffersInTurn:
    """Three buffers take turns, each overwritten before it is read."""

    def __init__(self) -> None:
        self.at, self.buffers = 0, [torch.zeros(3) for _ in range(3)]

    def step(self, x: torch.Tensor) -> torch.Tensor:
        following = (self.at + 1) % 3
        self.buffers[following].copy_(self.buffers[self.at] * 0.9 + x)
        self.at = following
        return self.buffers[following].clamp(-1, 1)


@exact(x=(3,))
class NamedBuffersInTurn:
    """A dictionary of buffers, the current one by its key."""

    def __init__(self) -> None:
        self.current, self.buffers = "a", {"a": torch.zeros(3), "b": torch.zeros(3)}

    def step(self, x: torch.Tensor) -> torch.Tensor:
        other = "b" if self.current == "a" else "a"
        self.buffers[other] = self.buffers[self.current] * 0.5 + x
        self.current = other
        return self.buffers[other] * 2


@exact(x=(3,))
class DoubleBufferedObservation:
    """The row written is the row read."""

    def __init__(self) -> None:
        self.row, self.rows = 0, torch.zeros(2, 3)

    def step(self, x: torch.Tensor) -> torch.Tensor:
        self.row ^= 1
        self.rows[self.row] = x
        return self.rows[self.row] * 2


@exact(x=(3,))
class RingThatIsOnlyWritten:
    """A log of four rows by a Python index."""

    def __init__(self) -> None:
        self.i, self.log = 0, torch.zeros(4, 3)

    def step(self, x: torch.Tensor) -> torch.Tensor:
        self.log[self.i] = x
        self.i = (self.i + 1) % 4
        return x * 2


@refused(INDEX, at="return x * self.gains[self.i]", x=(3,))
class GainsInTurn:
    """The steps really differ."""

    def __init__(self) -> None:
        self.i, self.gains = 0, [torch.tensor(1.0), torch.tensor(2.0)]

    def step(self, x: torch.Tensor) -> torch.Tensor:
        self.i = 1 - self.i
        return x * self.gains[self.i]


@refused(r"another part of the same tensor from step to step \(a Python index\)", at="self.rows[self.i] = x", x=(3,))
class RingThatIsRead:
    """The oldest row is another one in each step."""

    def __init__(self) -> None:
        self.i, self.rows = 0, torch.zeros(2, 3)

    def step(self, x: torch.Tensor) -> torch.Tensor:
        self.rows[self.i] = x
        self.i = (self.i + 1) % 2
        return self.rows.sum(0)


@refused("the Python value self.i changes from step to step", at="self.buffers[self.i]", x=(3,))
class SevenBuffersInTurn:
    """More buffers than captured steps."""

    def __init__(self) -> None:
        self.i, self.buffers = 0, [torch.zeros(3) for _ in range(7)]

    def step(self, x: torch.Tensor) -> torch.Tensor:
        out = self.buffers[self.i] * 0.5 + x
        self.i = (self.i + 1) % 7
        self.buffers[self.i] = out
        return out


@refused("the Python value self.j changes from step to step", at="self.j", x=(3,))
class TwoAndThreeInTurn:
    """Each comes round within the recording, both together do not."""

    def __init__(self) -> None:
        self.i, self.j = 0, 0
        self.pairs, self.triples = [torch.zeros(3) for _ in range(2)], [torch.zeros(3) for _ in range(3)]

    def step(self, x: torch.Tensor) -> torch.Tensor:
        pair, triple = self.pairs[self.i] * 0.5 + x, self.triples[self.j] * 0.9 + x
        self.i = 1 - self.i
        self.j = (self.j + 1) % 3
        self.pairs[self.i], self.triples[self.j] = pair, triple
        return pair + triple


@refused("the Python value self.count changes from step to step", at="if self.count < 20", x=(3,))
class TurnsThatStop:
    """Who takes turns for a while only."""

    def __init__(self) -> None:
        self.i, self.count, self.buffers = 0, 0, [torch.zeros(3), torch.zeros(3)]

    def step(self, x: torch.Tensor) -> torch.Tensor:
        out = self.buffers[self.i] * 0.5 + x
        self.buffers[1 - self.i] = out
        self.count += 1
        if self.count < 20:
            self.i = 1 - self.i
        return out
