"""Bundles go both ways: ours run in the published ``leapp`` 0.7.2, its bundles run here."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from leapp_core.bundle import load_document
from leapp_core.export.run import export_pipeline
from leapp_core.plugins.manager import PluginManager
from leapp_core.runtime import PolicyRuntime, load, mock_inputs
from tests.export.pipelines import PIPELINES, capture_pipeline
from tests.parity.conftest import run_peer

BACKENDS = ["onnx-dynamo", "onnx-torchscript", "jit-script", "jit-trace", "pt2"]
STEPS = 6
pytestmark = [pytest.mark.venv, pytest.mark.slow]


@pytest.mark.parametrize("backend", BACKENDS)
def test_our_bundles_run_in_leapp(peer_python: Path, tmp_path: Path, backend: str) -> None:
    runtimes = {}
    arguments: list[Path] = []
    for name, build in PIPELINES.items():
        captured = capture_pipeline(build, name)
        report = export_pipeline(
            captured, save_path=tmp_path, plugins=PluginManager(), backend=backend, visualize=False
        )
        runtimes[name] = load(report.bundle, trust=True, full_names=True)
        stored = {
            f"{number}:{key}": value
            for number in range(STEPS)
            for key, value in mock_inputs(runtimes[name].inputs, number).items()
        }
        np.savez(tmp_path / f"{name}-in.npz", **stored)
        arguments += [report.yaml_path, tmp_path / f"{name}-in.npz", tmp_path / f"{name}-out.npz"]
    run_peer(peer_python, "run_with_leapp.py", *arguments)
    for name, runtime in runtimes.items():
        with np.load(tmp_path / f"{name}-out.npz") as stored:
            _check_answers(runtime, dict(stored))


def _check_answers(runtime: PolicyRuntime, answers: dict[str, np.ndarray]) -> None:
    """Both episodes of the manager, the second after its reset, against ours."""
    for episode in range(2):
        runtime.reset()
        for number in range(STEPS):
            for key, value in runtime.step(mock_inputs(runtime.inputs, number)).items():
                found = answers[f"{episode}:{number}:{key}"]
                assert found.dtype == value.dtype
                np.testing.assert_allclose(found, value, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_bundle_of_leapp_runs_here(peer_python: Path, tmp_path: Path, backend: str) -> None:
    run_peer(peer_python, "make_with_leapp.py", tmp_path, backend)
    bundle = tmp_path / "made_elsewhere"
    document = load_document(bundle).document
    assert document.pipeline.configs.frequency == 50.0
    assert document.pipeline.configs.extra == {"decimation": 4}
    port = document.pipeline.node("observe").input("joint_pos")
    assert port.element_names == (("hip", "knee"),)
    assert port.extra == {"isaaclab_connection": "state:robot:joint_pos"}
    runtime = load(bundle, trust=True, full_names=True)
    with np.load(tmp_path / "recorded.npz") as stored:
        recorded = dict(stored)
    for number in range(5):
        outputs = runtime.step({key: recorded[f"{number}:in:{key}"] for key in runtime.inputs})
        assert set(outputs) == {"act/target", "act/kp"}
        for key, value in outputs.items():
            np.testing.assert_allclose(value, recorded[f"{number}:out:{key}"], rtol=1e-5, atol=1e-6)
