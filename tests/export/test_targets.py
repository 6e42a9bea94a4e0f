"""Models written for an engine run in that very version of it, and what it lacks is refused."""

from __future__ import annotations

import functools
import json
import subprocess
from collections.abc import Callable
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
from tests.interpreters import interpreter

ENGINES = {
    "onnxruntime-1.16": "1.16.3",
    "onnxruntime-1.18": "1.18.1",
    "onnxruntime-1.20": "1.20.1",
    "jetpack-5": "1.16.3",
    "jetpack-6": "1.18.1",
}
"""Target to the release of ONNX Runtime that its files are run in."""
OPSETS = {"onnxruntime-1.16": 19, "onnxruntime-1.18": 20, "onnxruntime-1.20": 20, "jetpack-5": 17, "jetpack-6": 19}


class Mlp(torch.nn.Module):
    """A plain MLP."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = torch.nn.Sequential(torch.nn.Linear(3, 8), torch.nn.ELU(), torch.nn.Linear(8, 2))

    def forward(self, q):
        return self.layers(q)


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


@pytest.fixture(scope="module")
def python_with(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Give, by release of ONNX Runtime, the Python of a fresh environment that has it."""

    @functools.cache
    def make(release: str) -> Path:
        base = interpreter("3.11")  # the one Python that there are wheels of all of these releases for
        if base is None:
            pytest.skip("there is no Python 3.11 here")
        folder = tmp_path_factory.mktemp(f"onnxruntime-{release}")
        subprocess.run([base, "-m", "venv", folder], check=True, capture_output=True)
        python = folder / "bin" / "python"
        line = [
            python,
            "-m",
            "pip",
            "install",
            "-q",
            "--disable-pip-version-check",
            f"onnxruntime=={release}",
            "numpy<2",
        ]
        installed = subprocess.run(line, check=False, capture_output=True, text=True)
        assert installed.returncode == 0, installed.stderr
        return python

    return make


RUN = """
import sys, json, numpy as np, onnxruntime as ort
assert ort.__version__ == sys.argv[3], ort.__version__
s = ort.InferenceSession(sys.argv[1], providers=["CPUExecutionProvider"])
given = dict(np.load(sys.argv[2]))
out = s.run(None, given)
print(json.dumps({o.name: v.astype(float).tolist() for o, v in zip(s.get_outputs(), out)}))
"""


@pytest.mark.timeout(600)
@pytest.mark.slow
@pytest.mark.venv
@pytest.mark.parametrize("net", [Mlp, Net])
@pytest.mark.parametrize("target", ENGINES)
def test_a_model_for_an_engine_gives_the_same_numbers_in_it(
    tmp_path: Path, target: str, net: type, python_with: Callable[[str], Path]
) -> None:
    torch.manual_seed(0)
    report = export(tmp_path, target, net())
    assert report.ok
    runtime = load(report.bundle)
    inputs = mock_inputs(runtime.inputs, 1)
    stored, release = tmp_path / "in.npz", ENGINES[target]
    np.savez(stored, **inputs, **runtime.state)
    command = [python_with(release), "-c", RUN, report.bundle / "act.onnx", stored, release]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    found = json.loads(done.stdout.splitlines()[-1])
    expected = dict(runtime.step(inputs))
    expected |= {name.replace("_in", "_out"): value for name, value in runtime.state.items()}
    assert set(expected) == set(found)
    for name, value in expected.items():
        np.testing.assert_allclose(found[name], np.asarray(value, dtype=float), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("target", ENGINES)
def test_what_was_run_is_what_the_listing_says(target: str) -> None:
    said = PluginManager().targets.get(target)
    assert f"ONNX Runtime {ENGINES[target]}" in said.ran
    others = {entry.item.name for entry in PluginManager(disabled=()).targets if entry.item.ran}
    assert others == set(ENGINES)


@pytest.mark.parametrize(
    "target", [pytest.param(t, marks=[] if t == "jetpack-5" else pytest.mark.slow) for t in OPSETS]
)
def test_a_file_has_the_target_s_operator_set_and_the_oldest_format_for_it(tmp_path: Path, target: str) -> None:
    model = onnx.load(export(tmp_path, target).bundle / "act.onnx")
    opset = {item.version for item in model.opset_import if item.domain == ""}
    assert opset == {OPSETS[target]}
    assert model.ir_version == (8 if OPSETS[target] == 17 else 9)


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


def test_the_backend_that_can_is_named_where_another_cannot(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="cannot be written for 'old' by onnx-dynamo") as caught:
        export(tmp_path, "old")
    assert "use --backend onnx-torchscript, which can" in str(caught.value)
    assert not (tmp_path / "walker").exists()
    report = export(tmp_path, "old", backend="onnx-torchscript")
    model = onnx.load(report.bundle / "act.onnx")
    assert {item.version for item in model.opset_import if item.domain == ""} == {13}


class Plugin:
    @hookimpl
    def leapp_register_targets(self, registry):
        registry.add(Target("old", "an engine of opset 13", 13))
        registry.add(Target("tiny", "an engine that multiplies", 17, operators=frozenset({"Gemm", "Identity"})))


@pytest.fixture(autouse=True)
def _more_targets(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = PluginManager.__init__

    def init(self, **options):
        whole(self, **options)
        self.register(Plugin(), "more-targets")

    monkeypatch.setattr(PluginManager, "__init__", init)


def test_an_operator_that_the_engine_lacks_is_named_with_its_line_and_nothing_is_written(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match=r"an engine that multiplies has no .*GRU") as caught:
        export(tmp_path, "tiny")
    lines = Path(__file__).read_text(encoding="utf-8").splitlines()
    at = 1 + next(n for n, line in enumerate(lines) if "self.gru(self.first(q)" in line)
    assert f"{Path(__file__).name}:{at}" in (caught.value.where or "")
    assert "no ONNX backend here can" in str(caught.value)
    assert not (tmp_path / "walker").exists()


@pytest.mark.parametrize(("target", "lacking"), [("tensorrt-8.5", "LayerNormalization"), ("rknn", "Neg")])
def test_published_lists_refuse_what_they_do_not_name(tmp_path: Path, target: str, lacking: str) -> None:
    class Negative(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.norm = torch.nn.LayerNorm(3)

        def forward(self, q):
            return -self.norm(q) * q

    with pytest.raises(ExportError, match=f"has no .*{lacking}"):
        export(tmp_path, target, Negative())


def test_a_plain_network_passes_the_published_lists(tmp_path: Path) -> None:
    for target in ("tensorrt-8.5", "rknn"):
        assert export(tmp_path / target, target, Mlp()).ok


def test_what_does_not_go_together_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="takes ONNX files, backend 'pt2' writes 'pt2'"):
        export(tmp_path, "jetpack-5", backend="pt2")
    with pytest.raises(UsageError, match="are written in opset 17 or older, 20 was asked for"):
        export(tmp_path, "jetpack-5", options={"opset": 20})
    with pytest.raises(UsageError, match="unknown target 'jetpack'"):
        export(tmp_path, "jetpack")


def test_a_target_that_breaks_its_contract_is_left_out_and_its_plugin_named() -> None:
    class Wrong:
        @hookimpl
        def leapp_register_targets(self, registry):
            registry.add(Target("wrong", "opset as text", "17"))

    manager = PluginManager()
    manager.register(Wrong(), "wrong-target")
    assert "wrong" not in manager.targets
    assert "'opset' is '17', expected int" in (manager.info("wrong-target").error or "")


def test_the_command_lists_what_was_run_apart_from_what_is_published() -> None:
    from typer.testing import CliRunner

    from leapp_core.cli.app import build_app

    done = CliRunner().invoke(build_app(PluginManager()), ["targets", "--json"])
    facts = {fact["name"]: fact for fact in json.loads(done.stdout)["targets"]}
    assert facts["tensorrt-8.5"]["ran"] == ""
    assert "8.5" in facts["tensorrt-8.5"]["published"]
    assert facts["onnxruntime-1.16"]["ran"] == "ONNX Runtime 1.16.3"
    assert facts["onnxruntime-1.16"]["operators"] is None
