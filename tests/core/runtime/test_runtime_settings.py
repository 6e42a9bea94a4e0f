"""Providers and settings: what is asked for or an error."""

from __future__ import annotations

import numpy as np
import pytest
import runtime_pipelines as pipelines

from leapp_core.errors import BundleError, UsageError
from leapp_core.plugins.runners import RunnerSettings

INPUTS = {"joint_pos": np.ones((1, 3), np.float32), "joint_vel": np.ones((1, 3), np.float32)}


@pytest.mark.parametrize(
    "settings",
    [
        RunnerSettings(intra_op_threads=2),
        RunnerSettings(intra_op_threads=2, allow_spinning=True),
        RunnerSettings(arena=False),
        RunnerSettings(optimization="none"),
        RunnerSettings(provider="CPUExecutionProvider"),
    ],
    ids=str,
)
def test_settings_do_not_change_results(tmp_path, settings):
    expected = pipelines.mlp(tmp_path).open().step(INPUTS)["joint_targets"]
    found = pipelines.mlp(tmp_path).open(settings=settings).step(INPUTS)["joint_targets"]
    np.testing.assert_allclose(found, expected, rtol=1e-6)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (RunnerSettings(provider="cudda"), "unknown execution provider 'cudda'"),
        (RunnerSettings(provider="cuda"), "'cuda' is not part of the installed onnxruntime"),
        (RunnerSettings(provider="TensorrtExecutionProvider"), "is not part of the installed onnxruntime"),
        (RunnerSettings(optimization="most"), "optimization 'most' is unknown"),
        (RunnerSettings(intra_op_threads=0), "intra_op_threads is 0"),
        (RunnerSettings(extra={"device": 1}), "the ONNX runner has no option 'device'"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_what_is_not_there_is_an_error(tmp_path, settings, message):
    with pytest.raises(UsageError, match=message):
        pipelines.mlp(tmp_path).open(settings=settings)


def test_the_fix_names_the_package_that_has_the_provider(tmp_path):
    with pytest.raises(UsageError, match="openvino") as caught:
        pipelines.mlp(tmp_path).open(settings=RunnerSettings(provider="openvino"))
    assert "onnxruntime-openvino" in caught.value.fix


def test_a_provider_with_memory_of_its_own_steps_node_by_node(tmp_path):
    """AzureExecutionProvider is in every build and runs nothing itself, so it stands for any other device here."""
    pipeline = pipelines.three_nodes(tmp_path)
    settings = RunnerSettings(provider="AzureExecutionProvider", extra={"allow_cpu_nodes": True})
    one, two = pipeline.open(settings=settings), pipeline.open()
    assert not one.merged
    for _ in range(4):
        x = {"x": np.ones((1, 4), np.float32)}
        np.testing.assert_allclose(one.step(x)["action"], two.step(x)["action"], rtol=1e-6)


def test_a_provider_never_leaves_operators_to_the_cpu_silently(tmp_path):
    with pytest.raises(BundleError, match="ONNX Runtime cannot load node 'policy'"):
        pipelines.mlp(tmp_path).open(settings=RunnerSettings(provider="AzureExecutionProvider"))


def test_damaged_models(tmp_path):
    pipeline = pipelines.mlp(tmp_path)
    document, paths = pipeline.document(), pipeline.paths
    for content, message in (
        (b"", "is no ONNX file"),
        (b"not a model at all", "is no ONNX file"),
        (paths["policy"].read_bytes()[:-40], "is no ONNX file|cannot load"),
    ):
        paths["policy"].write_bytes(content)
        with pytest.raises(BundleError, match=message):
            _open(document, paths)
    paths["policy"].unlink()
    with pytest.raises(BundleError, match="cannot read the model of node 'policy'"):
        _open(document, paths)


def _open(document, paths):
    from leapp_core.runtime import open_document

    return open_document(document, paths, {})


@pytest.mark.parametrize(
    "location", ["../secret.bin", "/etc/hostname", "link.bin", "none.bin", "", ".", "a/../../secret.bin"]
)
def test_weights_outside_the_bundle_are_refused(tmp_path, location):
    import onnx

    (tmp_path / "secret.bin").write_bytes(bytes(10_000))
    folder = tmp_path / "bundle"
    folder.mkdir()
    (folder / "link.bin").symlink_to(tmp_path / "secret.bin")
    pipeline = pipelines.mlp(folder)
    tensor = pipeline.models["policy"].graph.initializer[0]
    tensor.ClearField("raw_data")
    tensor.data_location = onnx.TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value=location)
    with pytest.raises(BundleError, match="which is not a plain file of the bundle"):
        pipeline.open()


def test_weights_in_a_file_beside_the_model(tmp_path):
    import onnx

    expected = pipelines.mlp(tmp_path).open().step(INPUTS)["joint_targets"]
    pipeline = pipelines.mlp(tmp_path)
    tensor = pipeline.models["policy"].graph.initializer[0]
    (tmp_path / "weights.bin").write_bytes(tensor.raw_data)
    tensor.ClearField("raw_data")
    tensor.data_location = onnx.TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="weights.bin")
    np.testing.assert_array_equal(pipeline.open().step(INPUTS)["joint_targets"], expected)
