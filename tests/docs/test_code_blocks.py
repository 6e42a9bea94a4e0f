"""Commands and code of the documentation: options exist, imports resolve, and what can run alone does run."""

from __future__ import annotations

import ast
import importlib
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.cli.invoke import leapp
from tests.docs.test_docs import PAGES, ROOT

SHELL = re.compile(r"```(?:sh|bash|console)\n(.*?)```", re.DOTALL)
PYTHON = re.compile(r"^( *)```python\n(.*?)^ *```", re.DOTALL | re.MULTILINE)
INLINE = re.compile(r"`(leapp (?:export|inspect|validate|run|deploy|bench|diff|visualize|demo)[^`]*)`")
OURS = ("leapp_core", "leapp_backends", "leapp_rsl_rl")


def commands() -> Iterator[tuple[str, str]]:
    """Yield each ``leapp`` command with its page."""
    for page in PAGES:
        if page.name in ("wrong-inputs.md", "errors.md"):  # what they show is wrong on purpose
            continue
        text = page.read_text(encoding="utf-8")
        for block in SHELL.findall(text):
            for line in block.replace("\\\n", " ").splitlines():
                line = line.removeprefix("$ ").partition("  #")[0].strip()
                if line.startswith("leapp "):
                    yield page.name, line
        for line in INLINE.findall(text):
            if "…" not in line and "..." not in line:
                yield page.name, " ".join(line.split())


def blocks() -> Iterator[tuple[str, str]]:
    """Yield each block of Python with its page, without the indentation of the list it is in."""
    for page in PAGES:
        for indent, code in PYTHON.findall(page.read_text(encoding="utf-8")):
            yield page.name, "\n".join(line.removeprefix(indent) for line in code.splitlines())


@pytest.mark.parametrize(("page", "command"), sorted(set(commands())))
def test_commands_have_these_options(page: str, command: str) -> None:
    # Everything before --help is read first, so an option that does not exist is found without running anything.
    result = leapp(*shlex.split(command)[1:], "--help")
    assert result.code == 0, result.err


@pytest.mark.parametrize(("page", "code"), [*blocks()], ids=lambda text: text.splitlines()[0][:60])
def test_code_is_python_and_imports_what_there_is(page: str, code: str) -> None:
    if code.startswith("def ") and code.rstrip().endswith("-> None"):
        return  # a signature of the page of hooks
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith(OURS):
            module = importlib.import_module(node.module)
            assert [alias.name for alias in node.names if not hasattr(module, alias.name)] == []
        elif isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name.startswith(OURS):
                    importlib.import_module(alias.name)


class Robot:
    """Stands for the reader's robot."""

    def __init__(self) -> None:
        self.joint_pos = torch.zeros(1, 3)

    def read(self) -> tuple[torch.Tensor, torch.Tensor]:
        return torch.randn(12), torch.randn(3)

    def step(self, action: torch.Tensor) -> None:
        self.joint_pos = self.joint_pos + 0.1 * action.detach() + 0.01


def run_block(page: Path, containing: str, names: dict[str, object], folder: Path) -> dict[str, object]:
    """Run the block of a page that contains a text, from a file, because capture names lines."""
    (code,) = [c for _, c in PYTHON.findall(page.read_text(encoding="utf-8")) if containing in c]
    script = folder / "block.py"
    script.write_text(code)
    exec(compile(code, str(script), "exec"), names)
    return names


def test_the_loop_of_the_readme_becomes_a_bundle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    layer = torch.nn.Linear(3, 3)
    names: dict[str, object] = {
        "robot": Robot(),
        "policy": layer,
        "observe": lambda robot: robot.joint_pos * 0.5,
        "default_pos": torch.tensor([[0.1, 0.2, 0.3]]),
    }
    run_block(ROOT / "README.md", 'capture("walker")', names, tmp_path)
    run_on_robot = {"joint_pos": np.ones((1, 3), np.float32)}
    found = run_block(ROOT / "README.md", 'load("walker")', run_on_robot, tmp_path)["targets"]
    with torch.no_grad():
        expected = names["default_pos"] + 0.25 * layer(torch.ones(1, 3) * 0.5)
    np.testing.assert_allclose(found, expected.numpy(), atol=1e-6)


class RobotOfArrays(Robot):
    """A robot whose driver gives arrays."""

    def read(self) -> tuple[np.ndarray, np.ndarray]:
        joint_pos, command = super().read()
        return joint_pos.numpy().copy(), command.numpy().copy()


def test_the_numpy_example_is_captured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    import leapp_core

    names: dict[str, object] = {
        "leapp_core": leapp_core,
        "np": np,
        "torch": torch,
        "policy": torch.nn.Linear(48, 12),
        "robot": RobotOfArrays(),
        "DEFAULT": np.linspace(-0.5, 0.5, 12, dtype=np.float32),
        "GRID": np.linspace(-1, 1, 5, dtype=np.float32),
        "GAINS": np.linspace(0, 2, 5, dtype=np.float32),
    }
    page = ROOT / "docs" / "howto" / "numpy-in-a-policy.md"
    session = run_block(page, 'capture("walker")', names, tmp_path)["session"]
    captured = session.compile()
    assert [port.name for port in captured.spec.nodes[0].inputs] == ["joint_pos", "command"]
