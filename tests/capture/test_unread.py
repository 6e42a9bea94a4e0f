"""Code whose source is not there: what cannot be followed is refused."""

from __future__ import annotations

import linecache
import subprocess
import sys
import zipfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from leapp_core import capture
from leapp_core.errors import CaptureError

POLICY = """
import time
import torch
from dataclasses import dataclass, field

net = torch.nn.Linear(3, 3)

@dataclass
class Log:
    entries: int = 0
    times: list = field(default_factory=list)

class Policy:
    def __init__(self):
        self.steps = 0
        self.log = Log()
        self.state = torch.zeros(1, 3)

    def step(self, x):
        self.steps += 1
        self.log.entries += 1
        self.state = self.state * 0.5 + x
        {line}
        return net(self.state)

    def late(self):
        return self.steps > 100
"""
NOT_THERE = "whose source is not there, so what it decides cannot be told"


def made(line: str, file: str = "<typed>") -> Any:
    names: dict[str, Any] = {"__name__": __name__}
    exec(compile(POLICY.replace("{line}", line), file, "exec"), names)
    return names["Policy"]()


def run(policy: Any) -> Any:
    with torch.no_grad(), capture("typed") as session:
        for _ in range(4):
            x = torch.randn(1, 3)
            session.input_tensors("policy", {"x": x})
            session.output_tensors("policy", {"y": policy.step(x)})
    return session.compile()


def test_what_reads_nothing_that_changes_is_captured() -> None:
    assert run(made("pass")).steps["policy"] == 4


@pytest.mark.parametrize(
    ("line", "named"),
    [
        ("if self.steps > 100: return x", "'steps', which changes from step to step,"),
        ("if self.steps == 100: return x", "'steps', which changes from step to step,"),
        ("if self.late(): return x", "'steps', which changes from step to step,"),
        ("if self.log.entries > 100: return x", "'entries', which changes from step to step,"),
        ("if self.state.norm().item() > 100: return x", "the value of a tensor that depends on inputs or state"),
        ("if (self.state > 100).any(): return x", "the value of a tensor that depends on inputs or state"),
        ("if time.time() < 0: return x", "'time', a clock or a random number,"),
    ],
)
def test_what_may_decide_is_refused(line: str, named: str) -> None:
    with pytest.raises(CaptureError, match=f"{named} is read by code {NOT_THERE}") as refusal:
        run(made(line))
    assert "<typed>:2" in str(refusal.value.where)
    assert refusal.value.fix == "put the code into a file and run that"


def test_a_script_that_is_piped_to_python_may_log_after_its_outputs() -> None:
    loop = """
from leapp_core import capture
policy = Policy()
with torch.no_grad(), capture("piped") as session:
    for i in range(4):
        x = torch.randn(1, 3)
        session.input_tensors("policy", {"x": x})
        y = policy.step(x)
        session.output_tensors("policy", {"y": y})
        print(i, y.norm().item())
print(session.compile().steps)
"""
    script = POLICY.replace("{line}", "pass") + loop
    done = subprocess.run([sys.executable, "-"], input=script, capture_output=True, text=True, check=False)
    assert done.stderr == ""
    assert done.stdout.endswith("{'policy': 4}\n")


@pytest.mark.parametrize(
    ("line", "refusal"),
    [
        ("if self.steps % 100 == 0: print(self.steps)", None),
        ("if self.steps > 100: return x", r"the Python value self\.steps changes from step to step"),
    ],
)
def test_cells_of_a_notebook_are_source(line: str, refusal: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    """IPython and newer interpreters keep what was typed where tracebacks look for it."""
    cell, text = "<ipython-input-3-2f1c>", POLICY.replace("{line}", line)
    monkeypatch.setitem(linecache.cache, cell, (len(text), None, text.splitlines(keepends=True), cell))
    policy = made(line, cell)
    if refusal is None:
        assert run(policy).steps["policy"] == 4
    else:
        with pytest.raises(CaptureError, match=refusal) as refused:
            run(policy)
        assert str(refused.value.where).startswith(f"{cell}:")


def test_source_is_found_in_an_archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with zipfile.ZipFile(tmp_path / "packed.zip", "w") as archive:
        archive.writestr("packed_policy.py", POLICY.replace("{line}", "if self.steps > 100: return x"))
    monkeypatch.syspath_prepend(str(tmp_path / "packed.zip"))
    module = SimpleNamespace(**vars(__import__("packed_policy")))
    with pytest.raises(CaptureError, match=r"the Python value self\.steps changes from step to step"):
        run(module.Policy())


def test_a_file_that_is_another_by_now_is_not_the_source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / "edited_policy.py").write_text(POLICY.replace("{line}", "if self.steps > 100: return x"))
    policy = __import__("edited_policy").Policy()
    (tmp_path / "edited_policy.py").write_text("\n\n" + POLICY.replace("{line}", "pass"))
    with pytest.raises(CaptureError, match=f"'steps', which changes from step to step, is read by code {NOT_THERE}"):
        run(policy)


@pytest.mark.parametrize("file", ["<string>", "<typed>"])
def test_methods_with_names_of_pythons_own_are_the_users(file: str) -> None:
    """As ``python -c`` runs them: what dataclasses write as text is named alike, and is no ``__call__``."""
    names: dict[str, Any] = {"__name__": __name__}
    text = POLICY.replace("def step(", "def __call__(").replace("{line}", "return x * (2 if self.steps > 100 else 1)")
    exec(compile(text, file, "exec"), names)
    policy = names["Policy"]()
    with pytest.raises(CaptureError, match=NOT_THERE):
        run(SimpleNamespace(step=policy.__call__))
