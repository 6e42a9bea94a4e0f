"""What the YAML file says is held against what the export wrote into the models."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from leapp_core.errors import BundleError
from leapp_core.plugins.manager import PluginManager
from leapp_core.runtime import load
from leapp_core.validation.bundle import validate_bundle

SAVED = Path(__file__).parents[2] / "data" / "bundles" / "v0.1.0"


@pytest.fixture
def arm(tmp_path: Path) -> Path:
    shutil.copytree(SAVED / "Builtin-Reach-Arm", tmp_path / "arm")
    return tmp_path / "arm" / "Builtin-Reach-Arm.yaml"


EDITS = {
    "frequency": (
        "frequency: 50.0",
        "frequency: 100.0",
        r"configs\.frequency.*is 100.0, the model was exported with 50",
    ),
    "element names": ("[[shoulder, elbow, wrist]]", "[[elbow, shoulder, wrist]]", "element_names of 'joint_pos'"),
    "kind": ("kind: target/joint/position", "kind: target/joint/velocity", "kind of 'joint_targets'"),
    "a kind added": (
        "name: last_action_in\n      dtype: float32\n      shape: [1, 3]\n",
        "name: last_action_in\n      kind: kp\n      dtype: float32\n      shape: [1, 3]\n",
        "kind of 'last_action_in' is \"kp\", the model was exported without",
    ),
    "order of inputs": ("name: joint_pos\n", "name: joint_vel\n", "joint_vel"),
}


@pytest.mark.parametrize("edit", EDITS)
def test_an_edited_document_is_refused_by_load_and_by_validate(arm: Path, edit: str) -> None:
    before, after, message = EDITS[edit]
    text = arm.read_text()
    assert before in text
    arm.write_text(text.replace(before, after, 1))
    with pytest.raises(BundleError, match=message):
        load(arm)
    with pytest.raises(BundleError, match=message):
        validate_bundle(arm, PluginManager())


def test_other_initial_values_are_refused_even_with_their_hash(arm: Path) -> None:
    import hashlib

    from leapp_core.bundle.tensors import read_tensors, tensors_to_bytes

    path = arm.with_name("Builtin-Reach-Arm_initial_values.safetensors")
    old = hashlib.sha256(path.read_bytes()).hexdigest()
    path.write_bytes(tensors_to_bytes({name: value + np.float32(1) for name, value in read_tensors(path).items()}))
    arm.write_text(arm.read_text().replace(old, hashlib.sha256(path.read_bytes()).hexdigest()))
    with pytest.raises(BundleError, match="first value of Builtin-Reach-Arm/last_action_in is not the one"):
        load(arm)


@pytest.mark.parametrize("number", [0.0, 1.0])
def test_one_number_for_all_elements_of_a_state_is_compared(arm: Path, number: float) -> None:
    import hashlib

    import onnx

    path = arm.with_suffix(".onnx")
    hashes = {name: hashlib.new(name, path.read_bytes()).hexdigest() for name in ("sha256", "md5")}
    model = onnx.load(path)
    facts = {entry.key: entry.value for entry in model.metadata_props if entry.key != "leapp.initial_values"}
    onnx.helper.set_model_props(model, {**facts, "leapp.initial_fill": f'{{"last_action_in": {number}}}'})
    onnx.save(model, path)
    for name, old in hashes.items():
        arm.write_text(arm.read_text().replace(old, hashlib.new(name, path.read_bytes()).hexdigest()))
    if number == 0.0:
        load(arm)
    else:
        with pytest.raises(BundleError, match="first value of Builtin-Reach-Arm/last_action_in is not the one"):
            load(arm)


def test_what_a_user_adds_is_the_users_own(arm: Path) -> None:
    arm.write_text(arm.read_text().replace("    frequency: 50.0", "    frequency: 50.0\n    robot: mine", 1))
    assert load(arm).pipeline.configs.extra["robot"] == "mine"
