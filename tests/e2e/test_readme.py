"""What the README tells a newcomer to do, done with the wheel that users get, in a fresh virtual environment."""

from __future__ import annotations

import json
import re
import subprocess
import zipfile
from pathlib import Path

import pytest

from tests.plugins.conftest import Sandbox

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")

pytestmark = pytest.mark.venv


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory, wheel: Path) -> Sandbox:
    made = Sandbox(tmp_path_factory.mktemp("venv") / "venv")
    # Whatever it needs is taken from the surrounding environment, but the project itself from its wheel.
    made.pip("install", "--no-deps", "--ignore-installed", str(wheel))
    return made


def test_the_wheel_brings_types_policies_and_the_licence(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    for package in ("leapp_core", "leapp_backends", "leapp_rsl_rl"):
        assert f"{package}/py.typed" in names
    assert [name for name in names if name.endswith(".pt")]
    assert [name for name in names if name.endswith("params/agent.yaml")]
    assert [name for name in names if name.endswith("licenses/LICENSE")]
    assert not [name for name in names if name.startswith("tests/")]


def test_the_demo_exports_validates_and_runs(sandbox: Sandbox, tmp_path: Path) -> None:
    probe = [sandbox.python, "-c", "import leapp_core; print(leapp_core.__file__)"]
    where = subprocess.run(probe, capture_output=True, text=True, check=True, cwd=tmp_path)
    assert str(sandbox.folder) in where.stdout
    script = sandbox.python.parent / "leapp"
    demo = re.search(r"leapp (demo --task \S+)", (ROOT / "Makefile").read_text(encoding="utf-8"))
    assert demo is not None
    command = [script, *demo.group(1).split(), "--save_path", str(tmp_path), "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert result["validation"]["ok"]
    loop = result["closed_loop"]
    assert loop["ok"]
    shown = re.findall(r"^(\w[\w ]+?) {2,}ok ", README, re.MULTILINE)
    assert shown == [*(level["level"] for level in result["validation"]["levels"]), "open loop", "closed loop"]
    assert loop["finished"], "the demo lasts a whole episode"
    assert max(loop["max_error"].values()) <= 1e-5
    assert abs(loop["policy_reward"] - loop["bundle_reward"]) <= 1e-5
    assert loop["policy_reward"] > 0.03


def test_commands_of_the_readme_work(sandbox: Sandbox, tmp_path: Path) -> None:
    export = re.search(r"^leapp (export --task \S+ --use_pretrained_checkpoint)", README, re.MULTILINE)
    assert export is not None
    arguments = [*export.group(1).split(), "--export_save_path", str(tmp_path), "--export_task_name", "walker"]
    assert sandbox.leapp(*arguments).returncode == 0
    for verb in re.findall(r"^leapp (\w+) walker", README, re.MULTILINE):
        done = sandbox.leapp(verb, str(tmp_path / "walker"))
        assert done.returncode == 0, done.stderr


def test_make_targets_of_the_readme_exist() -> None:
    targets = re.findall(r"^make (\w+)", README, re.MULTILINE)
    assert targets == ["demo", "test"]
    for target in targets:
        assert subprocess.run(["make", "-n", target], cwd=ROOT, capture_output=True, check=False).returncode == 0
