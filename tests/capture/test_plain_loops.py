"""Loops as users write them around a session: what the loop itself counts, and what it chooses as a command.

Each loop runs for 90 steps, of which five are recorded. One that changes what is computed is refused, whether the
change comes within those steps or never (a threshold of 10,000); one that only logs, resets or commands is captured.
"""

from __future__ import annotations

import itertools
import runpy
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

import leapp_core
from leapp_core.errors import CaptureError
from tests.capture.generator.check import compile_graphs
from tests.capture.told import assert_acts_as
from tests.tiers import few

Loop = Callable[[leapp_core.CaptureSession, int], None]

STEPS = 90
encoder, policy = torch.nn.Linear(3, 3), torch.nn.Linear(6, 2)
counted = 0


def reading() -> torch.Tensor:
    return torch.randn(1, 3)


def act(x: torch.Tensor, z: torch.Tensor) -> torch.Tensor:
    return policy(torch.cat([x, z], 1))


def encoded_now_and_then(s: leapp_core.CaptureSession, last: int) -> None:
    z = torch.zeros(1, 3)
    for k in range(STEPS):
        x = reading()
        s.input_tensors("p", {"x": x})
        if k % last == last - 1:
            z = encoder(x)
        s.output_tensors("p", {"a": act(x, z)})


def encoded_after_the_outputs(s: leapp_core.CaptureSession, last: int) -> None:
    z = torch.zeros(1, 3)
    for k in range(STEPS):
        x = reading()
        s.input_tensors("p", {"x": x})
        s.output_tensors("p", {"a": act(x, z)})
        if k % last == last - 1:
            z = encoder(x)


def counted_by_hand(s: leapp_core.CaptureSession, last: int) -> None:
    z, i = torch.zeros(1, 3), 0
    while i < STEPS:
        x = reading()
        s.input_tensors("p", {"x": x})
        if i >= last:
            z = encoder(x)
        i += 1
        s.output_tensors("p", {"a": act(x, z)})


def written_in_place(s: leapp_core.CaptureSession, last: int) -> None:
    z = torch.zeros(1, 3)
    for k in range(STEPS):
        x = reading()
        s.input_tensors("p", {"x": x})
        if k == last:
            z.copy_(encoder(x))
        s.output_tensors("p", {"a": act(x, z)})


def stops_in_an_expression(s: leapp_core.CaptureSession, last: int) -> None:
    for k in range(STEPS):
        x = reading()
        s.input_tensors("p", {"x": x})
        a = act(x, x)
        s.output_tensors("p", {"a": a if k < last else a * 0})


def stops_in_a_statement(s: leapp_core.CaptureSession, last: int) -> None:
    for k in range(STEPS):
        x = reading()
        s.input_tensors("p", {"x": x})
        a = act(x, x)
        if k >= last:
            a = a * 0.0
        s.output_tensors("p", {"a": a})


def gain_of_the_loop(s: leapp_core.CaptureSession, last: int) -> None:
    gain = 1.0
    for k in range(STEPS):
        x = reading()
        s.input_tensors("p", {"x": x})
        if k > last:
            gain = 0.5
        s.output_tensors("p", {"a": act(x, x) * gain})


def counter_handed_over(s: leapp_core.CaptureSession, last: int) -> None:
    def step(x: torch.Tensor, k: int) -> torch.Tensor:
        return act(x, x) if k < last else act(x, x) * 0

    for k in range(STEPS):
        x = reading()
        s.input_tensors("p", {"x": x})
        s.output_tensors("p", {"a": step(x, k)})


def counter_in_a_dictionary(s: leapp_core.CaptureSession, last: int) -> None:
    state: dict[str, Any] = {"k": 0, "z": torch.zeros(1, 3)}
    for _ in range(STEPS):
        x = reading()
        s.input_tensors("p", {"x": x})
        if state["k"] % last == last - 1:
            state["z"] = encoder(x)
        state["k"] += 1
        s.output_tensors("p", {"a": act(x, state["z"])})


def counter_of_the_module(s: leapp_core.CaptureSession, last: int) -> None:
    global counted
    counted = 0
    for _ in range(STEPS):
        x = reading()
        s.input_tensors("p", {"x": x})
        counted += 1
        s.output_tensors("p", {"a": act(x, x) if counted < last else x[:, :2]})


def generator_that_counts(s: leapp_core.CaptureSession, last: int) -> None:
    def steps() -> Iterator[torch.Tensor]:
        k, a = 0, torch.zeros(1, 2)
        while True:
            x = yield a
            k += 1
            a = act(x, x) if k < last else act(x, x) * 0

    running = steps()
    next(running)
    send = running.send  # type: ignore[attr-defined]
    for _ in range(STEPS):
        x = reading()
        s.input_tensors("p", {"x": x})
        s.output_tensors("p", {"a": send(x)})


def counter_of_itertools(s: leapp_core.CaptureSession, last: int) -> None:
    ticks = itertools.count()
    for _ in range(STEPS):
        x = reading()
        s.input_tensors("p", {"x": x})
        k = next(ticks)
        s.output_tensors("p", {"a": act(x, x) if k < last else act(x, x) * 0})


class Runner:
    """Runs the loop in a method."""

    def __init__(self, last: int) -> None:
        self.k, self.last, self.z = 0, last, torch.zeros(1, 3)

    def tick(self, s: leapp_core.CaptureSession) -> None:
        x = reading()
        s.input_tensors("p", {"x": x})
        if self.k % self.last == self.last - 1:
            self.z = encoder(x)
        self.k += 1
        s.output_tensors("p", {"a": act(x, self.z)})


def method_of_a_runner(s: leapp_core.CaptureSession, last: int) -> None:
    runner = Runner(last)
    for _ in range(STEPS):
        runner.tick(s)


CHANGING = [
    encoded_now_and_then,
    encoded_after_the_outputs,
    counted_by_hand,
    written_in_place,
    stops_in_an_expression,
    stops_in_a_statement,
    gain_of_the_loop,
    counter_handed_over,
    counter_in_a_dictionary,
    counter_of_the_module,
    generator_that_counts,
    counter_of_itertools,
]


@pytest.mark.parametrize("last", few([10_000, 10], 1))
@pytest.mark.parametrize("loop", CHANGING, ids=lambda loop: loop.__name__)
def test_a_loop_that_changes_what_is_computed_is_refused(loop: Loop, last: int) -> None:
    with torch.no_grad(), leapp_core.capture("loop") as session:
        loop(session, last)
    with pytest.raises(CaptureError, match="decides what is computed") as caught:
        compile_graphs(session)
    assert caught.value.where is not None
    assert caught.value.fix


@pytest.mark.parametrize("last", [10, 10_000])
def test_a_method_that_is_all_of_a_step_is_followed(last: int, tmp_path: Path) -> None:
    with torch.no_grad(), leapp_core.capture("loop") as session:
        method_of_a_runner(session, last)
    assert assert_acts_as(session, lambda told: method_of_a_runner(told, last), tmp_path) == STEPS


@pytest.mark.parametrize("last", [10, 10_000])
def test_without_a_with_block(last: int) -> None:
    session = leapp_core.capture("loop")
    session.start()
    with torch.no_grad():
        for k in range(20):
            x = reading()
            session.input_tensors("p", {"x": x})
            a = act(x, x)
            session.output_tensors("p", {"a": a if k < last else a * 0})
    session.stop()
    with pytest.raises(CaptureError, match="decides what is computed"):
        compile_graphs(session)


class Robot:
    """Stands for an environment."""

    def __init__(self) -> None:
        self.t, self.q = 0, torch.zeros(1, 3)

    def reset(self) -> torch.Tensor:
        self.t, self.q = 0, torch.zeros(1, 3)
        return self.q

    def step(self, action: torch.Tensor) -> tuple[torch.Tensor, float, bool]:
        self.t += 1
        self.q = self.q * 0.9 + torch.cat([action, action[:, :1]], 1) * 0.1
        return self.q, 1.0, self.t >= 30


class Smooth:
    """A policy with state."""

    def __init__(self) -> None:
        self.last = torch.zeros(1, 2)

    def reset(self) -> None:
        self.last = torch.zeros(1, 2)

    def __call__(self, x: torch.Tensor, command: torch.Tensor) -> torch.Tensor:
        self.last = self.last * 0.5 + act(x, command)
        return self.last


def command_of_the_loop(s: leapp_core.CaptureSession) -> None:
    command = torch.zeros(1, 3)
    for k in range(STEPS):
        if k % 20 == 0:
            command = torch.randn(1, 3)
        x = reading()
        s.input_tensors("p", {"x": x, "command": command})
        s.output_tensors("p", {"a": act(x, command)})


def logs_now_and_then(s: leapp_core.CaptureSession) -> None:
    total, lines = 0.0, []
    for k in range(STEPS):
        x = reading()
        s.input_tensors("p", {"x": x})
        a = act(x, x)
        s.output_tensors("p", {"a": a})
        total += a.norm().item()
        if k % 30 == 29:
            lines.append(f"{k}: {total / (k + 1):.3f}")
        if k > 70 and not lines:
            break


def episodes_of_an_environment(s: leapp_core.CaptureSession) -> None:
    robot, smooth, returned = Robot(), Smooth(), 0.0
    observation = robot.reset()
    for k in range(STEPS):
        s.input_tensors("p", {"x": observation})
        action = act(observation, observation)
        s.output_tensors("p", {"a": action})
        observation, reward, done = robot.step(action)
        returned += reward
        if done or k % 40 == 39:
            observation = robot.reset()
            smooth.reset()


def readings_in_a_dictionary(s: leapp_core.CaptureSession) -> None:
    robot, smooth = Robot(), Smooth()
    for k in range(STEPS):
        command = torch.full((1, 3), 0.1 * (k // 10))
        observation = {"q": robot.q, "command": command}
        s.input_tensors("p", observation)
        action = smooth(observation["q"], observation["command"])
        s.output_tensors("p", {"a": action})
        with s.paused():
            robot.step(action)


def declared_in_a_helper(s: leapp_core.CaptureSession) -> None:
    def tick(observation: torch.Tensor) -> torch.Tensor:
        s.input_tensors("p", {"x": observation})
        action = act(observation, observation)
        s.output_tensors("p", {"a": action})
        return action

    robot = Robot()
    observation = robot.reset()
    for k in range(STEPS):
        action = tick(observation)
        observation, _, _ = robot.step(action)
        if k % 25 == 24:
            observation = torch.zeros(1, 3)


def while_with_a_bound(s: leapp_core.CaptureSession) -> None:
    k, done, robot = 0, False, Robot()
    while not done and k < STEPS:
        x = robot.q
        s.input_tensors("p", {"x": x})
        a = act(x, x)
        s.output_tensors("p", {"a": a})
        _, _, done = robot.step(a)
        k += 1


HEALTHY = [
    command_of_the_loop,
    logs_now_and_then,
    episodes_of_an_environment,
    readings_in_a_dictionary,
    declared_in_a_helper,
    while_with_a_bound,
]


@pytest.mark.parametrize("loop", HEALTHY, ids=lambda loop: loop.__name__)
def test_a_healthy_loop_is_captured(loop: Callable[[leapp_core.CaptureSession], None]) -> None:
    with torch.no_grad(), leapp_core.capture("loop") as session:
        loop(session)
    captured = compile_graphs(session)
    assert captured.spec.nodes
    assert captured.unproven == ()


SCRIPT = """
import torch, leapp_core

class Smooth:
    def __init__(self):
        self.gain, self.last = torch.tensor([2.0, 3.0]), torch.zeros(2)
    def step(self, x):
        k = 0.5
        self.last = self.last * k + x
        return self.last * self.gain

policy = Smooth()
with torch.no_grad(), leapp_core.capture("script") as session:
    for k in range(12):
        x = torch.full((2,), float(k // 4))
        session.input_tensors("p", {"x": x})
        y = policy.step(x)
        {line}
        session.output_tensors("p", {"y": y})
"""
"""The names of the loop are those of parameters and locals of functions, too."""


def run_script(folder: Path, line: str) -> leapp_core.CaptureSession:
    path = folder / "script.py"
    path.write_text(SCRIPT.replace("{line}", line), encoding="utf-8")
    session = runpy.run_path(str(path))["session"]
    assert isinstance(session, leapp_core.CaptureSession)
    return session


def test_a_script_without_functions_is_captured(tmp_path: Path) -> None:
    assert compile_graphs(run_script(tmp_path, "k % 5 == 0 and str(k)")).spec.nodes


def test_a_script_without_functions_is_followed(tmp_path: Path) -> None:
    with pytest.raises(CaptureError, match="the Python value k changes"):
        compile_graphs(run_script(tmp_path, "y = y if k < 5000 else y * 0"))
