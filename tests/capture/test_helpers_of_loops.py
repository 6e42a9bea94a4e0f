"""What a loop calls between inputs and outputs decides too, be it code that computes no tensor.

Each loop runs for 90 steps, of which five are recorded; what it changes comes within those steps or never.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch

import leapp_core
from leapp_core.errors import CaptureError
from tests.capture import modes_of_a_robot as modes
from tests.capture.told import assert_acts_as
from tests.tiers import few

NET = torch.nn.Linear(3, 3)
KP, SPEED, ticks = 20.0, 0.3, 0


class Smoother:
    def __init__(self) -> None:
        self.y = torch.zeros(1, 3)

    def reset_filter(self) -> None:
        self.y = torch.zeros(1, 3)

    def __call__(self, a: torch.Tensor) -> torch.Tensor:
        self.y = 0.8 * self.y + 0.2 * a
        return self.y


class Ramp:
    def __init__(self, last: int) -> None:
        self.n, self.last = 0, last

    def gain(self) -> float:
        self.n += 1
        return 1.0 if self.n < self.last else 0.5

    def is_over(self) -> bool:
        self.n += 1
        return self.n > self.last


class Controller:
    def __init__(self) -> None:
        self.gain = 1.0

    def soften(self) -> None:
        self.gain = 0.5

    def act(self, q: torch.Tensor) -> torch.Tensor:
        return self.gain * NET(q)


class Supervisor:
    def __init__(self, controller: Controller, last: int) -> None:
        self.controller, self.n, self.last = controller, 0, last

    def tick(self) -> None:
        self.n += 1
        if self.n > self.last:
            self.controller.gain = 0.5


class Timer:
    def __init__(self, last: int, then: Callable[[], None]) -> None:
        self.n, self.last, self.then = 0, last, then

    def tick(self) -> None:
        self.n += 1
        if self.n == self.last:
            self.then()


def on_tick(last: int) -> None:
    global ticks, KP
    ticks += 1
    if ticks == last:
        KP = 60.0


def counted_gain(last: int) -> float:
    global ticks
    ticks += 1
    return 1.0 if ticks < last else 0.5


def on_joystick(k: int, last: int) -> None:
    global SPEED
    if k == last:
        SPEED = 0.9


Loop = Callable[[leapp_core.CaptureSession, int], None]


def readings() -> Iterator[torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    for _ in range(90):
        yield torch.randn(1, 3, generator=generator)


def gain_of_an_object(session: leapp_core.CaptureSession, last: int) -> None:
    ramp = Ramp(last)
    for q in readings():
        session.input_tensors("policy", {"q": q})
        u = ramp.gain() * NET(q)
        session.output_tensors("policy", {"u": u})


def branch_on_an_object(session: leapp_core.CaptureSession, last: int) -> None:
    ramp = Ramp(last)
    for q in readings():
        session.input_tensors("policy", {"q": q})
        if ramp.is_over():  # noqa: SIM108 - as people write it
            u = torch.zeros(1, 3)
        else:
            u = NET(q)
        session.output_tensors("policy", {"u": u})


def supervisor_of_a_controller(session: leapp_core.CaptureSession, last: int) -> None:
    controller = Controller()
    supervisor = Supervisor(controller, last)
    for q in readings():
        session.input_tensors("policy", {"q": q})
        supervisor.tick()
        u = controller.act(q)
        session.output_tensors("policy", {"u": u})


def gain_of_the_module(session: leapp_core.CaptureSession, last: int) -> None:
    for q in readings():
        session.input_tensors("policy", {"q": q})
        u = counted_gain(last) * NET(q)
        session.output_tensors("policy", {"u": u})


def constant_of_the_module(session: leapp_core.CaptureSession, last: int) -> None:
    for q in readings():
        session.input_tensors("policy", {"q": q})
        on_tick(last)
        u = KP * (NET(q) - q)
        session.output_tensors("policy", {"u": u})


def constant_of_another_module(session: leapp_core.CaptureSession, last: int) -> None:
    for q in readings():
        session.input_tensors("policy", {"q": q})
        modes.on_tick(last)
        u = modes.KP * NET(q)
        session.output_tensors("policy", {"u": u})


def joystick_before_the_inputs(session: leapp_core.CaptureSession, last: int) -> None:
    for k, q in enumerate(readings()):
        on_joystick(k, last)
        session.input_tensors("policy", {"q": q})
        u = NET(q) * SPEED
        session.output_tensors("policy", {"u": u})


def filter_that_is_reset(session: leapp_core.CaptureSession, last: int) -> None:
    smoother = Smoother()
    for k, q in enumerate(readings()):
        session.input_tensors("policy", {"q": q})
        if k and k % last == 0:
            smoother.reset_filter()
        u = smoother(NET(q))
        session.output_tensors("policy", {"u": u})


def callback_of_a_timer(session: leapp_core.CaptureSession, last: int) -> None:
    controller = Controller()
    timer = Timer(last, controller.soften)
    for q in readings():
        session.input_tensors("policy", {"q": q})
        timer.tick()
        u = controller.act(q)
        session.output_tensors("policy", {"u": u})


def begin() -> None:
    """Put the module's numbers to what they begin with."""
    global ticks, KP, SPEED
    ticks, KP, SPEED = 0, 20.0, 0.3
    modes.reset()


def looped(loop: Loop, last: int, *, follow: bool = True) -> leapp_core.CaptureSession:
    """Run a loop from the beginning."""
    begin()
    with torch.no_grad(), leapp_core.capture("loop", follow=follow) as session:
        loop(session, last)
    return session


FOLLOWED = [
    gain_of_an_object,
    branch_on_an_object,
    supervisor_of_a_controller,
    gain_of_the_module,
    constant_of_the_module,
]
LOOPS = [
    joystick_before_the_inputs,
    filter_that_is_reset,
]


@pytest.mark.parametrize("last", [40, 1000])
@pytest.mark.parametrize("loop", LOOPS, ids=lambda loop: loop.__name__)
def test_what_a_helper_changes_is_refused(loop: Loop, last: int) -> None:
    session = looped(loop, last)
    with pytest.raises(CaptureError, match=r"decides what is computed|does not give output 'u' of step"):
        session.compile()


@pytest.mark.parametrize("last", few([40, 1000], 1))
@pytest.mark.parametrize("loop", FOLLOWED, ids=lambda loop: loop.__name__)
def test_what_a_helper_changes_is_part_of_the_program(loop: Loop, last: int, tmp_path: Path) -> None:
    session = looped(loop, last)
    begin()
    assert assert_acts_as(session, lambda told: loop(told, last), tmp_path) == 90


@pytest.mark.parametrize("last", few([40, 1000], 1))
def test_what_another_module_counts_is_part_of_the_program_or_refused(last: int, tmp_path: Path) -> None:
    """Which of both depends on what else the process has loaded."""
    session = looped(constant_of_another_module, last)
    try:
        session.compile()
    except CaptureError as error:
        assert "decides what is computed" in str(error)  # noqa: PT017
        return
    begin()
    assert assert_acts_as(session, lambda told: constant_of_another_module(told, last), tmp_path) == 90


def test_a_callback_that_a_counter_runs_is_told_or_refused() -> None:
    captured = looped(callback_of_a_timer, 1000, follow=False).compile()
    assert any("is given to code that cannot be followed" in text for text in captured.unproven)
    with pytest.raises(CaptureError, match="does not give output 'u' of step 39"):
        looped(callback_of_a_timer, 40, follow=False).compile()


class Stopwatch:
    """Counts for the log."""

    def __init__(self) -> None:
        self.n = 0
        self.lines: list[str] = []

    def tick(self, u: torch.Tensor) -> None:
        self.n += 1
        if self.n % 10 == 0:
            self.lines.append(f"{self.n}: {float(u.norm()):.3f}")


class World:
    """An environment with an episode counter of its own."""

    def __init__(self) -> None:
        self.n, self.state = 0, torch.zeros(1, 3)

    def read(self) -> torch.Tensor:
        return self.state + 0.1

    def step(self, u: torch.Tensor) -> bool:
        self.n += 1
        self.state = torch.tanh(self.state + 0.1 * u)
        if self.n >= 300:
            self.n, self.state = 0, torch.zeros(1, 3)
        return self.n == 0


def test_helpers_that_log_and_environments_that_count_are_captured() -> None:
    stopwatch, world, smoother = Stopwatch(), World(), Smoother()
    with torch.no_grad(), leapp_core.capture("loop") as session:
        for k in range(90):
            q = world.read()
            session.input_tensors("policy", {"q": q})
            u = smoother(NET(q))
            stopwatch.tick(u)
            session.output_tensors("policy", {"u": u})
            if world.step(u):
                smoother.reset_filter()
            if k % 50 == 0:
                stopwatch.lines.append("alive")
    captured = session.compile()
    assert captured.unproven == ()


def test_resets_between_steps_are_told() -> None:
    smoother = Smoother()
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad(), leapp_core.capture("loop") as session:
        for k in range(90):
            if k and k % 40 == 0:
                smoother.reset_filter()
            q = torch.randn(1, 3, generator=generator)
            session.input_tensors("policy", {"q": q})
            session.output_tensors("policy", {"u": smoother(NET(q))})
    captured = session.compile()
    assert captured.evidence.resets == (40, 80)
    assert any("steps 40, 80 began with initial state" in note for note in captured.notes)
