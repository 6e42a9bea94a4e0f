"""User code runs as deep, and is compiled by others as ever, while its functions are rewritten."""

from __future__ import annotations

import contextlib
import functools
import gc
import importlib
import importlib.util
import sys
from pathlib import Path
from types import CodeType
from typing import Any

import pytest
import torch

import leapp_core
from leapp_core.tracing.record.recorder import TraceRecorder
from tests.loading import module_of
from tests.provenance.attacks import Counting


def deep(x: torch.Tensor, depth: int) -> torch.Tensor:
    return x if depth == 0 else deep(x, depth - 1)


class CallsItselfOften(Counting):
    def step(self, x):
        self.k += 1
        return deep(x, 700) * self.k


def njit(function: Any) -> Any:
    """Stands in for compilers that take a function's byte code when it is first called."""
    compiled: list[CodeType] = []

    @functools.wraps(function)
    def call(*args: Any) -> Any:
        compiled.append(function.__code__)
        assert all(type(c) in (int, float, str, type(None)) for c in function.__code__.co_consts)
        return function(*args)

    return call


@njit
def compiled_later(x: torch.Tensor) -> torch.Tensor:
    return x * 2 + 1


class CallsWhatIsCompiled(Counting):
    def step(self, x):
        self.k += 1
        return compiled_later(x) * self.k


def captured(program: Any) -> leapp_core.CaptureSession:
    with torch.no_grad(), leapp_core.capture("p", follow=True) as session:
        for _ in range(3):
            x = torch.ones(2)
            session.input_tensors("p", {"x": x})
            session.output_tensors("p", {"y": program.step(x)})
    return session


@pytest.mark.slow
def test_code_that_calls_itself_runs_as_deep() -> None:
    before = sys.getrecursionlimit()
    pipeline = captured(CallsItselfOften()).compile()
    assert [str(ref) for ref in pipeline.initial_values] == ["p/k_in"]
    assert sys.getrecursionlimit() == before


def test_functions_that_others_compile_stay_as_they_are() -> None:
    captured(CallsWhatIsCompiled()).compile()


def test_two_files_with_the_same_function_keep_their_own(tmp_path: Path) -> None:
    """Code objects are equal whatever file they are of: a script and its copy."""
    text = "class Program:\n    k = 0\n\n    def step(self, x):\n        self.k += 1\n        return x * self.k\n"
    programs = [module_of(tmp_path / f"{name}.py", text).Program for name in ("script", "copy_of_script")]
    before = [program.step.__code__ for program in programs]
    sessions = [captured(program()) for program in programs]
    for session, program, code in zip(sessions, programs, before, strict=True):
        assert program.step.__code__ is code
        assert [str(ref) for ref in session.compile().initial_values] == ["p/k_in"]


class MakesAFunction(Counting):
    made: Any = None

    def step(self, x):
        self.k += 1

        def scaled(y: torch.Tensor) -> torch.Tensor:
            return y * self.k

        type(self).made = scaled
        return scaled(x)


@pytest.mark.parametrize("fails", [False, True])
def test_functions_made_in_a_session_get_their_own_code_when_it_ends(fails: bool) -> None:
    """However it ends: those that the user's rewritten functions made, too."""
    program = MakesAFunction()
    with contextlib.suppress(KeyError), leapp_core.capture("p"):
        program.step(torch.ones(2))
        meanwhile = program.made.__code__
        if fails:
            raise KeyError("of the loop")
    assert meanwhile not in MakesAFunction.step.__code__.co_consts
    assert program.made.__code__ in MakesAFunction.step.__code__.co_consts


def test_what_two_modules_hold_in_one_registry_is_followed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "hidden_steps.py").write_text("def step(self):\n    self.k += 1\n", encoding="utf-8")
    (tmp_path / "registry.py").write_text("import hidden_steps\nSTEPS = [hidden_steps.step]\n", encoding="utf-8")
    (tmp_path / "other_user.py").write_text("import registry\nSTEPS = registry.STEPS\n", encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    user: Any = importlib.import_module("other_user")
    step = user.STEPS[0]
    monkeypatch.setitem(globals(), "the_user", user)
    before = step.__code__
    with leapp_core.capture("p"):
        assert step.__code__ is not before
    assert step.__code__ is before
    for name in ("hidden_steps", "registry", "other_user"):
        monkeypatch.delitem(sys.modules, name)


def test_a_session_that_is_gone_leaves_no_record() -> None:
    def records() -> int:
        gc.collect()
        return sum(type(thing) is TraceRecorder and bool(thing.events) for thing in gc.get_objects())

    before = records()
    captured(CallsItselfOften()).compile()
    assert records() <= before


FAR_AWAY = """
class Counter:
    def count(self):
        self.k += 1
"""


def test_a_file_that_only_a_local_name_leads_to_is_followed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A class whose first instance is made while the session is open, of a module that the loop loaded itself."""
    (tmp_path / "far_away.py").write_text(FAR_AWAY, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    kind = vars(importlib.import_module("far_away"))["Counter"]
    before = vars(kind)["count"].__code__
    with leapp_core.capture("p"):
        assert vars(kind)["count"].__code__ is not before
    assert vars(kind)["count"].__code__ is before
    monkeypatch.delitem(sys.modules, "far_away")


def test_files_that_the_loop_does_not_reach_stay_as_they_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "far_away.py").write_text(FAR_AWAY, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)

    def code() -> CodeType:
        count: Any = vars(vars(importlib.import_module("far_away"))["Counter"])["count"]
        return count.__code__  # type: ignore[no-any-return]

    before, reached = code(), CallsItselfOften.step.__code__
    with leapp_core.capture("p"):
        assert code() is before
        assert CallsItselfOften.step.__code__ is not reached
    monkeypatch.delitem(sys.modules, "far_away")
