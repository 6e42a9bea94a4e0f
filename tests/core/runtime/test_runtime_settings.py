"""Providers and settings: what is asked for or an error."""

from __future__ import annotations

import os
import re
import subprocess
import sys

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


@pytest.mark.parametrize("wrong", [{"provider": None}, {"intra_op_threads": "2"}, {"intra_op_threads": True}])
def test_settings_of_another_type(wrong):
    with pytest.raises(UsageError, match=f"setting {next(iter(wrong))} is {next(iter(wrong.values()))!r}"):
        RunnerSettings(**wrong)


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
    "location",
    [
        *("../secret.bin", "/etc/hostname", "link.bin", "none.bin", "", ".", "a/../../secret.bin"),
        *("circle/weights.bin", "*/_ORT_MEM_ADDR_/*", "x" * 5000, "a\0b"),
    ],
    ids=lambda location: location[:20],
)
def test_weights_outside_the_bundle_are_refused(tmp_path, location):
    import onnx

    (tmp_path / "secret.bin").write_bytes(bytes(10_000))
    folder = tmp_path / "bundle"
    folder.mkdir()
    (folder / "link.bin").symlink_to(tmp_path / "secret.bin")
    (folder / "circle").symlink_to("circle")
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


def with_gains(folder):
    """A policy that returns a constant, as exporters write it: a weight that is an output; and uses it, too."""
    from leapp_core.spec.pipeline import NodeSpec, PipelineSpec

    spec = NodeSpec("policy", (pipelines.port("x", 1, 3),), (pipelines.port("y", 1, 3), pipelines.port("kp", 1, 3)))
    graph = pipelines.Graph()
    graph.weight("kp", np.array([[80.0, 40.0, 10.0]], np.float32))
    graph.op("Mul", ["x", "kp"], ["y"])
    pipeline = PipelineSpec((spec,), inputs=pipelines.refs("policy/x"), outputs=pipelines.refs("policy/y", "policy/kp"))
    return pipelines.Pipeline(pipeline, folder, {"policy": graph.model(spec)})


def test_returned_weights_can_be_copied(tmp_path):
    import onnx
    import onnxruntime

    from leapp_backends.onnx.merge_model import read_model
    from leapp_backends.onnx.returned_weights import copy_returned_weights

    content = with_gains(tmp_path).models["policy"].SerializeToString()
    changed = copy_returned_weights(content, read_model(content))
    model = onnx.load_from_string(changed)
    onnx.checker.check_model(model, full_check=True)
    assert [node.op_type for node in model.graph.node] == ["Mul", "Identity"]
    assert copy_returned_weights(changed, read_model(changed)) == changed
    session = onnxruntime.InferenceSession(changed, providers=["CPUExecutionProvider"])
    y, kp = session.run(["y", "kp"], {"x": np.full((1, 3), 2, np.float32)})
    assert kp.tolist() == [[80, 40, 10]]
    assert y.tolist() == [[160, 80, 20]]


OPENVINO = """
import sys
import numpy as np
from leapp_core.errors import UsageError
from leapp_core.plugins.runners import RunnerSettings
from leapp_core.runtime import load, mock_inputs

for path in sys.argv[1:]:
    reference, runtime = load(path), load(path, settings=RunnerSettings("openvino"))
    for step in range(5):
        inputs = mock_inputs(reference.inputs, step)
        expected, found = reference.step(inputs), runtime.step(inputs)
        for name, value in expected.items():
            np.testing.assert_allclose(found[name], value, rtol=1e-4, atol=1e-5)
try:
    load(sys.argv[1], settings=RunnerSettings("cuda"))
except UsageError as error:
    print(error)
"""


NVIDIA = """
import sys
from leapp_core.errors import UsageError
from leapp_core.plugins.runners import RunnerSettings
from leapp_core.runtime import load

for settings in (
    RunnerSettings("cuda"),
    RunnerSettings("CUDAExecutionProvider", extra={"allow_cpu_nodes": True}),
    RunnerSettings("tensorrt"),
):
    try:
        load(sys.argv[1], settings=settings)
    except UsageError as error:
        print(error)
    else:
        print("started")
"""


@pytest.mark.venv
@pytest.mark.slow
def test_a_provider_without_its_libraries_names_what_is_missing(tmp_path):
    """ONNX Runtime itself goes on with the CPU here, or blames the model."""
    packages = tmp_path / "packages"
    line = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", packages, "onnxruntime-gpu"]
    if subprocess.run(line, check=False, capture_output=True, text=True).returncode:
        pytest.skip("onnxruntime-gpu has no wheel for this Python and platform")
    done = subprocess.run(
        [sys.executable, "-c", NVIDIA, pipelines.mlp(tmp_path).write()],
        check=False,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(packages), "OMP_NUM_THREADS": "1"},
    )
    assert done.returncode == 0, done.stderr
    if "started" in done.stdout:
        pytest.skip("the libraries are here")
    assert re.findall(r"execution provider '(\w+)' did not start: library lib\S+ is not there", done.stdout) == [
        "cuda",
        "CUDAExecutionProvider",
        "tensorrt",
    ]
    assert "onnxruntime-gpu[cuda,cudnn]" in done.stdout
    assert "TensorRT" in done.stdout
    assert done.stderr == ""


@pytest.mark.venv
@pytest.mark.slow
def test_another_provider_than_the_cpu(tmp_path):
    """OpenVINO's build of ONNX Runtime runs on any CPU and shows that the provider asked for is the one that runs."""
    packages = tmp_path / "packages"
    line = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", packages]
    installed = subprocess.run([*line, "onnxruntime-openvino"], check=False, capture_output=True, text=True)
    if installed.returncode:
        pytest.skip("onnxruntime-openvino has no wheel for this Python and platform")
    bundles = []
    for make in (pipelines.mlp, pipelines.recurrent, pipelines.three_nodes, with_gains):
        folder = tmp_path / make.__name__
        folder.mkdir()
        bundles.append(make(folder).write())
    done = subprocess.run(
        [sys.executable, "-c", OPENVINO, *bundles],
        check=False,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(packages), "OMP_NUM_THREADS": "1"},
    )
    assert done.returncode == 0, done.stderr
    assert "execution provider 'cuda' is not part of the installed onnxruntime" in done.stdout
