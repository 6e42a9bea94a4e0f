"""The wheel in fresh environments without torch and onnx, on every Python at hand: bundles run, results are equal."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import runtime_pipelines as pipelines

from tests.interpreters import interpreter

VERSIONS = ("3.10", "3.11", "3.12", "3.13")
CASES = {"mlp": pipelines.mlp, "recurrent": pipelines.recurrent, "three_nodes": pipelines.three_nodes}

PROGRAM = """
import importlib.util, json, sys
from pathlib import Path
for name in ("torch", "onnx", "onnxscript"):
    assert importlib.util.find_spec(name) is None, name
import numpy as np
from leapp_core.runtime import RecordingRuntime, load, replay

for folder in sys.argv[1:]:
    with np.load(Path(folder) / "expected.npz") as file:
        stored = {name: file[name] for name in file.files}
    for merge in (True, False):
        runtime = load(folder, merge=merge, full_names=True)
        steps = len(next(iter(stored.values())))
        with RecordingRuntime(runtime, Path(folder) / "run.npz") as recorded:
            for step in range(steps):
                found = recorded.step({name: stored["in:" + name][step] for name in runtime.inputs})
                for name, value in found.items():
                    np.testing.assert_allclose(value, stored["out:" + name][step], rtol=1e-5, atol=1e-6)
        assert replay(load(folder, full_names=True), Path(folder) / "run.npz").identical
import onnxruntime
print(json.dumps({"onnxruntime": onnxruntime.__version__, "numpy": np.__version__}))
"""


@pytest.fixture(scope="module")
def bundles(tmp_path_factory) -> list[Path]:
    folders = []
    random = np.random.default_rng(0)
    for name, make in CASES.items():
        folder = tmp_path_factory.mktemp(name)
        pipeline = make(folder)
        pipeline.write()
        inputs = [
            {r: random.standard_normal(pipeline.spec.input_spec(r).shape).astype("f4") for r in pipeline.spec.inputs}
            for _ in range(5)
        ]
        outputs = pipelines.reference(pipeline, inputs)
        stored = {f"in:{ref}": np.stack([step[ref] for step in inputs]) for ref in pipeline.spec.inputs}
        stored |= {f"out:{ref}": np.stack([step[ref] for step in outputs]) for ref in pipeline.spec.outputs}
        np.savez(folder / "expected.npz", **stored)
        folders.append(folder)
    return folders


@pytest.fixture(scope="module")
def exported(tmp_path_factory) -> list[Path]:
    """Every shipped policy as a bundle of both ONNX backends."""
    leapp, folders = Path(sys.executable).with_name("leapp"), []
    listed = subprocess.run([leapp, "envs", "list", "--json"], check=True, capture_output=True, text=True).stdout
    builtin = next(env for env in json.loads(listed)["environments"] if env["name"] == "builtin")
    tasks = [task["name"] for task in builtin["tasks"] if task["pretrained"]]
    assert len(tasks) >= 4
    for backend in ("onnx-dynamo", "onnx-torchscript"):
        for task in tasks:
            folder = tmp_path_factory.mktemp(backend)
            line = [leapp, "export", "--env", "builtin", "--task", task, "--use_pretrained_checkpoint"]
            line += ["--backend", backend, "--export_save_path", folder, "--disable_graph_visualization"]
            done = subprocess.run(line, check=False, capture_output=True, text=True)
            assert done.returncode == 0, done.stderr
            folders.append(folder / task)
    return folders


@pytest.mark.timeout(1800)
@pytest.mark.venv
@pytest.mark.slow
@pytest.mark.parametrize("version", VERSIONS)
def test_bundles_run_where_neither_torch_nor_onnx_is_installed(tmp_path, wheel, bundles, exported, version):
    base = interpreter(version)
    if base is None:
        pytest.skip(f"there is no Python {version} here")
    subprocess.run([base, "-m", "venv", tmp_path / "venv"], check=True, capture_output=True)
    python = tmp_path / "venv" / "bin" / "python"
    line = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", str(wheel)]
    installed = subprocess.run(line, check=False, capture_output=True, text=True)
    assert installed.returncode == 0, installed.stderr
    done = subprocess.run(
        [python, "-W", "error", "-c", PROGRAM, *bundles], check=False, capture_output=True, text=True, cwd=tmp_path
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["onnxruntime"]
    for folder in exported:
        # Runs the inputs that the bundle carries and compares with the outputs the program gave.
        leapp = tmp_path / "venv" / "bin" / "leapp"
        done = subprocess.run([leapp, "validate", folder], check=False, capture_output=True, text=True, cwd=tmp_path)
        assert done.returncode == 0, f"{folder.name}: {done.stdout}{done.stderr}"
