"""Refusals name where a value comes from, and end with lines that hold when they are pasted."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

import leapp_core
from leapp_core.errors import CaptureError
from leapp_core.rewrites import SWITCH
from tests.rewrites import programs

SECONDS = "400"
"""Machines that run other things at the same time are slow."""


def refusal(program: Callable[[], None]) -> CaptureError:
    with pytest.raises(CaptureError, match="node 'policy'") as found:
        program()
    return found.value


@pytest.mark.parametrize(
    ("program", "line", "says", "fix"),
    [
        (programs.clock, "t = time.time() - began", "a clock", "read the clock before the step"),
        (programs.noise_of_python, "scale = 1 + 0.1 * random.random()", "random numbers", "use the mean"),
        (programs.noise_of_numpy, "noise = np.random.randn(4).astype(np.float32)", "random numbers", "use the mean"),
        (programs.item_in_arithmetic, "speed = q[0].item() * 2 + 1", "read out of a tensor", "leave .item()"),
        (programs.output_of_numbers, "roll = float(q[0]) * 2", "read out of a tensor", "leave .item()"),
        (programs.ramp, "self.count += 1", "counts on", "hold it in a tensor"),
        (programs.every_third_step, "if self.count % 3 == 0:", "decides it", "torch.where"),
        (programs.latch, "if q[0] > 1.0:", "", "torch.where"),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_a_refusal_names_where_the_value_comes_from(program: Callable[[], None], line: str, says: str, fix: str):
    found = refusal(program)
    assert "programs.py" in (found.where or "")
    assert line in (found.where or "")
    assert says in (found.where or "")
    assert fix in (found.fix or "")
    assert "session.input_tensors" not in (found.fix or "")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("program", "lines"),
    [
        (programs.clamp_by_if, ["q = torch.where(w < 0, -q, q)"]),
        (
            programs.every_third_step,
            ["self.count = torch.tensor(0)", "torch.where(self.count % 3 == 0, net(q),"],
        ),
        (
            programs.latch,
            ["self.fault = torch.tensor(False)", "return torch.where(self.fault, torch.zeros(4),"],
        ),
        (programs.argmax_of_a_list, ["torch.tensor(gains).index_select(0, q.argmax().reshape(1))[0]"]),
        (programs.networks_by_number, ["torch.stack([network(q) for network in networks.values()])"]),
        (programs.added_where_masked, ["q = np.where(q > 0, q + 1, q)"]),
        (programs.queue_refilled, ["self.queue_at = torch.tensor(0)", "self.queue_at = (self.queue_at + 1) % 3"]),
        (programs.item_in_arithmetic, ["speed = q[0] * 2 + 1"]),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_a_refusal_ends_with_lines_that_hold(program: Callable[[], None], lines: list[str], monkeypatch):
    monkeypatch.setenv(SWITCH, SECONDS)
    said = refusal(program).rewrite or ""
    assert [line for line in lines if line not in said] == []
    assert "recorded steps" in said


@pytest.mark.slow
def test_a_replay_reaches_nothing_outside(monkeypatch):
    sent = Path("/tmp/leapp-sent-to-the-robot")
    sent.unlink(missing_ok=True)
    monkeypatch.setenv(SWITCH, SECONDS)
    assert refusal(programs.sends_to_the_robot).rewrite is None
    assert len(sent.read_text(encoding="utf-8").splitlines()) == programs.STEPS
    sent.unlink()


def test_it_can_be_switched_off(monkeypatch):
    monkeypatch.setenv(SWITCH, "0")
    assert refusal(programs.clamp_by_if).rewrite is None


def test_a_fault_in_it_hides_no_refusal(monkeypatch):
    monkeypatch.setenv(SWITCH, "soon")
    found = refusal(programs.clamp_by_if)
    assert found.code == "LEAPP-C002"
    assert "no rewrite was tried: ValueError" in (found.fix or "")


def test_lines_keep_their_indentation_in_a_notebook_and_are_escaped():
    error = CaptureError("no", fix="other lines", code="C002")
    error.rewrite = "a.py, instead of line 3:\n        if x < 0:"
    assert "<pre>a.py, instead of line 3:\n        if x &lt; 0:</pre>" in error._repr_html_()
    assert "instead: a.py, instead of line 3:\n        if x < 0:" in str(error)


def moved(x: torch.Tensor) -> torch.Tensor:
    return x * 2 if x.sum().item() > 0 else -x


def test_what_the_frame_of_the_loop_decides_is_exact_in_a_function_and_the_refusal_says_so(monkeypatch):
    monkeypatch.setenv(SWITCH, SECONDS)
    with leapp_core.capture("loop") as session:
        for _ in range(5):
            x = torch.randn(1, 3)
            session.input_tensors("policy", {"x": x})
            y = x * 2 if x.sum().item() > 0 else -x
            session.output_tensors("policy", {"y": y})
    with pytest.raises(CaptureError, match="move the step into a function and call it in the loop"):
        session.compile()
    with leapp_core.capture("loop") as session:
        for _ in range(5):
            x = torch.randn(1, 3)
            session.input_tensors("policy", {"x": x})
            session.output_tensors("policy", {"y": moved(x)})
    session.compile()
