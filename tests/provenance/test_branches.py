"""Both ways of a decision are run while steps are recorded, and nothing is done that Python would not do."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import leapp_core
from leapp_core.errors import CaptureError
from leapp_core.runtime import load
from tests.provenance.attacks_of_effects import CountingProperty


def record(step: Callable[[torch.Tensor], torch.Tensor], folder: Path, steps: int = 5) -> leapp_core.CaptureSession:
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad(), leapp_core.capture("loop", folder, follow=True) as session:
        for _ in range(steps):
            session.input_tensors("policy", {"x": (x := torch.randn(3, generator=generator))})
            session.output_tensors("policy", {"y": step(x)})
    return session


class Held:
    def __init__(self):
        self.k = 0
        self.stopped = False
        self.last = None

    def step(self, x):
        if x[0] > 1.5:
            self.stopped = True
        if self.k % 4 == 0:
            self.last = torch.tanh(x) * 2
        self.k += 1
        return torch.zeros(3) if self.stopped else self.last


def test_a_bundle_of_both_ways_does_what_the_code_does_after_every_reset(tmp_path: Path) -> None:
    report = record(Held().step, tmp_path).export(visualize=False)
    runtime = load(report.bundle)
    states = {name.rpartition("/")[2]: value.dtype.name for name, value in runtime.state.items()}
    assert states == {"k_in": "int64", "last_in": "float32", "stopped_in": "bool"}
    generator = torch.Generator().manual_seed(1)
    for _ in range(3):
        runtime.reset()
        code = Held()
        for _ in range(40):
            x = torch.randn(3, generator=generator)
            np.testing.assert_allclose(runtime.step({"x": x.numpy()})["y"], code.step(x), rtol=1e-6)


class Noting:
    def __init__(self):
        self.k = 0
        self.notes: list[int] = []
        self.gain = 1.0

    def note(self):
        self.notes.append(self.k)
        return 2.0

    def step(self, x):
        self.k += 1
        self.gain = self.note() if self.k % 3 == 0 else 1.0
        return x * self.gain


def test_a_way_that_is_not_taken_has_no_effect(tmp_path: Path) -> None:
    code = Noting()
    session = record(code.step, tmp_path, steps=7)
    assert code.notes == [3, 6]
    with pytest.raises(CaptureError, match="a Python value given to mul changes from step to step"):
        session.compile()


def test_a_random_draw_on_the_other_way_does_not_move_the_generator(tmp_path: Path) -> None:
    class Drawing:
        k = 0

        def step(self, x):
            self.k += 1
            return x + torch.randn(3) if self.k > 50 else x

    torch.manual_seed(3)
    wanted = torch.randn(3)
    torch.manual_seed(3)
    record(Drawing().step, tmp_path)
    assert torch.equal(torch.randn(3), wanted)


class Turns:
    """Two buffers take turns, under names that others know."""

    def __init__(self):
        self.front, self.back = torch.zeros(3), torch.ones(3)
        self.known = self.front
        self.flag = False

    def step(self, x):
        target = self.front if self.flag else self.back
        target.mul_(0.5).add_(x)
        self.flag = not self.flag
        return self.known + 0.1 * target


def test_buffers_that_are_chosen_stay_what_they_are_to_the_code(tmp_path: Path) -> None:
    generator = torch.Generator().manual_seed(0)
    alone, recorded, seen = Turns(), Turns(), []
    inputs = [torch.randn(3, generator=generator) for _ in range(9)]
    record(lambda x: seen.append(recorded.step(x)) or seen[-1], tmp_path, steps=9)  # type: ignore[func-returns-value]
    for wanted, got in zip([alone.step(x) for x in inputs], seen, strict=True):
        assert torch.equal(wanted, got)
    assert torch.equal(alone.front, recorded.front)
    assert recorded.known is recorded.front


def test_what_was_chosen_is_what_it_is_to_python_once_the_session_ends(tmp_path: Path) -> None:
    class Goal:
        def __init__(self):
            self.goal, self.command = torch.ones(3), torch.zeros(3)
            self.first = self.command

        def step(self, x):
            if x[0] > -9.0:
                self.command = self.goal
            return self.command + x

    code = Goal()
    record(code.step, tmp_path)
    assert code.command is code.goal
    assert code.first is not code.command


def test_a_property_that_is_assigned_is_not_read(tmp_path: Path) -> None:
    code = CountingProperty()
    record(code.step, tmp_path)
    assert code.reads == 0


def test_other_threads_do_as_ever_while_a_way_is_tried(tmp_path: Path) -> None:
    class Sensor:
        def __init__(self):
            self.readings: list[int] = []
            self.done = False

        def run(self):
            while not self.done:
                self.readings = [*self.readings[-3:], len(self.readings)]

    sensor, code = Sensor(), Held()
    thread = threading.Thread(target=sensor.run)
    thread.start()
    try:
        record(code.step, tmp_path, steps=20)
    finally:
        sensor.done = True
        thread.join(10)
    assert sensor.readings
    assert code.k == 20


def test_errors_of_the_way_that_is_taken_are_the_codes_own(tmp_path: Path) -> None:
    class Raising:
        k = 0

        def step(self, x):
            self.k += 1
            if self.k > 3:
                self.last = x
                raise KeyError("beyond")
            return x

    code: Any = Raising()
    with pytest.raises(KeyError, match="beyond"):
        record(code.step, tmp_path)
    assert code.k == 4
    assert code.last.shape == (3,)


def test_a_step_function_is_followed_as_a_loop_is(tmp_path: Path) -> None:
    code = Held()
    session = leapp_core.capture_step(
        "loop", lambda given: code.step(given["x"]), {"x": torch.randn(3)}, save_path=tmp_path, follow=True
    )
    assert session.compile().evidence.watched == 101


class DecidesWhenItIsMade:
    def __init__(self):
        self.offset, self.weight = torch.zeros(3), torch.ones(3)
        self.begin()

    def begin(self):
        if self.weight.sum() > 1:
            self.offset[0] = 1.0

    def step(self, x):
        return x + self.offset


def test_memory_may_be_written_by_a_decision_before_the_first_step(tmp_path: Path) -> None:
    with torch.no_grad(), leapp_core.capture("loop", tmp_path) as session:
        policy = DecidesWhenItIsMade()
        for _ in range(5):
            session.input_tensors("policy", {"x": (x := torch.randn(3))})
            session.output_tensors("policy", {"y": policy.step(x)})
    runtime = load(session.export(visualize=False).bundle)
    found = runtime.step({"x": np.ones(3, np.float32)})["y"]
    np.testing.assert_array_equal(found, [2.0, 1.0, 1.0])
