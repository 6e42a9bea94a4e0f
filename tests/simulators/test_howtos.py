"""Every command of the simulators' how-tos, in order, as a reader types them: from making the environment on."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path

import pytest

from tests.simulators.endless import runs_until_stopped
from tests.simulators.venvs import ROOT, Simulator

pytestmark = [pytest.mark.simulator, pytest.mark.slow, pytest.mark.timeout(3600)]
HOME = "~/.cache/leapp/simulators"
ENDLESS = "# goes on until Ctrl-C"
DEPLOYED = re.findall(
    r"(?m)^leapp deploy out/((?:Isaac|Mjlab)-\S+)",
    (ROOT / "docs" / "howto" / "deploy-in-simulation.md").read_text(encoding="utf-8"),
)
"""Tasks whose bundles the page on deployments deploys."""
UNTRAINED = """
import sys
from contextlib import closing
from pathlib import Path
from leapp_core.plugins.environments import EnvRequest
from leapp_core.plugins.manager import PluginManager
from tests.simulators.run_case import untrained
provider, task, path = sys.argv[1:]
with closing(PluginManager().environments.get(provider).make(EnvRequest(task))) as env:
    untrained(env, Path(path), None)
"""
PAGES = {
    "export-from-isaac-lab": ("isaaclab", "## Isaac Lab's own tests", {"leapp-isaac/Isaac-Cartpole"}),
    "export-from-mjlab": ("mjlab", "## What cannot be exported", {"leapp-mjlab/Mjlab-Cartpole-Balance"}),
    "isaac-lab-trainers": (
        "isaaclab",
        "## Recurrent models of skrl",
        {f"leapp-trainers/{folder}/Isaac-Cartpole" for folder in ("skrl", "rl_games", "sb3", "out")},
    ),
}
"""By page: its simulator, the heading where what other tests run begins, and bundles that are there at the end."""


def typed(page: str, end: str) -> str:
    """Return the commands of a page up to a heading, one to a line."""
    text = (ROOT / "docs" / "howto" / f"{page}.md").read_text(encoding="utf-8")
    assert end in text
    return "".join(re.findall(r"```bash\n(.*?)```", text.partition(end)[0], re.DOTALL)).replace("\\\n", " ")


def settings_of(found: Simulator) -> dict[str, str]:
    """Return what a reader's shell has: nothing that the simulator's Python sets itself, and this checkout's code."""
    kept = {key: value for key, value in os.environ.items() if key not in found.settings}
    return kept | {"LEAPP_SIMULATORS": str(found.home), "PYTHONPATH": str(ROOT)}


@pytest.mark.parametrize("page", PAGES)
def test_what_a_reader_types(page, simulator, tmp_path):
    name, end, bundles = PAGES[page]
    found = simulator(name)
    script = typed(page, end).replace(HOME, str(found.home)).replace("~/leapp-", f"{tmp_path}/leapp-")
    assert f"make {name}-env" in script
    endless = [line for line in script.splitlines() if line.endswith(ENDLESS)]
    for command in endless:
        script = script.replace(command, f"echo {ENDLESS!r}; pwd")
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=ROOT,
        env=settings_of(found),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
    assert f"{name} is ready in" in done.stdout
    for bundle in bundles:
        assert (tmp_path / bundle / "report.json").is_file(), bundle
    folders = re.findall(f"(?m)^{ENDLESS}\n(.*)$", done.stdout)
    for command, folder in zip(endless, folders, strict=True):
        here = ["bash", "-c", f"source {found.python.parent}/activate && exec {command}"]
        assert runs_until_stopped(here, Path(folder), settings_of(found), seconds=20.0)


@pytest.mark.parametrize("task", DEPLOYED)
def test_deployments_that_a_reader_types(task, simulator, tmp_path):
    """The page's own command, on a bundle of a policy with drawn weights."""
    name = "mjlab" if task.startswith("Mjlab-") else "isaaclab"
    found, checkpoint = simulator(name), str(tmp_path / "model.pt")
    page = (ROOT / "docs" / "howto" / "deploy-in-simulation.md").read_text(encoding="utf-8")
    (line,) = re.findall(rf"(?m)^leapp (deploy out/{task}.*)$", page)
    made = found.run("-c", UNTRAINED, name, task, checkpoint)
    assert made.returncode == 0, made.stderr
    export = ["export", "--env", name, "--task", task, "--checkpoint", checkpoint, "--save_path", "out"]
    quick = ["--closed_loop_steps", "0", "--disable_graph_visualization"]
    for words in ([*export, *quick], [*line.split(), "--json"]):
        done = subprocess.run(
            [str(found.python), "-m", "leapp_core.cli", *words],
            cwd=tmp_path,
            env=settings_of(found),
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
    facts = json.loads(done.stdout)
    assert (facts["environment"], facts["task"]) == (name, task)
    assert facts["steps"] == (500 if "--steps 500" in line else facts["steps"]) > 0
