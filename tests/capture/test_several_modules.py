"""Programs whose tables lie in one module, are changed by another and read by a third, as projects are laid out."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import pytest
import torch

import leapp_core
from leapp_core.errors import CaptureError
from tests.capture.assembled import Assembled

PARAMS = "table = {'count': 0, 'scale': 1.0}\n"
POLICY = "import {p}\n\ndef act(x):\n    return x * {p}.table['scale']\n"
TICK = """
def tick(table):
    table["count"] += 1
    if table["count"] > 500:
        table["scale"] = 0.5
"""
LOG = """
def tick(table):
    table["count"] += 1
    if table["count"] > 500:
        print("a long episode")
"""
MAIN = """
import torch
import {p}, {s}, {a}
{more}

def run(session):
    for _ in range(8):
        x = torch.randn(3)
        session.input_tensors("p", {{"x": x}})
        y = {a}.act(x)
        {call}
        session.output_tensors("p", {{"y": y}})
"""


def session_of(folder: Path, name: str, tick: str, call: str, more: str = "") -> Any:
    """Write the modules of a program, run its loop, and return the session."""
    names = {"p": f"{name}_params", "s": f"{name}_safety", "a": f"{name}_policy"}
    files = {"p": PARAMS, "s": tick, "a": POLICY.format(**names)}
    for key, text in files.items():
        (folder / f"{names[key]}.py").write_text(text)
    filled = {**names, "call": call.format(**names), "more": more.format(**names)}
    (folder / f"{name}_main.py").write_text(MAIN.format(**filled))
    session = leapp_core.capture(name, "unused", max_cached_io=5)
    with torch.no_grad(), session:
        importlib.import_module(f"{name}_main").run(session)
    return session


@pytest.mark.parametrize(
    ("call", "more"),
    [
        ("{s}.tick({p}.table)", ""),
        ("tick({p}.table)", "from {s} import tick"),
        ("{s}.tick(table=table)", "from {p} import table"),
    ],
    ids=["through modules", "imported function", "imported table"],
)
def test_a_counter_in_a_table_of_another_module_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str, more: str
) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    session = session_of(tmp_path, f"several{abs(hash(call)) % 10**6}", TICK, call, more)
    with pytest.raises(CaptureError, match="table changes from step to step and decides"):
        session.compile()


def test_a_counter_that_only_tells_of_long_episodes_is_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    captured = session_of(tmp_path, "severallog", LOG, "{s}.tick({p}.table)").compile()
    x = torch.tensor([1.0, -2.0, 3.0])
    assert torch.equal(Assembled(captured)({"p/x": x})["p/y"], x)
    assert captured.unproven == ()
