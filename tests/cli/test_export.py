from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from leapp_core.policy_export.checkpoints import CheckpointChoice, find_checkpoint
from leapp_core.runtime import load
from leapp_rsl_rl.environments.builtin.provider import BuiltinProvider
from tests.cli.conftest import TASK
from tests.cli.invoke import leapp

QUICK = ("--closed_loop_steps", "2", "--validation_steps", "3", "--disable_graph_visualization")


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    shipped = BuiltinProvider().pretrained_checkpoint(TASK)
    assert shipped is not None
    shutil.copytree(shipped.parent, tmp_path / "run")
    return tmp_path / "run" / shipped.name


def test_the_bundle_goes_beside_the_checkpoint_under_the_task_s_name(checkpoint: Path) -> None:
    result = leapp("export", "--task", TASK, "--checkpoint", str(checkpoint), *QUICK)
    assert result.code == 0, result.err
    assert (checkpoint.parent / TASK / f"{TASK}.yaml").is_file()
    assert not list((checkpoint.parent / TASK).glob("*.png"))


def test_name_place_backend_and_options_can_be_chosen(checkpoint: Path, tmp_path: Path) -> None:
    result = leapp(
        *("export", "--task", TASK, "--checkpoint", str(checkpoint), "--export_task_name", "arm", "--json"),
        *("--export-save-path", str(tmp_path / "out"), "--export_method", "onnx", "--option", "opset=18", *QUICK),
    )
    assert result.code == 0, result.err
    facts = json.loads(result.out)
    assert facts["bundle"] == str(tmp_path / "out" / "arm")
    assert facts["nodes"][0]["options"]["opset"] == 18
    assert facts["closed_loop"]["steps"] == 2
    assert [level["level"] for level in facts["validation"]["levels"]] == ["beside your code", "replay", "fresh inputs"]
    report = json.loads((tmp_path / "out" / "arm" / "report.json").read_text())
    assert report["closed_loop"]["ok"] is True
    assert "closed loop: ok" in (tmp_path / "out" / "arm" / "log.txt").read_text()


def test_zero_steps_skip_validation_and_say_so(checkpoint: Path) -> None:
    result = leapp("export", "--task", TASK, "--checkpoint", str(checkpoint), "--validation_steps", "0")
    assert result.code == 0, result.err
    assert "not validated" in result.out


def test_load_run_and_load_checkpoint_take_the_last_that_matches(tmp_path: Path) -> None:
    provider = _Logged(tmp_path)
    for name in ("2026-01-01/model_9.pt", "2026-02-01/model_900.pt", "2026-02-01/model_1000.pt", "2026-02-01/other.pt"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.touch()
    found = find_checkpoint(CheckpointChoice(), provider, TASK)
    assert found == tmp_path / "2026-02-01" / "model_1000.pt"
    assert find_checkpoint(CheckpointChoice(load_run="2026-01.*"), provider, TASK).name == "model_9.pt"
    assert find_checkpoint(CheckpointChoice(load_checkpoint="other"), provider, TASK).name == "other.pt"


class _Logged(BuiltinProvider):
    """The built-in tasks with a folder of training runs."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def log_root(self, task: str) -> Path | None:
        return self._root


def test_dynamic_batch_makes_a_bundle_that_serves_any_number_of_rows(tmp_path: Path) -> None:
    task = "Builtin-Balance-Partial"
    place = ("--use_pretrained_checkpoint", "--export_save_path", str(tmp_path))
    done = leapp("export", "--task", task, "--dynamic-batch", *place, *QUICK)
    assert done.code == 0, done.err
    rows = np.linspace(-0.05, 0.05, 6, dtype=np.float32).reshape(3, 2)
    one = [load(tmp_path / task, sizes={"batch": 1}).step({"joint_pos": row[None]})["joint_effort"] for row in rows]
    together = load(tmp_path / task, sizes={"batch": 3}).step({"joint_pos": rows})["joint_effort"]
    np.testing.assert_allclose(together, np.concatenate(one), rtol=1e-6, atol=1e-6)
