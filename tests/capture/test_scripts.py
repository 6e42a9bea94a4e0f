"""Sessions that a script opens at its own level, and functions that are called under another name.

What changes is a global of the script, which its functions read; none of them computes a tensor until it is late.
"""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

from leapp_core.errors import CaptureError

HEAD = """
import torch, leapp_core
log, plan, seen = [], list(range(60)), dict()
{functions}
session = leapp_core.capture("script", "unused", max_cached_io=5)
{body}
"""
LOOP = """
with session:
    for _ in range({steps}):
        x = torch.randn(3)
        session.input_tensors("p", {{"x": x}})
        session.output_tensors("p", {{"y": {call}}})
"""
LENGTH = """
def step(x):
    log.append(1)
    return x * 2 if len(log) > 1000 else x
"""
INDEX = """
def step(x):
    log.append(1)
    try:
        log[1000]
        return x * 2
    except IndexError:
        return x * 3
"""
POP = """
def step(x):
    try:
        plan.pop()
        return x * 2
    except IndexError:
        return x * 3
"""
MISSING = """
def step(x):
    seen[len(seen)] = 1
    try:
        return x * seen[1000]
    except KeyError:
        return x * 3
"""
GAIN = """
def gain():
    log.append(1)
    return 0.5 if len(log) > 1000 else 1.0
def step(x, by=None):
    return x * by()
"""


def run(folder: Path, functions: str, call: str, steps: int = 5, around: str = "") -> None:
    """Run a script whose session calls a function in each step, and compile."""
    loop = LOOP.format(steps=steps, call=call)
    if around:
        loop = f"{around}\n" + "\n".join(f"    {line}" for line in loop.splitlines())
        loop += "\nmain(step)" if around.startswith("def") else ""
    script = folder / "script.py"
    script.write_text(HEAD.format(functions=functions, body=loop))
    runpy.run_path(str(script))["session"].compile()


@pytest.mark.parametrize("functions", [LENGTH, INDEX, POP, MISSING], ids=["length", "index", "pop", "missing"])
def test_a_container_of_the_script_that_decides_late(tmp_path: Path, functions: str) -> None:
    with pytest.raises(CaptureError, match=r"the Python value (log|plan|seen) changes from step to step"):
        run(tmp_path, functions, "step(x)")


@pytest.mark.parametrize("functions", [LENGTH, INDEX, POP], ids=["length", "index", "pop"])
@pytest.mark.parametrize(
    ("around", "call"),
    [
        ("for f in (step,):", "f(x)"),
        ("for f in {'walk': step}.values():", "f(x)"),
        ("def main(f):", "f(x)"),
    ],
    ids=["variable", "dictionary", "parameter"],
)
def test_a_function_that_is_called_under_another_name(tmp_path: Path, functions: str, around: str, call: str) -> None:
    with pytest.raises(CaptureError, match=r"the Python value (log|plan) changes from step to step"):
        run(tmp_path, functions, call, around=around)


def test_a_gain_that_a_parameter_gives(tmp_path: Path) -> None:
    with pytest.raises(CaptureError, match=r"the Python value .*log.* changes from step to step and is given to code"):
        run(tmp_path, GAIN, "step(x, by=gain)")
