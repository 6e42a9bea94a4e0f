"""Files that a backend writes beside its model are hashed and checked like every other."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import onnx
import pytest

from leapp_backends.onnx.dynamo import OnnxDynamoExporter
from leapp_core.bundle import load_document
from leapp_core.bundle.files import hash_file
from leapp_core.errors import BundleError
from leapp_core.export.run import export_pipeline
from leapp_core.plugins.exporters import ExportRequest, WrittenArtifact
from leapp_core.plugins.manager import PluginManager
from leapp_core.runtime import load
from leapp_core.spec.document import FileRef
from leapp_core.spec.yaml_io import write_document
from leapp_core.validation.bundle import validate_bundle
from tests.export.faulty import plugins_with

DATA = "policy.weights"


class Apart(OnnxDynamoExporter):
    """Keeps weights in a file of their own, as models beyond 2 GiB have to."""

    name = "apart"
    aliases = ()

    def export(self, request: ExportRequest) -> WrittenArtifact:
        written = super().export(request)
        onnx.save_model(
            onnx.load(written.path), written.path, save_as_external_data=True, location=DATA, size_threshold=0
        )
        return written


@pytest.fixture
def apart(tmp_path: Path, captured: dict) -> Path:
    report = export_pipeline(
        captured["mlp"], save_path=tmp_path, plugins=plugins_with(Apart()), backend="apart", visualize=False
    )
    return report.bundle


def without_statement(bundle: Path, *files: FileRef) -> None:
    """Rewrite the document as another writer would: nothing, or something else, about the weights."""
    document = load_document(bundle).document
    artifact = dataclasses.replace(document.artifacts["policy"], data=files)
    changed = dataclasses.replace(document, artifacts={"policy": artifact})
    (bundle / "policy.yaml").write_text(write_document(changed))


def test_they_are_stated_and_the_bundle_runs(apart: Path, captured: dict, tmp_path: Path, plugins) -> None:
    document = load_document(apart).document
    assert document.artifacts["policy"].data == (FileRef(DATA, hash_file(apart / DATA)),)
    plain = export_pipeline(captured["mlp"], save_path=tmp_path / "plain", plugins=plugins, visualize=False)
    assert "data_files" not in plain.yaml_path.read_text()
    inputs = {name: np.full((1, 3), 0.3, np.float32) for name in ("joint_pos", "joint_vel")}
    found, expected = (load(bundle).step(inputs)["joint_targets"] for bundle in (apart, plain.bundle))
    np.testing.assert_array_equal(found, expected)
    assert load(apart).notes == ()
    assert validate_bundle(apart, plugins).notes == ()


def test_a_changed_byte_is_noticed(apart: Path, plugins: PluginManager) -> None:
    content = bytearray((apart / DATA).read_bytes())
    content[100] ^= 1
    (apart / DATA).write_bytes(content)
    with pytest.raises(BundleError, match=r"'policy\.weights' .* was changed or damaged"):
        load(apart)
    with pytest.raises(BundleError, match=r"'policy\.weights' .* was changed or damaged"):
        validate_bundle(apart, plugins)


def test_a_missing_file_is_noticed(apart: Path) -> None:
    (apart / DATA).unlink()
    with pytest.raises(BundleError, match=r"file 'policy\.weights' is missing"):
        load(apart)


def test_a_path_out_of_the_bundle_is_refused(apart: Path) -> None:
    text = (apart / "policy.yaml").read_text()
    (apart / "policy.yaml").write_text(text.replace(f"{DATA}:", f"../{DATA}:"))
    with pytest.raises(BundleError, match="expected a path inside the bundle's folder"):
        load(apart)


def test_where_another_writer_states_nothing_the_user_is_told(apart: Path, plugins: PluginManager) -> None:
    without_statement(apart)
    told = "the document states no hash of 'policy.weights', where node 'policy' keeps weights: a change of it goes"
    assert any(note.startswith(told) for note in load(apart).notes)
    assert any(note.startswith(told) for note in validate_bundle(apart, plugins).notes)


def test_a_file_beside_the_stated_ones_is_refused(apart: Path) -> None:
    (apart / "other").write_bytes(b"x")
    without_statement(apart, FileRef("other", hash_file(apart / "other")))
    with pytest.raises(BundleError, match=r"states no hash of 'policy\.weights'"):
        load(apart)


def test_the_next_export_removes_them(apart: Path, captured: dict, plugins: PluginManager) -> None:
    export_pipeline(captured["mlp"], save_path=apart.parent, plugins=plugins, visualize=False)
    assert not (apart / DATA).exists()
    assert load_document(apart).document.artifacts["policy"].data == ()
