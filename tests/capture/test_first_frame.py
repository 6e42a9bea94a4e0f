"""A first step that computes something else becomes a program with a state that says so, or is refused."""

from __future__ import annotations

from collections import deque
from pathlib import Path

import pytest
import torch

from leapp_core.errors import CaptureError
from tests.capture.episodes import beside, record
from tests.tiers import few

torch.manual_seed(0)
NET = torch.nn.Sequential(torch.nn.Linear(3, 8), torch.nn.Tanh(), torch.nn.Linear(8, 3))


class Policy:
    """What begins anew when it is made."""

    def __init__(self) -> None:
        self.previous: torch.Tensor | None = None
        self.first, self.steps = True, 0


class Filter(Policy):
    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        self.previous = x if self.previous is None else 0.9 * self.previous + 0.1 * x
        return NET(self.previous)


class Difference(Policy):
    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        if self.first:
            self.previous, self.first = x, False
        change, self.previous = x - self.previous, x
        return NET(change)


class Start(Policy):
    """Relative to where it began, which never changes afterwards; the first action is none."""

    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        if self.previous is None:
            self.previous = x.clone()
            return torch.zeros(3)
        return NET(x - self.previous)


class Filled(Policy):
    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        if self.previous is None:
            self.previous = x.repeat(4, 1)
        self.previous[:-1] = self.previous[1:].clone()
        self.previous[-1] = x
        return NET(self.previous.mean(0))


class Joined(Policy):
    """A history that is joined anew in each step, of which only the younger part is read."""

    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        if self.previous is None:
            self.previous = x.repeat(4, 1)
        self.previous = torch.cat([self.previous[1:], x[None]])
        return NET(self.previous.mean(0))


class Window(Policy):
    def __init__(self) -> None:
        super().__init__()
        self.window: deque[torch.Tensor] = deque(maxlen=4)

    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        if not self.window:
            self.window.extend([x] * 4)
        self.window.append(x)
        return NET(torch.stack(list(self.window)).mean(0))


class Default(Policy):
    def __init__(self) -> None:
        super().__init__()
        self.kept: dict[str, torch.Tensor] = {}

    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        self.kept["x"] = 0.5 * self.kept.get("x", x) + 0.5 * x
        return NET(self.kept["x"])


class Together(Policy):
    """Beside a counter of its own, which begins with zero."""

    def __init__(self) -> None:
        super().__init__()
        self.count = torch.zeros(())

    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        if self.previous is None:
            self.previous = 2 * x
        self.count += 1
        self.previous = 0.5 * self.previous + x
        return NET(self.previous) * self.count.clamp_max(20)


class Heading(Policy):
    """Keeps a Python number of the first reading."""

    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        if self.first:
            self.heading, self.first = float(x[0]), False
        return NET(x) - self.heading


class Again(Policy):
    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        if self.steps % 60 == 0:
            self.previous = x
        self.steps += 1
        self.previous = 0.5 * self.previous + 0.5 * x
        return NET(self.previous)


class Dropped(Policy):
    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        self.previous = x if self.previous is None else 0.5 * self.previous + 0.5 * x
        result = NET(self.previous)
        self.steps += 1
        if self.steps == 77:
            self.previous = None
        return result


class Far(Policy):
    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        if self.previous is None or (x - self.previous).norm() > 30:
            self.previous = x
        self.previous = 0.9 * self.previous + 0.1 * x
        return NET(self.previous)


class Chunk(Policy):
    def __init__(self) -> None:
        super().__init__()
        self.chunk: list[torch.Tensor] = []

    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        if not self.chunk:
            self.chunk = [NET(x) * number for number in range(20)]
        return self.chunk.pop(0)


class Held(Policy):
    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        if self.steps % 100 == 0:
            self.previous = NET(x)
        self.steps += 1
        return self.previous * 1.0


EXACT = (Filter, Difference, Start, Filled, Joined, Window, Default, Together, Again, Far, Held, Heading, Chunk)
REFUSED = (Dropped,)


@pytest.mark.parametrize("steps", few([12, 7, 40], 1))
@pytest.mark.parametrize("kind", few(EXACT, 5), ids=lambda kind: kind.__name__)
def test_exact_in_every_episode(kind: type, steps: int, tmp_path: Path) -> None:
    beside(kind, record(kind(), steps, tmp_path).export(visualize=False).bundle, (60, 60, 60))


@pytest.mark.parametrize("steps", [5, 12])
@pytest.mark.parametrize("kind", REFUSED, ids=lambda kind: kind.__name__)
def test_what_may_begin_anew_or_keeps_a_number_is_refused(kind: type, steps: int, tmp_path: Path) -> None:
    with pytest.raises(CaptureError, match=r"Python value|is used in Python|is another tensor|kept|every step"):
        record(kind(), steps, tmp_path).compile()


def test_a_history_longer_than_the_recording_is_no_value_of_the_first_step(tmp_path: Path) -> None:
    with pytest.raises(CaptureError, match="a history or delay longer than the recording"):
        record(Window(), 4, tmp_path).compile()


def test_it_is_a_choice_and_the_refusal_says_so(tmp_path: Path) -> None:
    with pytest.raises(CaptureError, match="is another tensor in step 1 than the other steps lead to"):
        record(Filter(), 12, tmp_path, follow=False).compile()


@pytest.mark.parametrize("steps", [5, 12])
def test_a_number_of_the_first_step_is_refused_unless_it_is_followed(steps: int, tmp_path: Path) -> None:
    with pytest.raises(CaptureError, match="is used in Python in step 0 alone") as refusal:
        record(Heading(), steps, tmp_path, follow=False).compile()
    assert "self.heading" in str(refusal.value.where)


def test_the_state_is_named_and_stands_in_the_document(tmp_path: Path) -> None:
    report = record(Filter(), 12, tmp_path).export(visualize=False)
    assert "is_first_in" in report.yaml_path.read_text(encoding="utf-8")
    assert report.ok
