from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from tests.cli.invoke import leapp


def test_inspect_shows_nodes_ports_state_and_what_a_runtime_wires(bundle: Path) -> None:
    text = leapp("inspect", str(bundle)).out
    for expected in ("Builtin-Reach-Arm.onnx", "state/joint/position", "joint_targets", "last_action", "50 Hz"):
        assert expected in text
    assert any(line.startswith("isaac-ros ") and line.endswith("yes") for line in text.splitlines())


def test_inspect_json_holds_everything(bundle: Path) -> None:
    facts = json.loads(leapp("inspect", str(bundle), "--json", "--constants").out)
    assert {c["name"]: c["runs"] for c in facts["consumers"]}["isaac-ros"] is True
    port = next(port for port in facts["ports"] if port["port"].endswith("/joint_targets"))
    assert port["kind"] == "target/joint/position"
    assert facts["state"][0]["starts_at"] == 0.0
    assert isinstance(facts["constants"], list)


def test_inspect_constants_shows_source_lines(bundle: Path) -> None:
    assert "observation.py:" in leapp("inspect", str(bundle), "--constants").out


def test_inspect_lists_every_problem_of_a_corrupted_bundle(bundle: Path, tmp_path: Path) -> None:
    broken = tmp_path / bundle.name
    shutil.copytree(bundle, broken)
    (broken / f"{bundle.name}.onnx").write_bytes(b"damaged")
    (broken / f"{bundle.name}_initial_values.safetensors").unlink()
    for verb in ("inspect", "validate", "run", "visualize"):
        result = leapp(verb, str(broken))
        assert result.code == 10
        assert "2 problems" in result.err
        assert "sha256" in result.err
        assert "_initial_values.safetensors" in result.err


def test_validate_replays_what_was_recorded(bundle: Path) -> None:
    result = leapp("validate", str(bundle))
    assert result.code == 0
    assert "replay" in result.out
    assert "fresh inputs" in result.out
    assert json.loads(leapp("validate", str(bundle), "--json").out)["ok"] is True


def test_validate_with_an_impossible_tolerance_fails_with_its_exit_code(bundle: Path) -> None:
    result = leapp("validate", str(bundle), "--atol", "0", "--rtol", "0")
    assert result.code in (0, 9)
    assert ("does not reproduce" in result.err) is (result.code == 9)


def test_validate_says_what_it_allowed_beside_the_tolerance_and_can_allow_nothing(bundle: Path) -> None:
    assert "beside the tolerance up to " in leapp("validate", str(bundle)).err
    strict = leapp("validate", str(bundle), "--no-slack")
    assert "beside the tolerance" not in strict.err
    levels = json.loads(leapp("validate", str(bundle), "--json").out)["levels"]
    assert any(level["slack"] for level in levels)
    levels = json.loads(leapp("validate", str(bundle), "--no-slack", "--json").out)["levels"]
    assert [level["slack"] for level in levels] == [{}, {}]


def test_validate_wants_both_tolerances(bundle: Path) -> None:
    result = leapp("validate", str(bundle), "--atol", "1e-3")
    assert result.code == 2
    assert "only one of --atol and --rtol" in result.err


def test_run_with_random_inputs(bundle: Path) -> None:
    result = leapp("run", str(bundle), "--steps", "3")
    assert result.code == 0
    assert "3 control steps;" in result.out
    assert "random" in result.err
    assert len(json.loads(leapp("run", str(bundle), "--steps", "3", "--json").out)["outputs"]) == 3


def test_run_with_stored_inputs_writes_outputs(bundle: Path, tmp_path: Path) -> None:
    facts = json.loads(leapp("inspect", str(bundle), "--json").out)
    ports = [port for port in facts["ports"] if port["outside"] and port["direction"] == "input"]
    given = {port["port"].partition("/")[2]: np.ones((4, *port["shape"]), np.float32) for port in ports}
    np.savez(tmp_path / "in.npz", **given)
    result = leapp("run", str(bundle), "--inputs", str(tmp_path / "in.npz"), "--output", str(tmp_path / "out.npz"))
    assert result.code == 0, result.err
    with np.load(tmp_path / "out.npz") as stored:
        assert stored["joint_targets"].shape == (4, 1, 3)


def test_run_names_the_input_that_is_missing(bundle: Path, tmp_path: Path) -> None:
    np.savez(tmp_path / "in.npz", joint_pos=np.ones((1, 3), np.float32))
    result = leapp("run", str(bundle), "--inputs", str(tmp_path / "in.npz"))
    assert result.code == 11
    assert "missing" in result.err


def test_run_tells_of_inputs_that_are_not_finite_or_refuses_them(bundle: Path, tmp_path: Path) -> None:
    facts = json.loads(leapp("inspect", str(bundle), "--json").out)
    ports = [port for port in facts["ports"] if port["outside"] and port["direction"] == "input"]
    given = {port["port"].partition("/")[2]: np.ones((4, *port["shape"]), np.float32) for port in ports}
    given["joint_vel"][2, 0, 1] = np.nan
    np.savez(tmp_path / "in.npz", **given)
    line = ("run", str(bundle), "--inputs", str(tmp_path / "in.npz"))
    result = leapp(*line)
    assert result.code == 0
    assert "input 'joint_vel' holds NaN or an infinity, first in step 2; --check-finite refuses" in result.err
    assert json.loads(leapp(*line, "--json").out)["not_finite"] == {"joint_vel": 2}
    refused = leapp(*line, "--check-finite")
    assert refused.code == 11
    assert "input 'joint_vel' holds nan at" in refused.err
    assert json.loads(leapp("run", str(bundle), "--check-finite", "--json").out)["not_finite"] == {}


def test_run_writes_no_two_things_to_one_file(bundle: Path, tmp_path: Path) -> None:
    place = str(tmp_path / "x.npz")
    result = leapp("run", str(bundle), "--output", place, "--record", place)
    assert (result.code, list(tmp_path.iterdir())) == (2, [])
    assert "--output and --record both name" in result.err


def test_record_and_replay(bundle: Path, tmp_path: Path) -> None:
    recording = str(tmp_path / "run.npz")
    assert leapp("run", str(bundle), "--steps", "5", "--record", recording).code == 0
    result = leapp("run", str(bundle), "--replay", recording)
    assert result.code == 0
    assert "5 recorded steps: identical to the bit" in result.out
    refused = leapp("run", str(bundle), "--replay", recording, "--output", "x.npz")
    assert refused.code == 2


@pytest.mark.parametrize("suffix", ["png", "svg"])
def test_visualize_writes_the_picture_asked_for(bundle: Path, tmp_path: Path, suffix: str) -> None:
    target = tmp_path / f"picture.{suffix}"
    assert leapp("visualize", str(bundle), "--output", str(target)).code == 0
    head = target.read_bytes()[:400]
    assert head.startswith(b"\x89PNG") if suffix == "png" else b"<svg" in target.read_bytes()
