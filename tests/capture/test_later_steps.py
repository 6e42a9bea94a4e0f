"""Loops that go on after the recorded steps: exact, refused with what differs, or recorded for longer by itself."""

from __future__ import annotations

import importlib
import re
import sys
from collections import deque
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

import leapp_core
from leapp_core.errors import CaptureError
from leapp_core.tracing.result import CapturedPipeline
from leapp_core.tracing.session import CaptureSession
from leapp_core.tracing.watch import Watch
from tests.capture.assembled import Assembled, worst_difference
from tests.tiers import few

ENCODER = torch.nn.Linear(3, 3)
NET = torch.nn.Linear(6, 2)
ZERO = torch.zeros(1, 3)

Policy = Callable[[torch.Tensor, int], torch.Tensor]


def loop(policy: Policy, session: CaptureSession, steps: int) -> None:
    """Drive a policy from a plain loop whose counter is its own."""
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad(), session:
        for k in range(steps):
            x = torch.randn(1, 3, generator=generator)
            session.input_tensors("policy", {"x": x})
            session.output_tensors("policy", {"action": policy(x, k)})


def assert_exact(captured: CapturedPipeline, policy: Policy, steps: int) -> None:
    """Compare with a fresh policy on inputs that nobody captured."""
    step = Assembled(captured)
    generator = torch.Generator().manual_seed(5)
    with torch.no_grad():
        for k in range(steps):
            x = torch.randn(1, 3, generator=generator)
            got = step({"policy/x": x})["policy/action"]
            assert worst_difference(policy(x, k), got) < 1e-4, f"step {k}"


class Latent:
    """A latent that the loop renews at certain steps."""

    def __init__(self, due: Callable[[int], bool]) -> None:
        self._due = due

    def __call__(self, x: torch.Tensor, k: int) -> torch.Tensor:
        z = ENCODER(x) if self._due(k) else ZERO
        return NET(torch.cat([x, z], 1))


DECISIONS: dict[str, Callable[[torch.Tensor, int, int], torch.Tensor]] = {
    "other branch": lambda x, k, n: NET(torch.cat([x, x], 1)) if k < n else torch.zeros(1, 2),
    "other number": lambda x, k, n: NET(torch.cat([x, x], 1)) * (1.0 if k < n else 0.5),
    "every n steps": lambda x, k, n: NET(torch.cat([x, ENCODER(x) if k % (n + 1) == n else ZERO], 1)),
    "whole part": lambda x, k, n: NET(torch.cat([x, x], 1)) + (k // n),
}


@pytest.mark.parametrize("threshold", few([5, 85, 6, 50, 10_000], 2))
@pytest.mark.parametrize("kind", DECISIONS)
def test_what_a_counter_of_the_loop_decides_is_refused_with_step_and_line(kind: str, threshold: int) -> None:
    session = leapp_core.capture("loop")
    loop(lambda x, k: DECISIONS[kind](x, k, threshold), session, max(90, threshold + 3))
    with pytest.raises(CaptureError, match=f"does not give output 'action' of step {threshold}: ") as refusal:
        session.compile()
    assert "test_later_steps.py" in str(refusal.value.where)


def test_the_refusal_names_port_element_values_line_and_steps_that_would_do() -> None:
    session = leapp_core.capture("loop")
    loop(lambda x, k: NET(torch.cat([x, ENCODER(x) if k % 10 == 9 else ZERO], 1)), session, 20)
    with pytest.raises(CaptureError, match="does not give output 'action' of step 9") as refusal:
        session.compile()
    error = refusal.value
    assert re.search(r"element [01] is -?\d+\.\d+, your code gives -?\d+\.\d+", error.message)
    assert "step 9 of your code calls linear at its beginning, unlike the recorded steps" in error.message
    assert "max_cached_io=11" in str(error.fix)
    assert "test_later_steps.py" in str(error.where)


def test_recording_as_long_as_the_refusal_says_names_the_branch() -> None:
    session = leapp_core.capture("loop", max_cached_io=11)
    loop(lambda x, k: NET(torch.cat([x, ENCODER(x) if k % 10 == 9 else ZERO], 1)), session, 20)
    with pytest.raises(CaptureError, match="Python branch or loop"):
        session.compile()


def test_steps_that_do_the_same_are_counted() -> None:
    session = leapp_core.capture("loop")
    loop(lambda x, k: NET(torch.cat([x, x], 1)), session, 90)
    captured = session.compile()
    assert captured.evidence.watched == 85
    assert len(captured.unproven) == 1
    assert re.search(
        r"value k .* given to code that cannot be followed .*held for 85 later steps", captured.unproven[0]
    )


def test_a_value_given_to_code_that_cannot_be_followed_is_refused_after_few_steps() -> None:
    session = leapp_core.capture("loop")
    loop(lambda x, k: NET(torch.cat([x, x], 1)), session, 20)
    with pytest.raises(CaptureError, match="value k changes from step to step and is given to code that") as e:
        session.compile()
    assert "let later steps settle it: 50 do, and 15 were seen" in (e.value.fix or "")


@pytest.mark.parametrize("kind", ["closure", "attribute"])
def test_a_value_given_to_a_function_that_only_has_the_name_of_another_is_refused(kind: str) -> None:
    """``delayed`` above has a function ``policy`` that decides nothing; which one is called here is not written."""

    class Runner:
        def __init__(self, policy: Policy) -> None:
            self.policy = policy

        def run(self, x: torch.Tensor, k: int) -> torch.Tensor:
            return self.policy(x, k)

    def wrapped(policy: Policy) -> Policy:
        def run(x: torch.Tensor, k: int) -> torch.Tensor:
            return policy(x, k)

        return run

    late: dict[str, Policy] = {"policy": lambda x, k: NET(torch.cat([x, x], 1)) * (2.0 if k > 10_000 else 1.0)}
    session = leapp_core.capture("loop")
    loop(wrapped(late["policy"]) if kind == "closure" else Runner(late["policy"]).run, session, 20)
    with pytest.raises(CaptureError, match=r"value k changes from step to step and (is given to code|decides)"):
        session.compile()


def test_watching_can_be_switched_off() -> None:
    session = leapp_core.capture("loop", watch=False)
    with torch.no_grad(), session:
        for _ in range(90):
            session.input_tensors("policy", {"x": (x := torch.randn(1, 3))})
            session.output_tensors("policy", {"action": ENCODER(x)})
    assert session.compile().evidence.watched == 0


class Command:
    """A command in memory that the loop writes from time to time; whether it matters is up to ``weight``."""

    def __init__(self, weight: float) -> None:
        self.command = torch.zeros(1, 3)
        self._weight = weight

    def __call__(self, x: torch.Tensor, k: int) -> torch.Tensor:
        if k == 40:
            self.command.fill_(1.0)
        return NET(torch.cat([x, self.command * self._weight], 1))


def test_a_command_that_changes_while_the_session_is_open_is_refused_by_name() -> None:
    session = leapp_core.capture("loop")
    loop(Command(1.0), session, 90)
    with pytest.raises(CaptureError, match=r"of step 40: .*which the program holds as a constant, changed") as refusal:
        session.compile()
    assert "input_tensors" in str(refusal.value.fix)
    assert "self.command * self._weight" in str(refusal.value.where)


def test_a_constant_that_changes_without_a_difference_is_listed() -> None:
    session = leapp_core.capture("loop")
    loop(Command(0.0), session, 90)
    captured = session.compile()
    assert captured.evidence.watched == 85
    assert any("changed after the recorded steps" in text for text in captured.unproven)


def test_a_constant_that_changes_without_a_difference_is_an_error_under_strict() -> None:
    session = leapp_core.capture("loop", strict=True)
    loop(Command(0.0), session, 90)
    with pytest.raises(CaptureError, match=r"strict: .*changed after the recorded steps"):
        session.compile()


class Queue:
    """The last ``length`` inputs, or the one ``length`` steps ago; the first values are one object, or several."""

    def __init__(self, length: int, *, shared: bool, delay: bool) -> None:
        first = [torch.zeros(1, 3)] * length if shared else [torch.zeros(1, 3) for _ in range(length)]
        self._queue = deque(first, maxlen=length)
        generator = torch.Generator().manual_seed(3)
        self._weight = torch.randn(3 if delay else 3 * length, 2, generator=generator)
        self._delay = delay

    def __call__(self, x: torch.Tensor, k: int) -> torch.Tensor:
        oldest = self._queue[0]
        self._queue.append(x.clone())
        return (oldest if self._delay else torch.cat(list(self._queue), 1)) @ self._weight


@pytest.mark.parametrize("length", few([8, 5, 20, 30], 1))
@pytest.mark.parametrize("delay", [False, True], ids=["history", "delay"])
@pytest.mark.parametrize("shared", [False, True], ids=["several objects", "one object"])
def test_a_queue_longer_than_the_recording_is_recorded_for_longer(length: int, delay: bool, shared: bool) -> None:
    session = leapp_core.capture("loop")
    loop(Queue(length, shared=shared, delay=delay), session, 90)
    captured = session.compile()
    assert length <= captured.steps["policy"] <= 40
    assert captured.evidence.watched == 90 - captured.steps["policy"]
    assert_exact(captured, Queue(length, shared=shared, delay=delay), 100)


@pytest.mark.parametrize("shared", [False, True], ids=["several objects", "one object"])
def test_a_queue_longer_than_the_loop_is_refused(shared: bool) -> None:
    session = leapp_core.capture("loop")
    policy = Queue(30, shared=shared, delay=False)
    with torch.no_grad(), session:
        for _ in range(20):
            session.input_tensors("policy", {"x": (x := torch.randn(1, 3))})
            session.output_tensors("policy", {"action": policy(x, 0)})
    with pytest.raises(CaptureError, match=r"history or delay longer than the recording|no recorded call made it"):
        session.compile()


@pytest.mark.parametrize("bounded", [True, False], ids=["full", "popped"])
def test_a_queue_exactly_as_long_as_the_loop_is_refused(bounded: bool) -> None:
    """Read before it is appended to, it has given its first values to every step, and holds none of them any more."""
    queue = deque([ZERO] * 4, maxlen=4 if bounded else None)
    session = leapp_core.capture("loop")
    with torch.no_grad(), session:
        for _ in range(4):
            session.input_tensors("policy", {"x": (x := torch.randn(1, 3))})
            oldest = queue[0] if bounded else queue.popleft()
            queue.append(x)
            session.output_tensors("policy", {"action": (x - oldest) @ torch.ones(3, 2)})
    with pytest.raises(CaptureError, match="a queue of 4 entries holds results of all 4 steps"):
        session.compile()


def test_a_delay_whose_first_value_lives_on_elsewhere_is_recorded_for_longer() -> None:
    def delayed() -> Policy:
        queue = deque([ZERO] * 5, maxlen=5)

        def policy(x: torch.Tensor, k: int) -> torch.Tensor:
            action = queue[0] @ torch.ones(3, 2)
            queue.append(x)
            return action

        return policy

    session = leapp_core.capture("loop")
    loop(delayed(), session, 90)
    captured = session.compile()
    assert captured.steps["policy"] == 10
    assert_exact(captured, delayed(), 40)


def test_recording_is_extended_up_to_a_limit() -> None:
    session = leapp_core.capture("loop", max_cached_io=3)
    loop(Queue(60, shared=False, delay=False), session, 90)
    assert session.steps == {"policy": 24}


class Recurrent:
    """State that an episode's end puts back outside the program, as control loops do."""

    def __init__(self, episode: int) -> None:
        self._episode = episode
        self.hidden = torch.zeros(1, 3)

    def __call__(self, x: torch.Tensor, k: int) -> torch.Tensor:
        if self._episode and k and k % self._episode == 0:
            self.hidden = torch.zeros(1, 3)
        self.hidden = torch.tanh(ENCODER(x) + self.hidden)
        return NET(torch.cat([x, self.hidden], 1))


def test_an_episode_that_begins_with_initial_state_is_no_difference() -> None:
    session = leapp_core.capture("loop")
    loop(Recurrent(30), session, 90)
    captured = session.compile()
    assert captured.evidence.resets == (30, 60)
    assert captured.evidence.watched == 85
    assert_exact(captured, Recurrent(0), 40)


def test_rows_of_a_batch_that_begin_anew_are_no_difference() -> None:
    session = leapp_core.capture("loop")
    hidden = torch.zeros(4, 3)
    ended: list[list[int]] = [[] for _ in range(60)]  # rows whose episode an environment ended
    ended[20], ended[41] = [0], [1]
    with torch.no_grad(), session:
        for rows in ended:
            x = torch.randn(4, 3)
            if rows:
                hidden[rows] = 0.0
            session.input_tensors("policy", {"x": x})
            hidden = torch.tanh(ENCODER(x) + hidden)
            session.output_tensors("policy", {"action": NET(torch.cat([x, hidden], 1))})
    assert session.compile().evidence.resets == (20, 41)


def test_what_feeds_an_edge_must_be_what_fed_it_before() -> None:
    session = leapp_core.capture("loop")
    with torch.no_grad(), session:
        for scale in [1.0] * 17 + [0.5] * 13:
            session.input_tensors("encoder", {"x": (x := torch.randn(1, 3))})
            z = ENCODER(x)
            session.output_tensors("encoder", {"z": z})
            if scale != 1.0:
                z = z * scale
            session.input_tensors("policy", {"z": z})
            session.output_tensors("policy", {"action": z @ torch.ones(3, 2)})
    with pytest.raises(CaptureError, match=r"does not give input 'z' of step 17: .*what feeds it is another value"):
        session.compile()


def test_what_a_session_keeps_of_later_steps_is_bounded_and_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("leapp_core.tracing.watch.MAX_STEPS", 20)
    session = leapp_core.capture("loop")
    with torch.no_grad(), session:
        for _ in range(90):
            session.input_tensors("policy", {"x": (x := torch.randn(1, 3))})
            session.output_tensors("policy", {"action": ENCODER(x)})
    captured = session.compile()
    assert captured.evidence.watched + captured.evidence.dropped == 85
    assert captured.evidence.watched == 20
    assert any("later steps were not compared" in text for text in captured.unproven)


def test_bytes_that_a_session_keeps_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("leapp_core.tracing.watch.MAX_BYTES", 1000)
    watch = Watch()
    for _ in range(100):
        watch.begin("policy")
        watch.add("policy", "input", [("x", torch.zeros(10))])
        watch.add("policy", "output", [("y", torch.zeros(10))])
    assert watch.length == 13
    assert watch.dropped == {"policy": 87}


def test_inputs_declared_in_paused_code_are_not_watched() -> None:
    session = leapp_core.capture("loop")
    with torch.no_grad(), session:
        for _ in range(10):
            session.input_tensors("policy", {"x": (x := torch.randn(1, 3))})
            session.output_tensors("policy", {"action": ENCODER(x)})
            with session.paused():
                session.input_tensors("policy", {"x": torch.full((1, 3), 7.0)})
    assert session.compile().evidence.watched == 5


COUNTING_PACKAGE = """
class Meter:
    def __init__(self):
        self.ticks = 0

    def read(self, x):
        self.ticks += 1
        return x * 2 if self.ticks < 10_000 else x
"""


@pytest.mark.parametrize("steps", [20, 90])
def test_what_an_installed_package_counts_is_settled_by_later_steps(
    steps: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "counting_package.py").write_text(COUNTING_PACKAGE, encoding="utf-8")
    monkeypatch.setattr("leapp_core.tracing.source.callsite._INSTALLED", (str(tmp_path),))
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "counting_package", raising=False)
    meter = importlib.import_module("counting_package").Meter()
    session = leapp_core.capture("loop", follow=False)  # all but that package would count as the user's
    with torch.no_grad(), session:
        for _ in range(steps):
            session.input_tensors("policy", {"x": (x := torch.randn(1, 3))})
            session.output_tensors("policy", {"action": meter.read(ENCODER(x))})
    if steps == 20:
        with pytest.raises(CaptureError, match=r"value self.ticks changes from step to step and decides"):
            session.compile()
        return
    captured = session.compile()
    assert captured.unproven == ()
    assert any("self.ticks" in note and "held for 85 later steps" in note for note in captured.notes)
