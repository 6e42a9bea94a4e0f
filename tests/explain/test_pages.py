"""Error codes: every error of ours has one, every code has a page, and the example of a page provokes its error."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

import leapp_core
from leapp_core import errors
from leapp_core.explain import Page, all_pages, areas, find_page
from leapp_core.runtime import load
from leapp_rsl_rl.environments.builtin.provider import BuiltinProvider
from tests.cli.invoke import leapp
from tests.tiers import spread

CODE = re.compile(r"[A-Z]\d{3}")
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
INSTEAD = "\nInstead:\n"
NOT_RUN = ("export", "deploy", "demo")
"""Commands that take long when nothing is wrong: of these it is checked only that they have such options."""
PATH = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
"""Where blocks find the Python of this environment."""
PAGES = list(all_pages().values())


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.code)
def test_a_page_is_shown_whole_on_a_terminal_of_80_columns(page: Page) -> None:
    shown = leapp("explain", page.code).out
    assert [line for line in shown.splitlines() if len(line) > 80] == []
    assert shown.startswith(f"LEAPP-{page.code}  {page.title}\n")
    assert BLOCK.search(page.text)
    assert "\nInstead:" in page.text


@pytest.fixture(scope="module")
def walker(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bundle that examples use: reading, state and targets of three joints."""
    folder = tmp_path_factory.mktemp("explained")
    previous = torch.zeros(1, 3)
    with leapp_core.capture("walker", save_path=folder) as session:
        for _ in range(3):
            reading = torch.randn(1, 3)
            joints = leapp_core.TensorSemantics("joint_pos", ref=reading, element_names=["hip", "knee", "ankle"])
            session.input_tensors("policy", joints)
            previous = 0.5 * reading + 0.1 * previous
            session.output_tensors("policy", {"joint_targets": previous})
    session.export(backend="onnx-dynamo", configs=leapp_core.GraphConfigs(frequency=50.0))
    return folder / "walker"


def run_python(code: str, intro: str, folder: Path) -> None:
    """Run code of a page from a file, because capture reads the source of what it sees."""
    names: dict[str, object] = {"torch": torch, "np": np, "leapp_core": leapp_core, "load": load, "__name__": "page"}
    for number, text in enumerate((*(c for _, c in BLOCK.findall(intro)), code)):
        script = folder / f"block{number}.py"
        script.write_text(text)
        exec(compile(text, str(script), "exec"), names)


def run_shell(block: str, *, instead: bool) -> str:
    """Run a block of a page, ``leapp`` in this process; return what that wrote to stderr."""
    said, other = "", ""
    for line in block.splitlines():
        words = shlex.split(line, comments=True) if line.startswith("leapp ") else []
        if not words:
            other += f"{line}\n"
            continue
        subprocess.run(["bash", "-euc", other], check=True, env={**os.environ, "PATH": PATH})
        other = ""
        only_options = instead and words[1] in NOT_RUN
        done = leapp(*words[1:], *(["--help"] if only_options else []))
        assert not instead or done.code == 0, (line, done.err)
        said += done.err
    subprocess.run(["bash", "-euc", other], check=True, env={**os.environ, "PATH": PATH})
    return said


@pytest.mark.parametrize("page", spread(PAGES, quick=26), ids=lambda page: page.code)
def test_an_example_provokes_its_error_and_the_other_way_does_not(
    page: Page, walker: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(walker, tmp_path / "walker")
    checkpoint = BuiltinProvider().pretrained_checkpoint("Builtin-Reach-Arm")
    assert checkpoint is not None
    shutil.copy(checkpoint, tmp_path / "model.pt")
    monkeypatch.chdir(tmp_path)
    intro = next(area.intro for area in areas() if page in area.pages)
    wrong, _, right = page.text.partition(INSTEAD)
    language, code = BLOCK.findall(wrong)[0]
    if language == "python":
        with pytest.raises(errors.LeappError, match=r"code: LEAPP-\w+ \(leapp explain \w+\)$") as caught:
            run_python(code, intro, tmp_path)
        assert caught.value.code == f"LEAPP-{page.code}", caught.value
    elif language == "sh":
        assert f"code: LEAPP-{page.code} (" in run_shell(code, instead=False)
    for language, code in BLOCK.findall(right):
        if language == "python":
            run_python(code, intro, tmp_path)
        elif language == "sh":
            run_shell(code, instead=True)


TOLD_ONLY = {
    "C020": "a defect of capture, as far as it is known",
    "X003": "a defect of an exporter",
    "X004": "a defect of an exporter",
    "X005": "gigabytes",
    "X007": "needs a broken Graphviz or encoder",
    "V001": "a bundle whose hashes are right and whose model is wrong",
    "V002": "a bundle whose hashes are right and whose recording is not whole",
    "B006": "the same, and a model that is damaged",
    "B007": "the same, and another model",
    "B009": "a bundle from elsewhere",
    "B011": "gigabytes",
    "K006": "a checkpoint of a class of its own",
    "P005": "a plugin of others that raises",
    "K008": "a checkpoint of another task's groups",
    "K010": "a checkpoint of a policy that sees images",
    "E002": "a simulator",
    "E004": "a machine without graphics libraries",
    "E007": "a simulator",
    "P003": "a plugin of another",
}
"""Pages that show a message instead of an example, and what an example would need."""


def test_all_other_examples_run() -> None:
    assert {page.code for page in PAGES if BLOCK.findall(page.text)[0][0] == "text"} == set(TOLD_ONLY)


def test_a_page_is_found_by_any_spelling() -> None:
    for spelling in ("C012", "c012", "LEAPP-C012", " leapp-c012 "):
        assert find_page(spelling).code == "C012"


def test_an_error_without_a_code_is_shown_without() -> None:
    error = errors.EnvError("the robot is asleep", fix="wake it")
    assert error.code is None
    assert str(error) == "the robot is asleep\n  fix: wake it"
    assert error.in_short() == "the robot is asleep"
