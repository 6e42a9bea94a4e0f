"""What is written through another name counts: a parameter, a local name, another object's attribute, a module.

Every program keeps a gain in a container and changes it late: five steps are recorded, the change comes after 75 or
when a reading exceeds what was recorded. What is written beside, and never read by the program, changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import leapp_core
from leapp_core.errors import CaptureError
from tests.capture.told import assert_acts_as

LATE = 75
Loop = Callable[[leapp_core.CaptureSession, list[np.ndarray]], None]
gains = {"kp": 10.0, "seen": 0}


class Controller:
    def __init__(self, gains: dict[str, float]) -> None:
        self.gains, self.n, self.kp = gains, 0, 10.0

    def act(self, q: Any) -> Any:
        return self.gains["kp"] * -q

    def act_soft(self, q: Any) -> Any:
        return self.kp * -q

    def poll(self) -> None:
        self.n += 1
        if self.n > LATE:
            self.kp = 5.0


class Supervisor:
    def __init__(self, limits: dict[str, float]) -> None:
        self.limits, self.n = limits, 0

    def check(self, q: Any) -> None:
        if np.abs(q).max() > 20:
            self.limits["kp"] = 0.0

    def tick(self) -> None:
        self.n += 1
        if self.n > LATE:
            self.limits["kp"] = 5.0

    def count(self, q: Any) -> None:
        if np.abs(q).max() > 20:
            self.limits["seen"] += 1


def steps(s: leapp_core.CaptureSession, readings: list[np.ndarray], act: Callable[[Any], Any]) -> None:
    for q in readings:
        now = {"q": q}
        s.input_tensors("p", now)
        s.output_tensors("p", {"u": act(now["q"])})


def through_a_parameter(s: leapp_core.CaptureSession, readings: list[np.ndarray]) -> None:
    def guard(table: dict[str, float], q: Any) -> None:
        if np.abs(q).max() > 20:
            table["kp"] = 0.0

    def act(q: Any) -> Any:
        guard(gains, q)
        return gains["kp"] * -q

    steps(s, readings, act)


def through_a_keyword_and_update(s: leapp_core.CaptureSession, readings: list[np.ndarray]) -> None:
    def guard(q: Any, table: dict[str, float]) -> None:
        if np.abs(q).max() > 20:
            table.update(kp=0.0)

    def act(q: Any) -> Any:
        guard(q, table=gains)
        return gains["kp"] * -q

    steps(s, readings, act)


def through_a_local_name(s: leapp_core.CaptureSession, readings: list[np.ndarray]) -> None:
    def act(q: Any) -> Any:
        table = gains
        if np.abs(q).max() > 20:
            table["kp"] = 0.0
        return gains["kp"] * -q

    steps(s, readings, act)


def through_another_object(s: leapp_core.CaptureSession, readings: list[np.ndarray]) -> None:
    shared = {"kp": 10.0}
    controller, supervisor = Controller(shared), Supervisor(shared)

    def act(q: Any) -> Any:
        supervisor.check(q)
        return controller.act(q)

    steps(s, readings, act)


def through_a_loop_over_objects(s: leapp_core.CaptureSession, readings: list[np.ndarray]) -> None:
    legs = [{"kp": 10.0} for _ in range(4)]

    def act(q: Any) -> Any:
        for leg, x in zip(legs, q, strict=True):
            if abs(x) > 20:
                leg["kp"] = 0.0
        return np.array([leg["kp"] for leg in legs]) * -q

    steps(s, readings, act)


def through_an_array(s: leapp_core.CaptureSession, readings: list[np.ndarray]) -> None:
    scale = np.ones(4)

    def guard(limits: Any, q: Any) -> None:
        if np.abs(q).max() > 20:
            limits[:] = 0.0

    def act(q: Any) -> Any:
        guard(scale, q)
        return scale * -q

    steps(s, readings, act)


def without_a_branch(s: leapp_core.CaptureSession, readings: list[np.ndarray]) -> None:
    kept = {"t": 0.0, "w": 1.0}

    def advance(table: dict[str, float]) -> None:
        table["t"] += 0.02
        table["w"] = max(0.0, min(1.0, 2.0 - table["t"]))

    def act(q: Any) -> Any:
        advance(kept)
        return -3.0 * q * kept["w"]

    steps(s, readings, act)


def before_the_inputs(s: leapp_core.CaptureSession, readings: list[np.ndarray]) -> None:
    controller = Controller({})
    for q in readings:
        controller.poll()
        now = {"q": q}
        s.input_tensors("p", now)
        s.output_tensors("p", {"u": controller.act_soft(now["q"])})


def after_the_outputs(s: leapp_core.CaptureSession, readings: list[np.ndarray]) -> None:
    shared = {"kp": 10.0}
    controller, supervisor = Controller(shared), Supervisor(shared)
    for q in readings:
        now = {"q": q}
        s.input_tensors("p", now)
        s.output_tensors("p", {"u": controller.act(now["q"])})
        supervisor.tick()


def beside_a_declared_entry(s: leapp_core.CaptureSession, readings: list[np.ndarray]) -> None:
    messages: dict[str, Any] = {"kp": 10.0}

    def spin(k: int) -> None:
        messages["q"] = readings[k]
        if k == LATE:
            messages["kp"] = 2.0

    for k in range(len(readings)):
        spin(k)
        s.input_tensors("p", {"q": messages["q"]})
        s.output_tensors("p", {"u": -messages["kp"] * messages["q"]})


def counts_what_it_sees(s: leapp_core.CaptureSession, readings: list[np.ndarray]) -> None:
    shared = {"kp": 10.0}
    controller, supervisor = Controller(shared), Supervisor({"seen": 0})

    def act(q: Any) -> Any:
        supervisor.count(q)
        return controller.act(q)

    steps(s, readings, act)


def an_environment_that_ends_episodes(s: leapp_core.CaptureSession, readings: list[np.ndarray]) -> None:
    class Environment:
        def __init__(self) -> None:
            self.t, self.q = 0, np.zeros(4)

        def step(self, u: Any) -> tuple[Any, float, bool]:
            self.t, self.q = self.t + 1, self.q * 0.9 + 0.1 * np.asarray(u)
            if self.t > LATE:
                self.t = 0
            return self.q, 1.0, self.t >= LATE

    environment, controller = Environment(), Controller({"kp": 10.0})
    q = readings[0]
    for extra in readings:
        s.input_tensors("p", {"q": q, "extra": extra})
        u = s.output_tensors("p", {"u": controller.act(q) + extra})
        q, _, done = environment.step(np.array(u))
        if done:
            q = np.zeros(4)


def captured(loop: Loop) -> leapp_core.CaptureSession:
    """Record five steps of a loop."""
    generator = np.random.default_rng(0)
    with leapp_core.capture("shared") as session:
        loop(session, [generator.normal(size=4) for _ in range(5)])
    return session


@pytest.mark.parametrize(
    "loop",
    [
        through_a_parameter,
        through_a_keyword_and_update,
        through_a_local_name,
        through_another_object,
        through_a_loop_over_objects,
        through_an_array,
        without_a_branch,
        beside_a_declared_entry,
    ],
    ids=lambda loop: loop.__name__,
)
def test_what_changes_late_is_refused(loop: Loop) -> None:
    session = captured(loop)
    with pytest.raises(CaptureError, match=r"changes from step to step|is used in Python"):
        session.compile()


@pytest.mark.parametrize("loop", [before_the_inputs, after_the_outputs], ids=lambda loop: loop.__name__)
def test_what_a_counter_changes_late_is_part_of_the_program(loop: Loop, tmp_path: Path) -> None:
    generator = np.random.default_rng(1)
    readings = [generator.normal(size=4) * (30 if k % 17 == 16 else 1) for k in range(2 * LATE)]
    assert assert_acts_as(captured(loop), lambda told: loop(told, readings), tmp_path) == 2 * LATE


@pytest.mark.parametrize("loop", [counts_what_it_sees, an_environment_that_ends_episodes], ids=lambda f: f.__name__)
def test_what_the_program_does_not_read_changes_nothing(loop: Loop) -> None:
    assert captured(loop).compile().spec.nodes
