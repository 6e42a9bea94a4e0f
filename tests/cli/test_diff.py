from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import TASK
from tests.cli.invoke import leapp


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("other")
    arguments = ("--use_pretrained_checkpoint", "--export_save_path", str(folder), "--backend", "onnx-torchscript")
    result = leapp("export", "--task", TASK, *arguments, "--closed_loop_steps", "0", "--disable_graph_visualization")
    assert result.code == 0, result.err
    return folder / TASK


def test_a_bundle_does_not_differ_from_itself(bundle: Path) -> None:
    result = leapp("diff", str(bundle), str(bundle))
    assert result.code == 0
    assert "they say the same" in result.out


def test_another_backend_says_another_hash_and_does_the_same_within_rounding(bundle: Path, other: Path) -> None:
    result = leapp("diff", str(bundle), str(other), "--json", "--steps", "5")
    assert result.code == 1
    facts = json.loads(result.out)
    assert f"{TASK} sha256" in {change["where"] for change in facts["changes"]}
    assert facts["outputs"].keys() >= {f"{TASK}/joint_targets", f"{TASK}/kp"}
    assert max(facts["outputs"].values()) < 1e-4


def test_changes_of_ports_are_named(bundle: Path, other: Path) -> None:
    yaml = other / f"{TASK}.yaml"
    text = yaml.read_text(encoding="utf-8")
    yaml.write_text(text.replace("kind: target/joint/position", "kind: target/joint/velocity"), encoding="utf-8")
    result = leapp("diff", str(bundle), str(other), "--steps", "0")
    assert result.code == 1
    assert f"{TASK}/joint_targets kind" in result.out
    assert "not run side by side" in result.out


def test_a_bundle_for_any_batch_is_run_beside_one_for_a_single_robot(bundle: Path, tmp_path: Path) -> None:
    done = leapp(
        "export", "--task", TASK, "--use_pretrained_checkpoint", "--save_path", str(tmp_path), "--dynamic-batch",
        "--closed_loop_steps", "0", "--disable_graph_visualization",
    )  # fmt: skip
    assert done.code == 0, done.err
    for pair in ((bundle, tmp_path / TASK), (tmp_path / TASK, bundle)):
        result = leapp("diff", *map(str, pair), "--json", "--steps", "5")
        facts = json.loads(result.out)
        shapes = [change for change in facts["changes"] if change["where"] == f"{TASK}/joint_pos shape"]
        assert {shapes[0]["first"], shapes[0]["second"]} == {"[1, 3]", "[batch, 3]"}
        assert max(facts["outputs"].values()) < 1e-5


def test_both_have_to_be_bundles(bundle: Path, tmp_path: Path) -> None:
    assert leapp("diff", str(bundle), str(tmp_path / "nope")).code == 10
