"""Models written for an engine load in that very version of it, and what it lacks is refused."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import venv
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch

import leapp_core
from leapp_core.errors import ExportError, UsageError
from leapp_core.export.report import ExportReport
from leapp_core.plugins.manager import PluginManager
from leapp_core.plugins.markers import hookimpl
from leapp_core.plugins.targets import Target
from leapp_core.runtime import load, mock_inputs

ENGINES = {
    "onnxruntime-1.16": "1.16.3",
    "onnxruntime-1.17": "1.17.3",
    "onnxruntime-1.18": "1.18.1",
    "onnxruntime-1.19": "1.19.2",
    "onnxruntime-1.20": "1.20.1",
    "onnxruntime-1.22": "1.22.1",
    "jetpack-5": "1.16.3",
    "jetpack-6": "1.18.1",
}
"""Target to the release of ONNX Runtime that its files are loaded in."""


class Net(torch.nn.Module):
    """An MLP with a layer norm, a GRU, and a flag and a count among its state."""

    def __init__(self) -> None:
        super().__init__()
        self.first = torch.nn.Sequential(torch.nn.Linear(3, 8), torch.nn.LayerNorm(8), torch.nn.ELU())
        self.gru = torch.nn.GRU(8, 8)
        self.last = torch.nn.Linear(8, 2)
        self.hidden = torch.zeros(1, 1, 8)
        self.fresh = torch.ones(1, dtype=torch.bool)

    def forward(self, q):
        out, self.hidden = self.gru(self.first(q).unsqueeze(0), self.hidden)
        kept = torch.where(self.fresh.unsqueeze(-1), out.squeeze(0), out.squeeze(0) * 0.5)
        self.fresh = torch.zeros_like(self.fresh)
        return self.last(kept)


def export(folder: Path, target: str | None = None, net: torch.nn.Module | None = None, **options) -> ExportReport:
    torch.manual_seed(0)
    policy, session = net or Net(), leapp_core.capture("walker", save_path=folder)
    with session, torch.no_grad():
        for _ in range(4):
            q = session.input_tensors("act", {"q": torch.randn(1, 3)})
            session.output_tensors("act", {"targets": policy(q)})
    return session.export(visualize=False, target=target, **options)


def python_with(release: str) -> Path:
    """Return a Python with that ONNX Runtime, kept in the user's cache; LEAPP_ENGINES names a folder of them."""
    given = os.environ.get("LEAPP_ENGINES")
    cache = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "leapp-framework" / "engines"
    python = (Path(given) if given else cache) / f"ort-{release}" / "bin" / "python"
    if not python.exists():
        if sys.version_info[:2] != (3, 11):
            pytest.skip("one Python serves all of these releases: 3.11")
        venv.create(python.parents[1], with_pip=True)
        command = [python, "-m", "pip", "install", "-q", f"onnxruntime=={release}", "numpy<2"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            pytest.skip(f"onnxruntime {release} could not be installed: {done.stderr.strip().splitlines()[-1]}")
    return python


RUN = """
import sys, json, numpy as np, onnxruntime as ort
assert ort.__version__ == sys.argv[3], ort.__version__
s = ort.InferenceSession(sys.argv[1], providers=["CPUExecutionProvider"])
given = dict(np.load(sys.argv[2]))
out = s.run(None, given)
print(json.dumps({o.name: v.astype(float).tolist() for o, v in zip(s.get_outputs(), out)}))
"""


@pytest.mark.slow
@pytest.mark.venv
@pytest.mark.parametrize("target", ENGINES)
def test_a_model_for_an_engine_loads_and_runs_in_it(tmp_path: Path, target: str) -> None:
    report = export(tmp_path, target)
    assert report.ok
    runtime = load(report.bundle)
    inputs = mock_inputs(runtime.inputs, 1)
    np.savez(tmp_path / "in.npz", **inputs, **runtime.state)
    release = ENGINES[target]
    command = [python_with(release), "-c", RUN, report.bundle / "act.onnx", tmp_path / "in.npz", release]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    found = json.loads(done.stdout.splitlines()[-1])
    np.testing.assert_allclose(found["targets"], runtime.step(inputs)["targets"], rtol=1e-5, atol=1e-6)


def test_isaac_ros_gets_float32_state_and_no_temporal_axis(tmp_path: Path) -> None:
    from leapp_backends.consumers.isaac_ros import IsaacRosControl
    from leapp_core.bundle import load_document
    from leapp_core.plugins.consumers import ConsumedBundle, check_consumer

    def broken(report: ExportReport) -> set[str]:
        document = load_document(report.bundle).document
        return {found.rule for found in check_consumer(IsaacRosControl(), ConsumedBundle(document, report.bundle))}

    assert "float32-state" in broken(export(tmp_path / "own"))
    report = export(tmp_path / "isaac", "isaac-ros-4.6")
    assert report.ok
    assert "float32-state" not in broken(report)


def test_an_operator_set_that_one_exporter_cannot_write_is_written_by_another(tmp_path: Path) -> None:
    report = export(tmp_path, "old")  # registered below
    model = onnx.load(report.bundle / "act.onnx")
    assert report.ok
    assert {item.version for item in model.opset_import if item.domain == ""} == {13}
    assert any("written by onnx-torchscript" in note for note in report.nodes[0].notes)


class Plugin:
    @hookimpl
    def leapp_register_targets(self, registry):
        registry.add(Target("old", "an engine of opset 13", 13, "made up"))
        registry.add(
            Target("tiny", "an engine that multiplies", 17, "made up", operators=frozenset({"Gemm", "Identity"}))
        )


@pytest.fixture(autouse=True)
def _more_targets(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = PluginManager.__init__

    def init(self, **options):
        whole(self, **options)
        self.register(Plugin(), "more-targets")

    monkeypatch.setattr(PluginManager, "__init__", init)


def test_an_operator_that_the_engine_lacks_is_named_and_nothing_is_written(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match=r"uses .*GRU.*, which an engine that multiplies does not have"):
        export(tmp_path, "tiny")
    assert not (tmp_path / "walker").exists()


def test_what_does_not_go_together_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="takes ONNX files, backend 'pt2' writes 'pt2'"):
        export(tmp_path, "jetpack-5", backend="pt2")
    with pytest.raises(UsageError, match="reads operator sets up to 17, 20 was asked for"):
        export(tmp_path, "jetpack-5", options={"opset": 20})
    with pytest.raises(UsageError, match="unknown target 'jetpack'"):
        export(tmp_path, "jetpack")
