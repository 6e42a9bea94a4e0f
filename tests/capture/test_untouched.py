"""Capture leaves the user's program as it is."""

from __future__ import annotations

import contextlib
import copy
import traceback
import weakref
from collections.abc import Callable
from contextlib import AbstractContextManager

import numpy as np
import pytest
import torch
from torch import nn
from torch.utils._python_dispatch import _get_current_dispatch_mode_stack

import leapp_core
from leapp_core.errors import CaptureError, UsageError
from leapp_core.tracing.session import CaptureSession


class Policy(nn.Module):
    """Reads, writes and keeps things in every way."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.net = nn.Sequential(nn.Linear(12, 8), nn.BatchNorm1d(8), nn.ELU(), nn.Linear(8, 3)).eval()
        self.gru = nn.GRUCell(3, 4)
        self.register_buffer("history", torch.zeros(4, 3))
        self.register_buffer("count", torch.zeros((), dtype=torch.int64), persistent=False)
        self.hidden = torch.zeros(1, 4)
        self.array = np.zeros(3, dtype=np.float32)
        self.names = ["a", "b"]

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.history[:-1] = self.history[1:].clone()
        self.history[-1] = x[0]
        self.count += 1
        self.hidden = self.gru(x, self.hidden)
        action = self.net(self.history.reshape(1, -1)) + self.hidden[:, :3]
        self.array[:] = action.detach().numpy()[0]
        return action


def everything(policy: Policy) -> dict[str, object]:
    """Return all of a policy: parameters, buffers, attributes, with their types."""
    found: dict[str, object] = {f"state.{k}": v.clone() for k, v in policy.state_dict().items()}
    found |= {f"buffer.{k}": v.clone() for k, v in policy.named_buffers()}
    found |= {f"type.{k}": type(v) for k, v in [*policy.named_parameters(), *policy.named_buffers()]}
    found |= {f"grad.{k}": v.requires_grad for k, v in policy.named_parameters()}
    found |= {"hidden": policy.hidden.clone(), "hidden.type": type(policy.hidden), "array": policy.array.copy()}
    return found | {"array.type": type(policy.array), "names": list(policy.names)}


def same(first: dict[str, object], second: dict[str, object]) -> bool:
    """Tell whether two policies are equal bit for bit."""

    def equal(a: object, b: object) -> bool:
        if isinstance(a, torch.Tensor) and isinstance(b, torch.Tensor):
            return a.dtype == b.dtype and torch.equal(a, b)
        if isinstance(a, np.ndarray) and isinstance(b, np.ndarray):
            return a.dtype == b.dtype and bool((a == b).all())
        return a == b

    return first.keys() == second.keys() and all(equal(first[key], second[key]) for key in first)


def drive(policy: Policy, steps: int, session: CaptureSession | None = None, fail_at: int = -1) -> list[torch.Tensor]:
    """Run some steps, perhaps in a session, perhaps into an error."""
    generator = torch.Generator().manual_seed(1)
    results: list[torch.Tensor] = []
    for step in range(steps):
        x = torch.randn(1, 3, generator=generator)
        if session is not None:
            session.input_tensors("policy", {"x": x})
        action = policy(x)
        if step == fail_at:
            raise ZeroDivisionError("the simulator failed")
        if session is not None:
            session.output_tensors("policy", {"action": action})
        results.append(action.clone())
    return results


CONTEXTS = {
    "plain": contextlib.nullcontext,
    "no_grad": torch.no_grad,
    "inference_mode": torch.inference_mode,
}


@pytest.mark.parametrize("context", CONTEXTS)
def test_results_and_everything_kept_are_bit_identical(context: str) -> None:
    with CONTEXTS[context]():
        plain, captured = Policy(), Policy()
        wanted = drive(plain, 6)
        with leapp_core.capture("untouched") as session:
            got = drive(captured, 6, session)
        assert all(torch.equal(a, b) for a, b in zip(wanted, got, strict=True))
        assert same(everything(plain), everything(captured))
    assert session.compile().steps["policy"] >= 3


@pytest.mark.parametrize("context", CONTEXTS)
def test_so_they_are_after_an_exception(context: str) -> None:
    with CONTEXTS[context]():
        plain, captured = Policy(), Policy()
        with pytest.raises(ZeroDivisionError, match="simulator"):
            drive(plain, 6, fail_at=2)
        with pytest.raises(ZeroDivisionError, match="simulator"), leapp_core.capture("untouched") as session:
            drive(captured, 6, session, fail_at=2)
        assert same(everything(plain), everything(captured))
        assert all(torch.equal(a, b) for a, b in zip(drive(plain, 3), drive(captured, 3), strict=True))
    assert not session.recording


def patched_places() -> dict[str, object]:
    """Return what an intrusive tool would replace."""
    places = {f"torch.{n}": getattr(torch, n) for n in ("add", "cat", "zeros", "tensor", "from_numpy", "where")}
    places |= {f"Tensor.{n}": getattr(torch.Tensor, n) for n in ("numpy", "__getitem__", "copy_", "item", "__array__")}
    places |= {f"np.{n}": getattr(np, n) for n in ("add", "concatenate", "zeros", "clip", "where", "asarray")}
    return places | {"onnx": torch.onnx.export, "module": nn.Module.__call__, "script": torch.jit.script}


@pytest.mark.parametrize("fail_at", [-1, 1])
def test_nothing_stays_patched(fail_at: int) -> None:
    before, modes = patched_places(), len(_get_current_dispatch_mode_stack())
    expected = pytest.raises(ZeroDivisionError, match="simulator") if fail_at >= 0 else contextlib.nullcontext()
    with expected, leapp_core.capture("untouched") as session:
        drive(Policy(), 3, session, fail_at)
    assert patched_places() == before
    assert len(_get_current_dispatch_mode_stack()) == modes
    x = torch.randn(2, requires_grad=True)
    (x * 2).sum().backward()
    assert torch.equal(x.grad, torch.full((2,), 2.0))


def test_the_policy_can_be_copied_trained_and_captured_again() -> None:
    policy = Policy()
    for _ in range(2):
        with torch.no_grad(), leapp_core.capture("again") as session:
            drive(policy, 3, session)
        assert session.compile().name == "again"
    twin = copy.deepcopy(policy)
    twin.hidden = twin.hidden.detach()
    twin.net(torch.randn(4, 12)).sum().backward()
    assert all(parameter.grad is not None for parameter in twin.net.parameters())


def test_a_second_session_inside_the_first_is_refused() -> None:
    with (
        leapp_core.capture("outer"),
        pytest.raises(CaptureError, match="active already; sessions do not nest"),
        leapp_core.capture("inner"),
    ):
        pass
    assert not _get_current_dispatch_mode_stack()


def test_a_closed_session_takes_no_more() -> None:
    with leapp_core.capture("closed") as session:
        drive(Policy(), 3, session)
    with pytest.raises(UsageError, match="session is not open"):
        session.input_tensors("policy", {"x": torch.zeros(1, 3)})
    with pytest.raises(UsageError, match="used already"):
        session.start()


def test_one_step_is_reported_and_strictly_refused() -> None:
    for strict in (False, True):
        with torch.no_grad(), leapp_core.capture("short", strict=strict) as session:
            x = session.input_tensors("policy", {"x": torch.ones(1, 3)})
            session.output_tensors("policy", {"y": x * 2})
        if strict:
            with pytest.raises(CaptureError, match=r"strict: .*one step"):
                session.compile()
        else:
            assert "one step was captured" in session.compile().unproven[0]


@pytest.mark.parametrize("context", [torch.no_grad, torch.enable_grad, torch.inference_mode])
def test_one_step_of_what_keeps_nothing_is_captured(context: Callable[[], AbstractContextManager[None]]) -> None:
    net = nn.Sequential(nn.Linear(3, 4), nn.ELU(), nn.Linear(4, 2))
    with context(), leapp_core.capture("short") as session:
        x = session.input_tensors("policy", {"x": torch.ones(1, 3)})
        session.output_tensors("policy", {"y": (net(x * 2) + 1).clamp(-1, 1)})
        del x
    assert "one step was captured" in session.compile().unproven[0]


def test_one_step_of_what_keeps_a_result_is_refused() -> None:
    with torch.no_grad(), leapp_core.capture("short") as session:
        x = session.input_tensors("policy", {"x": torch.ones(1, 3)})
        kept = x * 2
        session.output_tensors("policy", {"y": kept + 1})
    with pytest.raises(CaptureError, match=r"depends on its inputs is kept by your code"):
        session.compile()
    assert kept.sum() == 6


def test_steps_beyond_the_limit_run_unrecorded() -> None:
    policy = Policy()
    with torch.no_grad(), leapp_core.capture("long", max_cached_io=3) as session:
        drive(policy, 40, session)
    captured = session.compile()
    assert captured.steps["policy"] == 3
    assert int(policy.count) == 40


def test_a_refusal_that_is_kept_keeps_nothing_else_alive() -> None:
    class Bystander:
        """Lives beside, on its own."""

    bystander = Bystander()
    gone = weakref.ref(bystander)
    policy = Policy()
    with leapp_core.capture("refused") as session, torch.no_grad():
        for _ in range(3):
            x = torch.randn(1, 12)
            session.input_tensors("policy", {"x": x})
            session.output_tensors("policy", {"y": policy.net(x) * float(x.sum())})
    with pytest.raises(CaptureError, match="a Python value given to mul changes") as refused:
        session.compile()
    assert len(traceback.extract_tb(refused.value.__traceback__)) == 2  # of this test and of compile
    del bystander
    assert gone() is None
    with pytest.raises(CaptureError, match="a Python value given to mul changes"):
        session.compile()  # what was refused stays refused, whatever is gone by now
