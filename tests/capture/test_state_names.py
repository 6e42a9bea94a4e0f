"""States are called as the user's code calls them, however long the loop is and however many steps are recorded."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

import pytest
import torch

import leapp_core
from tests.tiers import few

LENGTHS = [(3, 3), (5, 5), (50, 50), (50, 5), (6, 5), (50, 3)]
"""Steps of the loop, and steps that are recorded."""


class OfAList:
    """Drops the oldest, appends the newest, and reads all: what a step reads of the one before is 1 and 2."""

    names = ("history_1", "history_2")

    def __init__(self) -> None:
        self.history = [torch.zeros(1, 3) for _ in range(3)]

    def step(self, x: torch.Tensor) -> torch.Tensor:
        self.history.pop(0)
        self.history.append(x * 2.0)
        return torch.cat(self.history, -1).sum(-1, keepdim=True)


class OfADeque:
    names = ("history_1", "history_2")

    def __init__(self) -> None:
        self.history = deque([torch.zeros(1, 3)] * 3, maxlen=3)

    def step(self, x: torch.Tensor) -> torch.Tensor:
        self.history.append(x * 2.0)
        return torch.cat(list(self.history), -1).sum(-1, keepdim=True)


class ReadAtTheStart:
    """Reads the whole history before it moves on."""

    names = ("history_0", "history_1")

    def __init__(self) -> None:
        self.history = deque([torch.zeros(1, 3)] * 2, maxlen=2)

    def step(self, x: torch.Tensor) -> torch.Tensor:
        y = x + torch.stack(list(self.history)).sum(0)
        self.history.append(torch.tanh(x))
        return y


class OfAttributes:
    names = ("prev_action", "prev_prev_action")

    def __init__(self) -> None:
        self.prev_action = torch.zeros(1, 3)
        self.prev_prev_action = torch.zeros(1, 3)

    def step(self, x: torch.Tensor) -> torch.Tensor:
        action = x + 0.5 * self.prev_action + 0.25 * self.prev_prev_action
        self.prev_prev_action, self.prev_action = self.prev_action, action
        return action * 1.0


class WrittenInPlace:
    names = ("prev_action",)

    def __init__(self) -> None:
        self.prev_action = torch.zeros(1, 3)

    def step(self, x: torch.Tensor) -> torch.Tensor:
        action = torch.tanh(x + self.prev_action)
        self.prev_action.copy_(action)
        return action


class OfADictionary:
    names = ("pos", "vel")

    def __init__(self) -> None:
        self.memory = {"vel": torch.zeros(1, 3), "pos": torch.zeros(1, 3)}

    def step(self, x: torch.Tensor) -> torch.Tensor:
        self.memory["vel"] = 0.9 * self.memory["vel"] + x
        self.memory["pos"] = self.memory["pos"] + self.memory["vel"]
        return self.memory["pos"] * 1.0


class OfATuple:
    names = ("hidden_0", "hidden_1")

    def __init__(self) -> None:
        self.cell = torch.nn.LSTMCell(3, 4)
        self.hidden = (torch.zeros(1, 4), torch.zeros(1, 4))

    def step(self, x: torch.Tensor) -> torch.Tensor:
        self.hidden = self.cell(x, self.hidden)
        return self.hidden[0] * 1.0


class OfTwoInTurn:
    """Two states of one class: the second one's name is told apart."""

    names = ("prev_action", "prev_action_1")

    def __init__(self) -> None:
        self.filters = [WrittenInPlace(), WrittenInPlace()]

    def step(self, x: torch.Tensor) -> torch.Tensor:
        return self.filters[0].step(x) + self.filters[1].step(x * 2.0)


PROGRAMS = [OfAList, OfADeque, ReadAtTheStart, OfAttributes, WrittenInPlace, OfADictionary, OfATuple, OfTwoInTurn]


def states(session: leapp_core.CaptureSession) -> tuple[str, ...]:
    (node,) = session.compile().spec.nodes
    return tuple(sorted(port.name.removesuffix("_in") for port in node.inputs if port.name != "x"))


def of_attributes(step: Callable[[torch.Tensor], torch.Tensor], steps: int, recorded: int) -> tuple[str, ...]:
    with torch.no_grad(), leapp_core.capture("walker", max_cached_io=recorded) as session:
        for _ in range(steps):
            x = torch.randn(1, 3)
            session.input_tensors("policy", {"x": x})
            session.output_tensors("policy", {"y": step(x)})
    return states(session)


@pytest.mark.parametrize(("steps", "recorded"), few(LENGTHS, quick=2), ids=str)
@pytest.mark.parametrize("program", PROGRAMS)
def test_names_of_attributes(program: type, steps: int, recorded: int) -> None:
    assert of_attributes(program().step, steps, recorded) == program.names


@pytest.mark.parametrize(("steps", "recorded"), few(LENGTHS, quick=4), ids=str)
def test_names_of_a_loop(steps: int, recorded: int) -> None:
    """Of two names for one tensor, the one that was there first: it is what the loop reads."""
    h, prev_action = torch.zeros(1, 3), torch.zeros(1, 3)
    history = deque([torch.zeros(1, 3)] * 3, maxlen=3)
    with leapp_core.capture("walker", max_cached_io=recorded) as session:
        for _ in range(steps):
            x = torch.randn(1, 3)
            session.input_tensors("policy", {"x": x})
            h = 0.5 * h + x
            history.append(h * 2.0)
            action = h + 0.1 * prev_action + history[0] + history[1]
            session.output_tensors("policy", {"y": action})
            prev_action = action
    assert states(session) == ("h", "history_1", "history_2", "prev_action")
