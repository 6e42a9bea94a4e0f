"""The loop around a policy: what is sent, what is not, and how it ends."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Iterator, Mapping

import numpy as np
import pytest

from leapp_core.errors import LimitError, RuntimeInputError, UsageError
from leapp_core.runtime import Controller, FunctionAdapter, Limits, PolicyRuntime, Reading, load
from tests.control.arm import BUNDLE, SAFE, arm_policy, readings


class Clock:
    """Time that passes only when it is told to."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


class Script:
    """A robot whose readings are written down beforehand; one entry a beat, an error is raised."""

    def __init__(self, entries: list[Reading | Exception | None], clock: Clock, step_s: float = 0.0) -> None:
        self._entries: Iterator[Reading | Exception | None] = iter(entries)
        self._clock, self._step = clock, step_s
        self.sent: list[tuple[int, dict[str, np.ndarray]]] = []
        self.last: list[Mapping[str, np.ndarray] | None] = []

    def read(self) -> Reading | None:
        self._clock.now += self._step
        entry = next(self._entries, None)
        if isinstance(entry, Exception):
            raise entry
        return entry

    def write(self, outputs: Mapping[str, np.ndarray], reading: Reading) -> None:
        self.sent.append((reading.number, dict(outputs)))

    def stop(self, outputs: Mapping[str, np.ndarray] | None) -> None:
        self.last.append(outputs)


def reading(number: int, taken: float = 100.0, session: int = 1, **changed: np.ndarray) -> Reading:
    return Reading({**readings(number), **changed}, taken, session, number)


def policy(clock: Clock, **how: object) -> PolicyRuntime:
    return arm_policy(clock=clock, **how)


NAN = np.full((1, 3), np.nan, np.float32)


def test_answers_are_those_of_the_policy() -> None:
    clock, plain = Clock(), load(BUNDLE)
    script = Script([reading(n) for n in range(1, 6)], clock)
    report = Controller(policy(clock), script).run(steps=5)
    assert (report.beats, report.made, report.ended) == (5, 5, "steps")
    for number, outputs in script.sent:
        expected = plain.step(readings(number))
        assert all(np.array_equal(outputs[name], expected[name]) for name in expected)
    (last,) = script.last
    assert last is not None
    np.testing.assert_array_equal(last["joint_targets"], np.zeros((1, 3), np.float32))


def test_nothing_is_sent_before_the_first_reading() -> None:
    clock = Clock()
    script = Script([None, None, reading(1)], clock)
    report = Controller(policy(clock), script).run(steps=3)
    assert (report.silent, report.made, len(script.sent)) == (2, 1, 1)


def test_a_reading_is_used_again_until_it_is_too_old() -> None:
    clock = Clock()
    script = Script([reading(1, taken=100.04)], clock, step_s=0.04)
    report = Controller(policy(clock, max_age=0.1), script).run(steps=6)
    # At ages of 0, 40 and 80 ms a step is made; after that the last command is held.
    assert (report.made, report.instead) == (3, 3)
    assert report.faults == {"LEAPP-R011": 3}
    held = [outputs["joint_targets"] for _, outputs in script.sent[2:]]
    assert all(np.array_equal(held[0], other) for other in held)


@pytest.mark.parametrize(
    ("bad", "code"),
    [
        (reading(2, joint_pos=NAN), "LEAPP-R011"),
        (reading(2, joint_vel=np.full((1, 3), 1e3, np.float32)), "LEAPP-R011"),
        (reading(2, joint_pos=np.zeros((1, 4), np.float32)), "LEAPP-R004"),
        (reading(2, joint_pos=np.zeros((1, 3))), "LEAPP-R003"),
        (reading(2, taken=99.0), "LEAPP-R011"),
        (RuntimeInputError("a damaged message came", code="R015"), "LEAPP-R015"),
    ],
)
def test_a_bad_reading_makes_no_step_and_no_unsafe_command(bad: Reading | Exception, code: str) -> None:
    clock = Clock()
    script = Script([reading(1), bad, reading(3)], clock)
    runtime = policy(clock)
    report = Controller(runtime, script).run(steps=3)
    assert list(report.faults) == [code]
    assert report.beats == report.made + report.instead == 3
    assert all(np.isfinite(value).all() for _, outputs in script.sent for value in outputs.values())
    if not isinstance(bad, Exception):  # the state went on as if it had never come
        plain = load(BUNDLE)
        plain.step(readings(1))
        np.testing.assert_array_equal(script.sent[2][1]["joint_targets"], plain.step(readings(3))["joint_targets"])


def test_where_nothing_can_be_held_nothing_is_sent() -> None:
    clock = Clock()
    script = Script([reading(1, joint_pos=NAN), reading(2)], clock)
    report = Controller(policy(clock, safe={}), script).run(steps=2)
    assert (report.silent, report.made) == (1, 1)
    assert script.last == [None]


def test_a_robot_that_was_started_again_resets_the_policy_and_a_fault() -> None:
    clock = Clock()
    entries = [reading(1), reading(2, joint_pos=NAN), reading(3), reading(1, session=2)]
    script = Script(entries, clock)
    report = Controller(policy(clock, latch=True), script).run(steps=4)
    assert (report.made, report.instead, report.sessions) == (2, 2, 2)
    np.testing.assert_array_equal(script.sent[0][1]["joint_targets"], script.sent[3][1]["joint_targets"])


def test_with_raise_the_loop_ends_after_something_safe() -> None:
    clock = Clock()
    script = Script([reading(1), reading(2, joint_pos=NAN)], clock)
    with pytest.raises(LimitError, match="input 'joint_pos' is nan"):
        Controller(policy(clock, on_violation="raise"), script).run()
    assert len(script.sent) == 1
    assert [last is not None for last in script.last] == [True]


def test_an_adapter_that_fails_ends_the_loop_after_something_safe() -> None:
    clock = Clock()
    script = Script([reading(1), ValueError("the bus is gone")], clock)
    with pytest.raises(ValueError, match="the bus is gone"):
        Controller(policy(clock), script).run()
    assert len(script.last) == 1


def test_it_is_stopped_from_another_thread_and_by_time() -> None:
    sent: list[Mapping[str, np.ndarray]] = []
    controller = Controller(arm_policy(), FunctionAdapter(readings, sent.append))
    timer = threading.Timer(0.2, controller.stop)
    timer.start()
    report = controller.run()
    timer.join()
    assert report.ended == "stopped"
    assert report.made > 1
    assert len(sent) == report.made + 1  # and the safe outputs
    again = Controller(arm_policy(), FunctionAdapter(lambda: None, sent.append)).run(seconds=0.05)
    assert again.ended == "seconds"
    assert again.silent == again.beats


def test_a_policy_without_a_limit_of_age_is_refused() -> None:
    adapter = FunctionAdapter(readings, lambda _: None)
    for limits in (None, Limits()):
        with pytest.raises(UsageError, match="no limit for the age of readings"):
            Controller(load(BUNDLE, limits=limits), adapter)


def test_the_report_is_plain() -> None:
    report = Controller(arm_policy(), FunctionAdapter(readings, lambda _: None)).run(steps=2)
    facts = report.as_dict()
    assert facts["rate"] == dataclasses.asdict(report.rate)
    assert facts["rate"]["frequency"] == 1000.0


def test_safe_outputs_are_copies() -> None:
    runtime = arm_policy()
    assert runtime.limits is not None
    assert runtime.rate == 1000.0
    safe = runtime.safe_outputs
    assert safe is not None
    safe["kd"][...] = 9.0
    again = runtime.safe_outputs
    assert again is not None
    np.testing.assert_array_equal(again["kd"], np.full((1, 3), SAFE["kd"], np.float32))
    assert load(BUNDLE).safe_outputs is None
