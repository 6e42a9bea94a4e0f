"""State that is kept in unusual ways: swapped buffers, copies, generators, closures, slots."""

from __future__ import annotations

import copy
from collections import namedtuple

import numpy as np
import torch

from tests.capture.case import exact

Pair = namedtuple("Pair", "front back")


@exact(x=(3,))
class SwappedAttributes:
    """Two buffers change places in every step."""

    def __init__(self):
        self.a, self.b = torch.zeros(3), torch.zeros(3)

    def step(self, x):
        self.b.copy_(self.a * 0.9 + x)
        self.a, self.b = self.b, self.a
        return self.a * 2


@exact(x=(3,))
class SwappedByValue:
    """New tensors, swapped: each is two steps old when it is read."""

    def __init__(self):
        self.a, self.b = torch.zeros(3), torch.ones(3)

    def step(self, x):
        y = self.a + x
        self.a, self.b = self.b, y
        return y


@exact(x=(3,))
class SwappedInList:
    def __init__(self):
        self.buffers = [torch.zeros(3), torch.zeros(3)]

    def step(self, x):
        front, back = self.buffers
        torch.add(front * 0.5, x, out=back)
        self.buffers.reverse()
        return back + 1


@exact(x=(3,))
class ThreeBuffersInTurn:
    """Each buffer is written every third step, and read the step after and two steps after."""

    def __init__(self):
        self.ring = [torch.zeros(3), torch.ones(3), torch.full((3,), 2.0)]

    def step(self, x):
        self.ring[2].copy_(self.ring[0] * 0.5 + self.ring[1] * 0.25)
        self.ring[2].add_(x)
        self.ring.insert(0, self.ring.pop())
        return self.ring[0] * 2


@exact(x=(3,))
class SwappedLazily:
    """Both buffers are made in the first step."""

    def __init__(self):
        self.a = None

    def step(self, x):
        if self.a is None:
            self.a, self.b = torch.zeros_like(x), torch.zeros_like(x)
        torch.mul(self.a + x, 0.5, out=self.b)
        self.a, self.b = self.b, self.a
        return self.a + 1


@exact(x=(3,))
class SwappedAfterOutputs:
    def __init__(self):
        self.now, self.before = torch.zeros(3), torch.zeros(3)

    def step(self, x):
        self.now.copy_(x * 2)
        return self.now - self.before

    def after(self):
        self.now, self.before = self.before, self.now


class _Filter:
    def __init__(self):
        self.h, self.n = torch.zeros(3), 0

    def advance(self, x):
        self.n += 1
        self.h = self.h * 0.5 + x
        return self.h


@exact(x=(3,))
class CopiedDeeply:
    def __init__(self):
        self.state = {"h": torch.zeros(3), "n": torch.zeros(())}

    def step(self, x):
        new = copy.deepcopy(self.state)
        new["h"] = new["h"] * 0.9 + x
        new["n"] += 1
        self.state = new
        return new["h"] / new["n"]


@exact(x=(3,))
class CopiedWithSharedMemory:
    """Two views of one memory are copied and still share it; a part of it was never read before."""

    def __init__(self):
        base = torch.arange(9.0).reshape(3, 3)
        self.state = {"row": base[1], "all": base}

    def step(self, x):
        state = copy.deepcopy(self.state)
        state["row"].add_(x)
        self.state = state
        return state["all"].sum(0) * 0.5


@exact(x=(3,))
class CopiedObject:
    """An object with a tensor and a count is copied whole."""

    def __init__(self):
        self.filter = _Filter()

    def step(self, x):
        trial = copy.deepcopy(self.filter)
        predicted = trial.advance(x * 2)
        return predicted + self.filter.advance(x)


@exact(x=(3,))
class PreviousByDeepcopy:
    def __init__(self):
        self.h, self.before = torch.zeros(3), torch.zeros(3)

    def step(self, x):
        self.before = copy.deepcopy(self.h)
        self.h = self.h * 0.5 + x
        return self.h - self.before


@exact(x=(3,))
class CopiedShallowly:
    def __init__(self):
        self.h, self.before = torch.zeros(3), torch.zeros(3)

    def step(self, x):
        self.before = copy.copy(self.h)
        self.h = self.h * 0.5 + x
        return self.h - self.before


def _smooth(alpha):
    state = torch.zeros(3)
    y = None
    while True:
        x = yield y
        state = alpha * state + x
        y = state * 2


@exact(x=(3,))
class KeptInGenerator:
    """A generator keeps the state in its frame."""

    def __init__(self):
        self.filter = _smooth(0.9)
        next(self.filter)

    def step(self, x):
        return self.filter.send(x)


def _delayed(n):
    queue = [torch.zeros(3) for _ in range(n)]
    x = yield queue[0]
    while True:
        queue.append(x)
        x = yield queue.pop(0) * 1.5


@exact(x=(3,))
class DelayInGenerator:
    def __init__(self):
        self.line = _delayed(2)
        next(self.line)

    def step(self, x):
        return self.line.send(x) + x


@exact(x=(3,))
class TwoGenerators:
    def __init__(self):
        self.fast, self.slow = _smooth(0.5), _smooth(0.95)
        next(self.fast), next(self.slow)

    def step(self, x):
        return self.fast.send(x) - self.slow.send(x)


def _accumulate(items):
    total = torch.zeros(3)
    for item in items:
        total = total + item
        yield total


@exact(x=(3,))
class GeneratorAskedTwice:
    """One generator is resumed from two lines, nothing in between."""

    def __init__(self):
        self.filter = _smooth(0.5)

    def step(self, x):
        if self.filter.gi_frame is not None and not hasattr(self, "begun"):
            self.begun = next(self.filter) is None
        first = self.filter.send(x)
        second = self.filter.send(x)
        return torch.cat([first, second])


@exact(x=(3,))
def generator_within_a_step(x):
    *_, last = _accumulate([x, x * 2, x * 3])
    return last


@exact(x=(3,))
class NamedTupleState:
    def __init__(self):
        self.pair = Pair(torch.zeros(3), torch.ones(3))

    def step(self, x):
        self.pair = self.pair._replace(front=self.pair.front * 0.5 + x, back=self.pair.front)
        return self.pair.front + self.pair.back


class _Slotted:
    __slots__ = ("h", "ticks")

    def __init__(self):
        self.h, self.ticks = torch.zeros(3), 0


@exact(x=(3,))
class SlottedState:
    def __init__(self):
        self.slots = _Slotted()

    def step(self, x):
        self.slots.h = self.slots.h * 0.5 + x
        self.slots.ticks += 1
        return self.slots.h * 2


@exact(x=(3,))
class StateInClosure:
    def __init__(self):
        h, n = torch.zeros(3), 0

        def advance(x):
            nonlocal h, n
            n += 1
            h = h * 0.5 + x
            return h

        self.advance = advance

    def step(self, x):
        return self.advance(x) + 1


@exact(x=(3,))
class SavedAndRestored:
    """A snapshot of the state is taken and put back, as model predictive control does."""

    def __init__(self):
        self.h = torch.zeros(3)

    def step(self, x):
        saved = self.h.clone()
        self.h += x
        predicted = self.h * 2
        self.h.copy_(saved)
        self.h.mul_(0.9).add_(x)
        return predicted + self.h


@exact(x=(1, 3))
class NumpyHistory:
    """A history shifted in NumPy memory that a tensor shares."""

    def __init__(self):
        self.gain = np.array([0.5, 1.0, 2.0], dtype=np.float32)

    def step(self, x):
        y = x.numpy() * self.gain
        return torch.from_numpy(np.clip(y, -1.0, 1.0))


def _always(*values):
    return lambda generator: torch.tensor([values])


@exact(x=_always(0.5, -0.25, 2.0))
class NumpyOfConstantInputs:
    """The robot stood still while its steps were captured."""

    def __init__(self):
        self.gain = np.array([0.5, 1.0, 2.0], dtype=np.float32)

    def step(self, x):
        scaled = x.numpy() * self.gain
        if scaled.shape != (1, 3):
            raise ValueError(f"got {scaled.shape}")
        clipped = np.clip(scaled, -1.0, 1.0)
        return torch.from_numpy(np.concatenate([clipped, np.tanh(scaled)], axis=-1))


@exact(x=_always(0.5, -0.25, 2.0))
class NumpyHelperOfConstantInputs:
    """NumPy's part is in a function of its own."""

    @staticmethod
    def _preprocess(array, limit=1.0):
        centred = array - array.mean(axis=-1, keepdims=True)
        return np.where(np.abs(centred) > limit, np.sign(centred) * limit, centred)

    def step(self, x):
        return torch.as_tensor(self._preprocess(x.numpy())) * 2


@exact(x=(1, 3))
class ComplexBetween:
    """A complex number lives inside a step only."""

    def step(self, x):
        z = torch.complex(x, torch.zeros_like(x)) * torch.exp(torch.tensor(0.5j))
        return z.real + z.imag


@exact(x=(1, 8))
class Spectrum:
    def step(self, x):
        return torch.fft.rfft(x).abs()
