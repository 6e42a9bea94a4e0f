"""Several steps at the start that compute something else: lists that grow, filters that are filled, calibration."""

from __future__ import annotations

import math
from collections import deque
from pathlib import Path

import onnx
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from leapp_core.errors import CaptureError
from tests.capture.episodes import beside, record
from tests.tiers import few

torch.manual_seed(0)
NET = torch.nn.Sequential(torch.nn.Linear(3, 8), torch.nn.Tanh(), torch.nn.Linear(8, 3))
WIDE = torch.nn.Linear(15, 3)


class Mean:
    """The mean of the last five readings, of fewer at first."""

    longest = 5

    def __init__(self) -> None:
        self.kept: list[torch.Tensor] = []

    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        self.kept.append(x)
        if len(self.kept) > self.longest:
            self.kept.pop(0)
        return NET(torch.stack(self.kept).mean(0))


class Queue:
    """The same with a queue that lets go of the oldest by itself."""

    def __init__(self) -> None:
        self.kept: deque[torch.Tensor] = deque(maxlen=5)

    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        self.kept.append(x)
        return NET(sum(self.kept) / len(self.kept))


class Padded(Mean):
    """Zeros before the oldest reading until there are five."""

    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        self.kept = [*self.kept, x][-5:]
        return WIDE(torch.cat([torch.zeros(3)] * (5 - len(self.kept)) + self.kept))


class Waiting(Mean):
    """Gives nothing until the history is full."""

    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        self.kept.append(x)
        if len(self.kept) < 5:
            return torch.zeros(3)
        self.kept = self.kept[-5:]
        return WIDE(torch.cat(self.kept))


class Calibrated(Mean):
    """The first four readings are no motion: their mean is what is subtracted ever after."""

    def __init__(self) -> None:
        super().__init__()
        self.offset: torch.Tensor | None = None

    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        if self.offset is None:
            self.kept.append(x)
            if len(self.kept) == 4:
                self.offset = torch.stack(self.kept).mean(0)
            return torch.zeros(3)
        return NET(x - self.offset)


class Acceleration:
    """The second difference, for which there must be two readings before."""

    def __init__(self) -> None:
        self.last: torch.Tensor | None = None
        self.before: torch.Tensor | None = None

    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        found = torch.zeros(3)
        if self.last is not None and self.before is not None:
            found = x - 2 * self.last + self.before
        self.before, self.last = self.last, x
        return NET(found)


class Ensemble:
    """What several predictions of one moment say, the older ones with less weight."""

    def __init__(self) -> None:
        self.chunks: list[torch.Tensor] = []

    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        self.chunks.append(WIDE(x.repeat(5)).repeat(4, 1) * torch.arange(1.0, 5.0)[:, None])
        if len(self.chunks) > 4:
            self.chunks.pop(0)
        total, weights = torch.zeros(3), 0.0
        for number, chunk in enumerate(self.chunks):
            weight = math.exp(-0.1 * number)
            total = total + weight * chunk[len(self.chunks) - 1 - number]
            weights += weight
        return total / weights


class Counted(Mean):
    """Beside a tensor that is counted in place and a number that Python counts."""

    def __init__(self) -> None:
        super().__init__()
        self.count, self.steps = torch.zeros(()), 0

    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        self.count += 1
        self.steps += 1
        return super().__call__(x) * self.count.clamp_max(20) + 0.01 * self.steps


class Indexed(Mean):
    """Whole numbers that are kept and used as indices."""

    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        self.kept = [*self.kept, x.argmax()][-3:]
        return NET(x) + torch.arange(3.0).index_select(0, self.kept[0].reshape(1))


class Flushed(Mean):
    """A reading lets go of the list: it grows again."""

    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        if x[0] > 1.5:
            self.kept = []
        return super().__call__(x)


class FlushedLate(Mean):
    """A step nobody has seen lets go of the list."""

    steps = 0

    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        self.steps += 1
        if self.steps == 77:
            self.kept = []
        return super().__call__(x)


class Slow(Mean):
    """Takes a reading every third step."""

    steps = 0

    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        if self.steps % 3 == 0:
            self.kept = [*self.kept, x][-4:]
        self.steps += 1
        return NET(torch.stack(self.kept).mean(0))


class Long(Mean):
    longest = 200


EXACT = (Mean, Queue, Padded, Waiting, Calibrated, Acceleration, Ensemble, Counted, Indexed)
REFUSED = (Flushed, FlushedLate, Slow, Long)


LENGTHS = (2, 60, 4, 30)
"""Of episodes: some end while the start is not over."""


@pytest.mark.parametrize("steps", few([24, 90], 1))
@pytest.mark.parametrize("kind", few(EXACT, 5), ids=lambda kind: kind.__name__)
def test_exact_in_every_episode(kind: type, steps: int, tmp_path: Path) -> None:
    beside(kind, record(kind(), steps, tmp_path).export(visualize=False).bundle, LENGTHS)


@pytest.mark.parametrize("steps", few([24, 90], 1))
@pytest.mark.parametrize("kind", few(REFUSED, 2), ids=lambda kind: kind.__name__)
def test_what_may_grow_anew_is_refused(kind: type, steps: int, tmp_path: Path) -> None:
    with pytest.raises(CaptureError, match=r"changes from step to step|does something else|is used in Python|every"):
        record(kind(), steps, tmp_path).compile()


@pytest.mark.parametrize("backend", few(["jit-trace", "jit-script", "onnx-torchscript"], 1))
def test_other_backends_give_the_same(backend: str, tmp_path: Path) -> None:
    beside(Padded, record(Padded(), 24, tmp_path).export(backend=backend, visualize=False).bundle, LENGTHS)


def test_the_network_is_there_once(tmp_path: Path) -> None:
    report = record(Waiting(), 24, tmp_path).export(visualize=False)
    (path,) = report.bundle.glob("*.onnx")
    operators = [node.op_type for node in onnx.load(path).graph.node]
    assert sum(name in ("Gemm", "MatMul") for name in operators) == 1
    beside(Waiting, report.bundle, LENGTHS)


def test_the_state_is_named_and_stands_in_the_document(tmp_path: Path) -> None:
    report = record(Mean(), 24, tmp_path).export(visualize=False)
    assert "start_step_in" in report.yaml_path.read_text(encoding="utf-8")
    assert report.ok


@pytest.mark.slow
@pytest.mark.timeout(900)
@settings(max_examples=25, deadline=None)
@given(
    longest=st.integers(2, 9),
    padding=st.sampled_from(["", "zeros", "first", "wait"]),
    stride=st.integers(1, 3),
    filtered=st.booleans(),
)
def test_histories_of_any_length(
    tmp_path_factory: pytest.TempPathFactory, longest: int, padding: str, stride: int, filtered: bool
) -> None:
    """Any way to deal with a history that is not full is exact."""

    class Drawn:
        def __init__(self) -> None:
            self.kept: list[torch.Tensor] = []
            self.smooth: torch.Tensor | None = None

        def __call__(self, x: torch.Tensor) -> torch.Tensor:
            if filtered:
                self.smooth = x if self.smooth is None else 0.5 * self.smooth + 0.5 * x
                x = self.smooth
            self.kept.append(x)
            if len(self.kept) > longest:
                del self.kept[0]
            frames = list(self.kept)
            missing = longest - len(frames)
            if padding == "wait" and missing:
                return torch.zeros(3)
            if padding in ("zeros", "first"):
                frames = [torch.zeros(3) if padding == "zeros" else frames[0]] * missing + frames
            return NET(torch.stack(frames[::stride]).mean(0))

    folder = tmp_path_factory.mktemp("drawn")
    beside(Drawn, record(Drawn(), 60, folder).export(visualize=False).bundle, LENGTHS)
