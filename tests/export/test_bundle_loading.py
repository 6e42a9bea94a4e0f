"""Bundles on disk that are not as they were written."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from leapp_core.bundle import load_document
from leapp_core.bundle.files import hash_file
from leapp_core.bundle.tensors import read_tensors, tensors_to_bytes
from leapp_core.cli.app import build_app
from leapp_core.errors import BundleError
from leapp_core.export.run import export_pipeline
from leapp_core.plugins.manager import PluginManager
from leapp_core.runtime import load
from leapp_core.spec.dtypes import DTYPES, numpy_dtype
from leapp_core.spec.pipeline import GraphConfigs
from leapp_core.spec.problems import BundleProblemsError
from leapp_core.validation.bundle import CheckSettings, validate_bundle


def rewrite_values(bundle: Path, change) -> None:
    """Change the initial values and state their new hash, as someone who forges a bundle would."""
    path, yaml = bundle / "policy_initial_values.safetensors", bundle / "policy.yaml"
    before = hash_file(path)
    values = read_tensors(path)
    change(values)
    path.write_bytes(tensors_to_bytes(values))
    yaml.write_text(yaml.read_text().replace(before, hash_file(path)))


def test_folder_and_file_both_name_a_bundle(bundle: Path) -> None:
    loaded = load_document(bundle)
    assert loaded.document == load_document(bundle / "policy.yaml").document
    assert {str(ref): value.shape for ref, value in loaded.initial_values.items()} == {"decide/action_in": (1, 3)}
    assert loaded.artifact_paths["decide"] == (bundle / "decide.onnx").resolve()


def test_what_is_no_bundle_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="there is no bundle at"):
        load_document(tmp_path / "nothing")
    with pytest.raises(BundleError, match="is not a bundle"):
        load_document(tmp_path)


def test_reading_a_bundle_imports_no_torch_and_no_onnx(bundle: Path) -> None:
    code = (
        "import sys; from leapp_core.bundle import load_document; load_document(sys.argv[1]);"
        "assert not {'torch', 'onnx', 'onnxruntime'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code, bundle], check=True)


def test_all_damage_is_listed_at_once(bundle: Path) -> None:
    (bundle / "observe.onnx").unlink()
    data = bytearray((bundle / "decide.onnx").read_bytes())
    data[len(data) // 2] ^= 1
    (bundle / "decide.onnx").write_bytes(data)
    os.truncate(bundle / "policy_initial_values.safetensors", 40)
    yaml = bundle / "policy.yaml"
    yaml.write_text(yaml.read_text().replace("act: [joint_targets", "act: [joint_target"))
    with pytest.raises(BundleProblemsError, match="5 problems") as caught:
        load_document(bundle)
    text = str(caught.value)
    assert "file 'observe.onnx' is missing" in text
    assert "file 'decide.onnx'" in text
    assert "act/joint_target is not among the outputs; did you mean 'act/joint_targets'?" in text
    assert "it was changed or damaged after the export" in text
    assert all(problem.line for problem in caught.value.problems)


def test_links_and_paths_out_of_the_bundle_are_refused(bundle: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside.onnx"
    (bundle / "decide.onnx").rename(outside)
    (bundle / "decide.onnx").symlink_to(outside)
    with pytest.raises(BundleProblemsError, match=r"'decide.onnx' leads out of the bundle's folder"):
        load_document(bundle)


def test_a_link_within_the_bundle_is_fine(bundle: Path) -> None:
    (bundle / "decide.onnx").rename(bundle / "real.onnx")
    (bundle / "decide.onnx").symlink_to("real.onnx")
    assert load_document(bundle).artifact_paths["decide"].name == "real.onnx"


def test_a_pipe_is_never_read(bundle: Path) -> None:
    (bundle / "decide.onnx").unlink()
    os.mkfifo(bundle / "decide.onnx")
    with pytest.raises(BundleProblemsError, match="is not a regular file"):
        load_document(bundle)


def test_a_document_that_is_a_pipe_is_never_read(bundle: Path) -> None:
    (bundle / "policy.yaml").unlink()
    os.mkfifo(bundle / "policy.yaml")
    for given in (bundle, bundle / "policy.yaml"):
        with pytest.raises(BundleError, match=r"is not a regular file|there is no bundle at"):
            load_document(given)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda v: v.pop("decide/action_in"), "input decide/action_in is fed back but has no initial value"),
        (
            lambda v: v.update({"decide/action_in": np.zeros((1, 4), np.float32)}),
            "is float32.1, 4., expected float32.1, 3",
        ),
        (lambda v: v.update({"decide/action_in": np.zeros((1, 3), np.float64)}), "is float64.1, 3., expected float32"),
        (lambda v: v.update({"decide/other": np.zeros(1, np.float32)}), "'decide/other' is for no fed-back input"),
    ],
)
def test_initial_values_must_be_those_of_the_feedback(bundle: Path, change, says: str) -> None:
    rewrite_values(bundle, change)
    with pytest.raises(BundleProblemsError, match=says):
        load_document(bundle)


@pytest.mark.parametrize("data", [b"", b"x" * 7, b"\xff" * 64, (1 << 40).to_bytes(8, "little") + b"{}", b"{}" * 20])
def test_what_is_no_safetensors_file_is_refused(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "x.safetensors"
    path.write_bytes(data)
    with pytest.raises(BundleError, match="is not a whole safetensors file"):
        read_tensors(path)


def test_a_file_larger_than_its_tensors_can_be_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "x.safetensors"
    path.write_bytes(b"1234")
    with pytest.raises(BundleError, match="more than the 3 that"):
        read_tensors(path, max_bytes=3)


@pytest.mark.parametrize("name", sorted(DTYPES))
@pytest.mark.parametrize("shape", [(), (0, 3), (2, 3)])
def test_tensors_of_every_dtype_and_shape_survive(tmp_path: Path, name: str, shape: tuple[int, ...]) -> None:
    value = np.random.default_rng(0).integers(0, 2, shape).astype(numpy_dtype(name))
    (tmp_path / "x").write_bytes(tensors_to_bytes({"b": value, "a": value.T}))
    back = read_tensors(tmp_path / "x")
    assert back["b"].dtype == value.dtype
    np.testing.assert_array_equal(back["b"], value)
    np.testing.assert_array_equal(back["a"], value.T)
    assert tensors_to_bytes({"a": value.T, "b": value}) == (tmp_path / "x").read_bytes()


def test_an_edited_document_is_said_to_be_edited(bundle: Path) -> None:
    assert load_document(bundle).notes == ()
    yaml = bundle / "policy.yaml"
    yaml.write_text(yaml.read_text().replace("  configs:", "  configs:\n    robot: mine", 1))
    (note,) = load_document(bundle).notes
    assert note.startswith("policy.yaml was edited after the export (report.json states sha256 ")
    assert note in load(bundle).notes
    assert note in validate_bundle(bundle, PluginManager()).notes
    assert note in CliRunner().invoke(build_app(PluginManager()), ["inspect", str(bundle), "--json"]).stdout.replace(
        "\\u2026", "…"
    )


@pytest.mark.parametrize("report", [None, "{", "[]", '{"document": 3}', '{"document": {"file": "other.yaml"}}'])
def test_without_a_report_that_tells_nothing_is_said(bundle: Path, report: str | None) -> None:
    (bundle / "report.json").unlink()
    if report is not None:
        (bundle / "report.json").write_text(report)
    assert load_document(bundle).notes == ()


@pytest.mark.parametrize("backend", ["onnx-dynamo", "jit-script", "exported-program"])
def test_names_and_rate_edited_in_the_document_are_refused_in_every_format(
    tmp_path: Path, plugins: PluginManager, captured: dict, backend: str
) -> None:
    configs = GraphConfigs(200.0)
    report = export_pipeline(
        captured["three_nodes"], save_path=tmp_path, plugins=plugins, backend=backend, configs=configs, visualize=False
    )
    text = report.yaml_path.read_text()
    for before, after, message in (
        ("frequency: 200.0", "frequency: 100.0", "is 100.0, the model was exported with 200.0"),
        ("name: joint_targets", "name: joint_target", "joint_target"),
    ):
        assert before in text
        report.yaml_path.write_text(text.replace(before, after, 1))
        with pytest.raises(BundleError, match=message):
            load(report.yaml_path, trust=True)
        with pytest.raises(BundleError, match=message):
            validate_bundle(report.yaml_path, plugins, CheckSettings(trust=True))
