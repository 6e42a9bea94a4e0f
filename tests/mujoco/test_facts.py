"""What environments say of the programs they make, and how it is written, shown and used."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from leapp_core.bundle import load_document
from leapp_core.plugins.environments import EnvRequest
from leapp_rsl_rl.environments.builtin.provider import BuiltinProvider
from tests.cli.invoke import leapp
from tests.mujoco.bundles import ARM, deployment
from tests.mujoco.models import arm

TASK = "Builtin-Reach-Arm"


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("facts")
    line = f"export --task {TASK} --use_pretrained_checkpoint --closed_loop_steps 0 --prove-seconds 0"
    made = leapp(*line.split(), "--export_save_path", str(folder))
    assert made.code == 0, made.err
    return folder / TASK


def test_terms_of_a_task_with_histories_and_delays() -> None:
    facts = BuiltinProvider().make(EnvRequest("Builtin-Velocity-Hopper")).facts
    assert (facts["physics_timestep"], facts["decimation"]) == (0.0025, 8)
    terms = {term["name"]: term for term in facts["observation_terms"]}
    assert next(iter(terms)) == "base_velocity"
    assert terms["base_velocity"] == {
        "name": "base_velocity",
        "group": "policy",
        "size": 8,
        "scale": [1.0, 0.5],
        "delay_steps": 2,
        "history_length": 4,
        "history_order": "oldest first",
    }
    assert terms["joint_vel"]["clip"] == [-15.0, 15.0]
    assert facts["action_terms"][1] == {
        "name": "leg",
        "targets": ["leg"],
        "scale": 0.08,
        "offset": [0.0],
        "clip": [[-0.2, 0.15]],
    }


def test_keys_of_ports_are_in_the_document_and_in_the_model(exported: Path) -> None:
    pipeline = load_document(exported).document.pipeline
    (node,) = pipeline.nodes
    assert node.input("joint_pos").extra["default"] == [0.8, -1.2, -0.4]
    low, high = node.input("target_position").extra["range"][0]
    assert (low, high) == (pytest.approx(-0.8 * 0.5**0.5, abs=1e-6), 0.8)
    assert node.output("joint_targets").extra == {"default": [0.8, -1.2, -0.4], "effort_limit": [60.0, 30.0, 10.0]}
    import onnx

    model = onnx.load(exported / f"{TASK}.onnx")
    embedded = {entry.key: json.loads(entry.value) for entry in model.metadata_props}
    assert embedded["leapp.configs"]["action_terms"] == pipeline.configs.extra["action_terms"]
    targets = next(each for each in embedded["leapp.outputs"] if each["name"] == "joint_targets")
    assert targets["effort_limit"] == [60.0, 30.0, 10.0]


def test_they_are_shown(exported: Path) -> None:
    shown = leapp("inspect", str(exported)).out
    for text in (
        "physics  step of 0.005 s, 4 to a control step",
        "target_position  x",
        "-0.565685 to 0.8",
        "Observation terms",
        "-20 to 20",
        "Action terms: action * scale + offset, then within clip",
    ):
        assert text in shown
    assert "Elements" not in leapp("inspect", str(ARM)).out  # a bundle without them
    page = (exported / "report.html").read_text(encoding="utf-8")
    for text in ("Observation terms", "Action terms", "physics timestep", "effort limit 60, 30, 10"):
        assert text in page


def test_a_model_starts_in_the_default_pose_and_is_told_of_another_physics_step(exported: Path, tmp_path: Path) -> None:
    made = deployment(exported, tmp_path, arm(timestep=0.002), commands={"target_position": "9,0.3"})
    assert made.data.qpos.tolist() == [0.8, -1.2, -0.4]
    assert any("it was 0.005 s in the task" in note for note in made.notes)
    assert made.read()[f"{TASK}/target_position"][0, 0] == pytest.approx(0.8)  # held within the range
    assert made.model.actuator_forcerange[0].tolist() == [-60.0, 60.0]
