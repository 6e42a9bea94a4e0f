"""Control steps that write in place, each beside the same computation written functionally."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

Tensors = tuple[torch.Tensor, ...]


@dataclass(frozen=True)
class Pair:
    """A control step as robot code has it, and the same as a function of inputs and state.

    Attributes:
        make: Gives the object whose ``step`` is captured.
        functional: Takes inputs and states; returns the action and the next states.
        inputs: Shapes of inputs.
        states: First values of the states.
    """

    make: Callable[[], Any]
    functional: Callable[..., Any]
    inputs: Sequence[tuple[int, ...]]
    states: Tensors = ()


NET = nn.Sequential(nn.Linear(30, 16), nn.ELU(), nn.Linear(16, 4)).eval()
HISTORY_NET = nn.Linear(36, 4).eval()
GRU = nn.GRU(6, 8).eval()
LSTM = nn.LSTM(6, 8).eval()
CELL = nn.GRUCell(6, 8).eval()
HEAD = nn.Linear(8, 4).eval()
DEFAULT = torch.linspace(-1.0, 1.0, 12)
LOWER, UPPER = torch.full((6,), -0.8), torch.full((6,), 0.8)


class Terms:
    """An observation buffer filled by slices."""

    def __init__(self) -> None:
        self.obs = torch.zeros(1, 30)

    def step(self, q: torch.Tensor, dq: torch.Tensor, gravity: torch.Tensor, command: torch.Tensor) -> torch.Tensor:
        self.obs[:, :12] = (q - DEFAULT) * 1.5
        self.obs[:, 12:24] = dq * 0.05
        self.obs[:, 24:27] = gravity
        self.obs[:, 27:30] = command * torch.tensor([2.0, 2.0, 0.25])
        self.obs.clamp_(-5.0, 5.0)
        return NET(self.obs)


def terms(q: torch.Tensor, dq: torch.Tensor, gravity: torch.Tensor, command: torch.Tensor) -> torch.Tensor:
    scaled = command * torch.tensor([2.0, 2.0, 0.25])
    return NET(torch.cat([(q - DEFAULT) * 1.5, dq * 0.05, gravity, scaled], 1).clamp(-5.0, 5.0))


class LastAction(Terms):
    """The same with the action of the step before."""

    def __init__(self) -> None:
        super().__init__()
        self.last_action = torch.zeros(1, 4)

    def step(self, q: torch.Tensor, dq: torch.Tensor) -> torch.Tensor:
        self.obs[:, :12] = q
        self.obs[:, 12:24] = dq
        self.obs[:, 24:28] = self.last_action
        action = NET(self.obs)
        self.last_action[:] = action
        return action * 0.25


def last_action(q: torch.Tensor, dq: torch.Tensor, last: torch.Tensor) -> Tensors:
    action = NET(torch.cat([q, dq, last, torch.zeros(1, 2)], 1))
    return action * 0.25, action


class Rolled:
    """A history by roll and write."""

    def __init__(self) -> None:
        self.history = torch.zeros(1, 6, 6)

    def step(self, x: torch.Tensor) -> torch.Tensor:
        self.history = torch.roll(self.history, -1, dims=1)
        self.history[:, -1] = x
        return HISTORY_NET(self.history.reshape(1, -1))


class Shifted(Rolled):
    """A history by slice shift."""

    def step(self, x: torch.Tensor) -> torch.Tensor:
        self.history[:, :-1] = self.history[:, 1:].clone()
        self.history[:, -1] = x
        return HISTORY_NET(self.history.flatten(1))


class Joined(Rolled):
    """A history by concatenation."""

    def step(self, x: torch.Tensor) -> torch.Tensor:
        self.history = torch.cat([self.history[:, 1:], x[:, None]], dim=1)
        return HISTORY_NET(self.history.view(1, -1))


class FlatHistory:
    """A history kept flat, as deployment code has it."""

    def __init__(self) -> None:
        self.history = torch.zeros(36)

    def step(self, x: torch.Tensor) -> torch.Tensor:
        self.history[:-6] = self.history[6:].clone()
        self.history[-6:] = x[0]
        return HISTORY_NET(self.history.unsqueeze(0))


def history(x: torch.Tensor, kept: torch.Tensor) -> Tensors:
    following = torch.cat([kept[:, 1:], x.unsqueeze(1)], 1)
    return HISTORY_NET(following.reshape(1, -1)), following


def flat_history(x: torch.Tensor, kept: torch.Tensor) -> Tensors:
    following = torch.cat([kept[6:], x[0]])
    return HISTORY_NET(following.unsqueeze(0)), following


class Masked:
    """A dead zone and limits by masked assignment."""

    def step(self, x: torch.Tensor) -> torch.Tensor:
        y = x.clone()
        y[y.abs() < 0.1] = 0.0
        y[y > 1.0] = 1.0
        return y


def masked(x: torch.Tensor) -> torch.Tensor:
    y = torch.where(x.abs() < 0.1, torch.tensor(0.0), x)
    return torch.where(y > 1.0, torch.tensor(1.0), y)


class MaskedByTensor:
    """Joints beyond their limits are held."""

    def __init__(self) -> None:
        self.target = torch.zeros(1, 6)

    def step(self, x: torch.Tensor) -> torch.Tensor:
        bad = (x < LOWER) | (x > UPPER)
        self.target = torch.where(bad, self.target, x)
        return self.target * 2.0


def masked_by_tensor(x: torch.Tensor, target: torch.Tensor) -> Tensors:
    following = torch.where((x < LOWER) | (x > UPPER), target, x)
    return following * 2.0, following


class MaskedState(MaskedByTensor):
    """The same by assignment through a mask."""

    def step(self, x: torch.Tensor) -> torch.Tensor:
        good = ~((x < LOWER) | (x > UPPER))
        self.target[good] = x[good]
        return self.target * 2.0


def masked_state(x: torch.Tensor, target: torch.Tensor) -> Tensors:
    following = torch.where(~((x < LOWER) | (x > UPPER)), x, target)
    return following * 2.0, following


class Filter:
    """A low-pass filter kept in place."""

    def __init__(self) -> None:
        self.value = torch.zeros(1, 6)

    def step(self, x: torch.Tensor) -> torch.Tensor:
        self.value.mul_(0.8).add_(x, alpha=0.2)
        return self.value.clamp(-1.0, 1.0)


def filtered(x: torch.Tensor, value: torch.Tensor) -> Tensors:
    following = value * 0.8 + x * 0.2
    return following.clamp(-1.0, 1.0), following


class RateLimit:
    """A change of target that is limited per step."""

    def __init__(self) -> None:
        self.target = torch.zeros(1, 6)

    def step(self, x: torch.Tensor) -> torch.Tensor:
        self.target += torch.clamp(x - self.target, -0.1, 0.1)
        return self.target


def rate_limit(x: torch.Tensor, target: torch.Tensor) -> Tensors:
    following = target + torch.clamp(x - target, -0.1, 0.1)
    return following, following


class Phase:
    """A gait clock."""

    def __init__(self) -> None:
        self.phase = torch.zeros(1, 1)
        self.obs = torch.zeros(1, 8)

    def step(self, x: torch.Tensor) -> torch.Tensor:
        self.phase = torch.remainder(self.phase + 0.02, 1.0)
        self.obs[:, :6] = x
        self.obs[:, 6:7] = torch.sin(self.phase * 6.28)
        self.obs[:, 7:8] = torch.cos(self.phase * 6.28)
        return HEAD(self.obs)


def phase(x: torch.Tensor, at: torch.Tensor) -> Tensors:
    following = torch.remainder(at + 0.02, 1.0)
    return HEAD(torch.cat([x, torch.sin(following * 6.28), torch.cos(following * 6.28)], 1)), following


class Recurrent:
    """A GRU whose hidden state the module keeps."""

    def __init__(self) -> None:
        self.hidden = torch.zeros(1, 1, 8)

    def step(self, x: torch.Tensor) -> torch.Tensor:
        y, self.hidden = GRU(x.unsqueeze(0), self.hidden)
        return HEAD(y.squeeze(0))


def recurrent(x: torch.Tensor, hidden: torch.Tensor) -> Tensors:
    y, following = GRU(x.unsqueeze(0), hidden)
    return HEAD(y.squeeze(0)), following


class RecurrentInPlace(Recurrent):
    """A GRU cell whose hidden state is written in place."""

    def __init__(self) -> None:
        self.hidden = torch.zeros(1, 8)

    def step(self, x: torch.Tensor) -> torch.Tensor:
        self.hidden[:] = CELL(x, self.hidden)
        return HEAD(self.hidden)


def cell(x: torch.Tensor, hidden: torch.Tensor) -> Tensors:
    following = CELL(x, hidden)
    return HEAD(following), following


class LongShort:
    """An LSTM with its pair of states."""

    def __init__(self) -> None:
        self.states = (torch.zeros(1, 1, 8), torch.zeros(1, 1, 8))

    def step(self, x: torch.Tensor) -> torch.Tensor:
        y, self.states = LSTM(x.unsqueeze(0), self.states)
        return HEAD(y[0])


def long_short(x: torch.Tensor, h: torch.Tensor, c: torch.Tensor) -> Tensors:
    y, (h, c) = LSTM(x.unsqueeze(0), (h, c))
    return HEAD(y[0]), h, c


class Permuted:
    """Joints taken in the simulator's order and given back in the robot's."""

    ORDER = torch.tensor([3, 0, 4, 1, 5, 2])

    def step(self, x: torch.Tensor) -> torch.Tensor:
        target = torch.zeros(1, 6)
        target[:, self.ORDER] = torch.tanh(x)
        return target


def permuted(x: torch.Tensor) -> torch.Tensor:
    return torch.tanh(x).index_select(1, torch.argsort(Permuted.ORDER))


class Wheels:
    """Every third joint is a wheel: its position is no observation."""

    def step(self, q: torch.Tensor) -> torch.Tensor:
        observed = q - DEFAULT
        observed[:, 2::3] = 0.0
        return observed


def wheels(q: torch.Tensor) -> torch.Tensor:
    mask = torch.ones(12)
    mask[2::3] = 0.0
    return torch.where(mask.bool(), q - DEFAULT, torch.tensor(0.0))


class Delayed:
    """An actuator that is two steps late."""

    def __init__(self) -> None:
        self.queue = [torch.zeros(1, 6), torch.zeros(1, 6)]

    def step(self, x: torch.Tensor) -> torch.Tensor:
        self.queue.append(x * 0.5)
        return self.queue.pop(0)


def delayed(x: torch.Tensor, first: torch.Tensor, second: torch.Tensor) -> Tensors:
    return first, second, x * 0.5


class Normalizer:
    """Normalisation with clipping, written into a buffer."""

    def __init__(self) -> None:
        self.mean, self.deviation = torch.randn(6), torch.rand(6) + 0.5
        self.out = torch.empty(1, 6)

    def step(self, x: torch.Tensor) -> torch.Tensor:
        torch.sub(x, self.mean, out=self.out)
        self.out.div_(self.deviation).clamp_(-10.0, 10.0)
        return self.out


MEAN, DEVIATION = torch.randn(6), torch.rand(6) + 0.5


def normalizer(x: torch.Tensor) -> torch.Tensor:
    return ((x - MEAN) / DEVIATION).clamp(-10.0, 10.0)


ROW, SIX, TWELVE = (1, 6), (1, 6), (1, 12)
PAIRS = {
    "observation terms": Pair(Terms, terms, (TWELVE, TWELVE, (1, 3), (1, 3))),
    "last action": Pair(LastAction, last_action, (TWELVE, TWELVE), (torch.zeros(1, 4),)),
    "history rolled": Pair(Rolled, history, (SIX,), (torch.zeros(1, 6, 6),)),
    "history shifted": Pair(Shifted, history, (SIX,), (torch.zeros(1, 6, 6),)),
    "history joined": Pair(Joined, history, (SIX,), (torch.zeros(1, 6, 6),)),
    "history flat": Pair(FlatHistory, flat_history, (SIX,), (torch.zeros(36),)),
    "masked": Pair(Masked, masked, (SIX,)),
    "masked where": Pair(MaskedByTensor, masked_by_tensor, (SIX,), (torch.zeros(1, 6),)),
    "masked state": Pair(MaskedState, masked_state, (SIX,), (torch.zeros(1, 6),)),
    "filter": Pair(Filter, filtered, (SIX,), (torch.zeros(1, 6),)),
    "rate limit": Pair(RateLimit, rate_limit, (SIX,), (torch.zeros(1, 6),)),
    "phase": Pair(Phase, phase, (SIX,), (torch.zeros(1, 1),)),
    "GRU": Pair(Recurrent, recurrent, (SIX,), (torch.zeros(1, 1, 8),)),
    "GRU cell": Pair(RecurrentInPlace, cell, (SIX,), (torch.zeros(1, 8),)),
    "LSTM": Pair(LongShort, long_short, (SIX,), (torch.zeros(1, 1, 8), torch.zeros(1, 1, 8))),
    "permuted": Pair(Permuted, permuted, (SIX,)),
    "wheels": Pair(Wheels, wheels, (TWELVE,)),
    "delayed": Pair(Delayed, delayed, (SIX,), (torch.zeros(1, 6), torch.zeros(1, 6))),
    "normalizer": Pair(Normalizer, normalizer, (SIX,)),
}
