"""Programs with the bookkeeping of real robot code around them: none of it may be refused, whatever else lives."""

from __future__ import annotations

import importlib
import pkgutil
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import leapp_core
from leapp_core.errors import CaptureError
from tests.capture import healthy
from tests.capture.case import Case
from tests.capture.harness import capture_case, check_program, compare, run_eagerly
from tests.capture.healthy import playing, scripts
from tests.tiers import spread


def _cases() -> list[Case]:
    names = [info.name for info in pkgutil.iter_modules(healthy.__path__)]
    modules = [importlib.import_module(f"{healthy.__name__}.{name}") for name in sorted(names)]
    return [value for module in modules for value in vars(module).values() if isinstance(value, Case)]


class Bystander:
    """An object of another part of the process with numbers under the names that programs have for tensors."""

    def __init__(self, number: float) -> None:
        names = "value count level mean buffer h n k state total phase step pointer scale last_action episode calls"
        self.__dict__.update(dict.fromkeys(names.split(), number))


@pytest.fixture(scope="module", autouse=True)
def bystanders() -> list[Bystander]:
    return [Bystander(number) for number in (3, 2.5)]


@pytest.mark.parametrize("case", spread(_cases(), 24), ids=lambda case: case.name)
def test_captured(case: Case) -> None:
    eager = run_eagerly(case, case.steps + 6)
    captured, seen = capture_case(case, eager)
    for step, (wanted, got) in enumerate(zip(eager.outputs, seen, strict=False)):
        compare(step, wanted, got, 0.0)
    check_program(captured, eager, case.tolerance)


@pytest.mark.parametrize("script", spread([*scripts.SCRIPTS, *playing.SCRIPTS], 8), ids=lambda script: script.__name__)
def test_scripts_are_captured(script: Callable[[], leapp_core.CaptureSession]) -> None:
    assert script().compile().spec.nodes


@pytest.mark.slow
@pytest.mark.parametrize("module", [scripts, playing], ids=["scripts", "playing"])
@pytest.mark.parametrize("file", ["<string>", "cell.py"])
def test_scripts_without_source(file: str, module: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    """They are captured, or told that their source is missing: what they do with a value that changes is not seen."""
    typed = ModuleType("typed")
    monkeypatch.setitem(sys.modules, "typed", typed)  # dataclasses look for the module of their class
    names: dict[str, Any] = vars(typed)
    exec(compile(Path(str(module.__file__)).read_text(encoding="utf-8"), file, "exec"), names)
    refused = []
    for script in names["SCRIPTS"]:
        session = script()
        try:
            session.compile()
        except CaptureError as refusal:
            refused.append(refusal)
    assert all("is read by code whose source is not there" in refusal.message for refusal in refused)
    assert len(refused) < len(names["SCRIPTS"])
