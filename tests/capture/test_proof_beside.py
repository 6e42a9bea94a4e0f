"""What runs beside the user's code: shaken inputs, memory put back, and what is said of it."""

from __future__ import annotations

import pytest
import torch

import leapp_core
from leapp_core.errors import CaptureError, UsageError
from leapp_core.tracing.session import CaptureSession

NET = torch.nn.Linear(3, 2)


class Robot:
    """Readings in memory that stays, and physics that must never see what shook them."""

    def __init__(self, limit: float = float("inf")) -> None:
        self._limit = limit
        self.reading = torch.zeros(1, 3)
        self.known: list[torch.Tensor] = []
        self.intact: list[bool] = []
        self._steps = torch.zeros(())

    def step(self, session: CaptureSession) -> None:
        """Make one control step."""
        with session.paused():
            self._steps += 1
            self.reading.copy_(torch.sin(self._steps) + torch.arange(3.0))
            before = self.reading.clone()
        session.input_tensors("policy", {"reading": self.reading})
        action = self.act(self.reading * 2.0)
        session.output_tensors("policy", {"action": action})
        self.intact.append(torch.equal(before, self.reading))

    def act(self, seen: torch.Tensor) -> torch.Tensor:
        """Compute an action."""
        return NET(seen)


def proved(robot: Robot, steps: int = 100) -> CaptureSession:
    session = leapp_core.capture("robot")
    with torch.no_grad(), session:
        for _ in range(5):
            robot.step(session)
        session.prove(lambda: robot.step(session), steps=steps)
    return session


def test_the_program_holds_on_shaken_readings_and_says_for_how_many() -> None:
    robot = Robot()
    evidence = proved(robot).compile().evidence
    assert evidence.watched == 101
    assert 70 < evidence.shaken < 100


def test_memory_that_outlives_the_step_holds_what_it_held_when_the_step_is_over() -> None:
    robot = Robot()
    proved(robot)
    assert len(robot.intact) == 106
    assert all(robot.intact)


def test_your_code_reads_what_is_shaken() -> None:
    seen: list[float] = []

    class Listening(Robot):
        def act(self, seen_now: torch.Tensor) -> torch.Tensor:
            seen.append(float(seen_now.detach().abs().max()))
            return NET(seen_now)

    session = leapp_core.capture("robot")
    robot = Listening()
    with torch.no_grad(), session:
        for _ in range(5):
            robot.step(session)
        session.prove(lambda: robot.step(session))
    assert max(seen[:5]) < 10.0
    assert max(seen) > 1000.0
    assert 0.0 in seen[5:]


def test_tensors_made_in_each_step_may_be_kept_by_reference() -> None:
    kept = [torch.zeros(1, 3)]
    session = leapp_core.capture("kept")

    def step() -> None:
        x = torch.randn(1, 3)
        session.input_tensors("policy", {"x": x})
        session.output_tensors("policy", {"action": NET(x + kept[0])})
        kept[0] = x

    with torch.no_grad(), session:
        for _ in range(5):
            step()
        session.prove(step)
    assert session.compile().evidence.watched == 101


def test_inputs_that_an_edge_feeds_are_not_shaken() -> None:
    session = leapp_core.capture("two")

    def step() -> None:
        x = torch.randn(1, 3)
        session.input_tensors("first", {"x": x})
        z = torch.tanh(x)
        session.output_tensors("first", {"z": z})
        session.input_tensors("second", {"z": z})
        session.output_tensors("second", {"action": NET(z)})

    with torch.no_grad(), session:
        for _ in range(5):
            step()
        session.prove(step)
    assert session.compile().evidence.watched == 101


def test_state_that_begins_anew_is_told_to_the_session() -> None:
    session = leapp_core.capture("episodes")
    hidden = [torch.zeros(1, 3)]
    count = [0]

    def step() -> None:
        x = torch.randn(1, 3)
        session.input_tensors("policy", {"x": x})
        hidden[0] = torch.tanh(hidden[0] + x)
        session.output_tensors("policy", {"action": NET(hidden[0])})
        with session.paused():
            count[0] += 1
            if count[0] % 17 == 0:
                hidden[0] = torch.zeros(1, 3)
                session.reset_state()

    with torch.no_grad(), session:
        for _ in range(5):
            step()
        session.prove(step)
    assert session.compile().evidence.watched == 101


def test_proof_stops_where_your_code_raises_and_says_so() -> None:
    session = leapp_core.capture("raises")

    def step() -> None:
        x = torch.randn(1, 3)
        session.input_tensors("policy", {"x": x})
        assert float(x.detach().abs().max()) < 500.0
        session.output_tensors("policy", {"action": NET(x)})

    with torch.no_grad(), session:
        for _ in range(5):
            step()
        made = session.prove(step)
    assert made < 20
    assert any("your code raises AssertionError" in text for text in session.compile().unproven)


def test_a_time_limit_is_kept_and_said() -> None:
    robot = Robot()
    session = leapp_core.capture("robot")
    with torch.no_grad(), session:
        for _ in range(5):
            robot.step(session)
        assert session.prove(lambda: robot.step(session), seconds=0.0) == 0
    assert any("0 of 100 shaken steps were made in 0 s" in text for text in session.compile().unproven)


def test_some_steps_are_made_whatever_time_they_take() -> None:
    robot = Robot()
    session = leapp_core.capture("robot")
    with torch.no_grad(), session:
        for _ in range(5):
            robot.step(session)
        assert session.prove(lambda: robot.step(session), seconds=0.0, least=50) == 50
    assert session.compile().evidence.watched == 51


def test_prove_needs_an_open_session() -> None:
    with pytest.raises(UsageError, match="prove needs an open session"):
        leapp_core.capture("closed").prove(lambda: None)


def test_a_step_that_declares_nothing_is_refused() -> None:
    session = leapp_core.capture("nothing")
    with session, pytest.raises(UsageError, match="declares no inputs and outputs"):
        session.prove(lambda: None)


def test_capture_step_records_and_proves_a_function() -> None:
    session = leapp_core.capture_step("net", lambda given: NET(given["obs"]), {"obs": torch.randn(1, 3)})
    captured = session.compile()
    assert captured.steps == {"policy": 5}
    assert captured.evidence.watched == 101
    assert [str(ref) for ref in captured.spec.outputs] == ["policy/output"]


def test_capture_step_refuses_what_counts_far() -> None:
    calls = iter(range(10_000))

    def step(given: dict[str, torch.Tensor]) -> torch.Tensor:
        return NET(given["obs"]) * GAINS[next(calls) // 60]

    with pytest.raises(CaptureError, match=r"of step 60|decides what is computed"):
        leapp_core.capture_step("counting", step, {"obs": torch.randn(1, 3)}).compile()


GAINS = (1.0, 2.0, 3.0)
