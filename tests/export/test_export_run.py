"""Exports from end to end: what is written, what is left alone, what is refused."""

from __future__ import annotations

import filecmp
import json
import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

import leapp_core
from leapp_core.bundle import load_document
from leapp_core.errors import ExportError, UsageError, ValidationError
from leapp_core.export.run import export_pipeline
from leapp_core.plugins.manager import PluginManager
from leapp_core.runtime import load
from leapp_core.spec.pipeline import GraphConfigs
from leapp_core.tracing.result import BackendChoice
from tests.export.faulty import Crashing, DiskFull, Faulty, Forgetful, plugins_with, with_module
from tests.tiers import few

REPO = Path(__file__).parents[2]
FILES = {
    "policy.yaml",
    "policy_initial_values.safetensors",
    "policy_validation.safetensors",
    "log.txt",
    "report.html",
    "report.json",
}


def listing(folder: Path) -> set[str]:
    return {entry.name for entry in folder.iterdir()}


def contents(folder: Path) -> dict[str, bytes]:
    return {entry.name: entry.read_bytes() for entry in folder.iterdir() if entry.is_file()}


def test_a_bundle_holds_what_it_should(tmp_path: Path, plugins: PluginManager, captured: dict) -> None:
    progress: list[str] = []
    report = export_pipeline(
        captured["three_nodes"],
        save_path=tmp_path,
        plugins=plugins,
        configs=GraphConfigs(200.0),
        progress=lambda what, seconds: progress.append(what),
    )
    assert listing(tmp_path) == {"policy"}
    artifacts = {"observe.onnx", "decide.onnx", "act.onnx"}
    assert listing(tmp_path / "policy") == FILES | artifacts | {"policy.png", "policy.svg"}
    assert report.ok
    assert report.passed == {"observe": True, "decide": True, "act": True}
    assert "validate" in progress
    loaded = load_document(report.bundle)
    assert loaded.document.pipeline.configs.frequency == 200.0
    assert [node.name for node in loaded.document.pipeline.nodes] == ["observe", "decide", "act"]
    stored = json.loads((report.bundle / "report.json").read_text())
    assert [level["level"] for level in stored["validation"]["levels"]] == ["replay", "fresh inputs"]
    assert "timings" not in stored
    assert "timings" in report.to_json()
    log = (report.bundle / "log.txt").read_text()
    assert "state: decide/action_out -> decide/action_in of the next step, float32[" in log
    assert "200 control steps per second" in log
    assert re.search(r"^input \S+: float32\[.+\]", log, re.MULTILINE)
    assert re.search(r"^output \S+: float32\[.+\]", log, re.MULTILINE)
    assert str(tmp_path) not in log
    assert "\x1b" not in log


def test_the_onnx_file_alone_says_what_it_is(bundle: Path) -> None:
    import onnxruntime

    session = onnxruntime.InferenceSession(bundle / "decide.onnx", providers=["CPUExecutionProvider"])
    facts = {
        key: json.loads(value) for key, value in session.get_modelmeta().custom_metadata_map.items() if "leapp." in key
    }
    assert facts["leapp.node"] == "decide"
    assert facts["leapp.feedback"] == {"action_out": "action_in"}
    assert facts["leapp.initial_values"] == {"action_in": [[0.0, 0.0, 0.0]]}
    assert facts["leapp.configs"] == {"frequency": 50.0, "decimation": 4}
    act = onnxruntime.InferenceSession(bundle / "act.onnx", providers=["CPUExecutionProvider"])
    outputs = json.loads(act.get_modelmeta().custom_metadata_map["leapp.outputs"])
    assert outputs[0]["element_names"] == [["hip", "knee", "ankle"]]
    assert outputs[0]["kind"] == "target/joint/position"


EXPORTS = """
import functools, sys
from leapp_core.export.run import export_pipeline
from leapp_core.plugins.manager import PluginManager
from tests.export.pipelines import *

captured = functools.cache(lambda name: capture_pipeline(PIPELINES[name], name))

def export(name, folder, backend):
    export_pipeline(captured(name), save_path=folder, plugins=PluginManager(), backend=backend)

for number, other in enumerate(sys.argv[3:]):
    export("gru", f"{sys.argv[1]}-before-{number}", other)
    export("counters", f"{sys.argv[1]}-before-{number}", other)
for name in ("mlp", "lstm", "three_nodes"):
    export(name, sys.argv[1], sys.argv[2])
"""
BACKENDS = ["onnx-dynamo", "onnx-torchscript", "jit-script", "jit-trace", "pt2"]


@pytest.mark.parametrize("backend", few(["jit-trace", *(b for b in BACKENDS if b != "jit-trace")], 1))
def test_two_exports_have_the_same_bytes(tmp_path: Path, backend: str) -> None:
    """In processes of their own, with other hash seeds, to folders of other names, first or after ten others."""
    for seed, folder, before in (("1", tmp_path / "a", []), ("2", tmp_path / "elsewhere" / "b", BACKENDS)):
        environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(REPO)}
        subprocess.run(
            [sys.executable, "-c", EXPORTS, folder, backend, *before], check=True, env=environment, cwd=tmp_path
        )
    for name in ("mlp", "lstm", "three_nodes"):
        one, two = tmp_path / "a" / name, tmp_path / "elsewhere" / "b" / name
        _, differing, odd = filecmp.cmpfiles(one, two, listing(one) | listing(two), shallow=False)
        assert (differing, odd) == ([], [])


def test_a_new_export_replaces_the_bundle_and_spares_what_is_the_users(bundle: Path, captured: dict) -> None:
    (bundle / "notes.md").write_text("mine")
    (bundle / "videos").mkdir()
    (bundle / "videos" / "walk.mp4").write_text("mine too")
    (bundle / "link").symlink_to("notes.md")
    export_pipeline(captured["mlp"], save_path=bundle.parent, plugins=PluginManager(), backend="pt2", visualize=False)
    assert listing(bundle) == FILES - {"report.html"} | {"policy.pt2", "notes.md", "videos", "link"}
    assert (bundle / "videos" / "walk.mp4").read_text() == "mine too"
    assert (bundle / "link").readlink() == Path("notes.md")
    assert listing(bundle.parent) == {"policy"}


@pytest.mark.parametrize("name", ["log.txt", "policy.yaml", "policy.onnx"])
def test_a_users_file_is_never_overwritten(tmp_path: Path, captured: dict, plugins: PluginManager, name: str) -> None:
    (tmp_path / "policy").mkdir()
    (tmp_path / "policy" / name).write_text("experiment: 3\n")
    with pytest.raises(ExportError, match=f"holds {name}, which the bundle would overwrite"):
        export_pipeline(captured["mlp"], save_path=tmp_path, plugins=plugins)
    assert contents(tmp_path / "policy") == {name: b"experiment: 3\n"}
    assert listing(tmp_path) == {"policy"}


def test_a_damaged_bundle_can_be_exported_again(bundle: Path, captured: dict, plugins: PluginManager) -> None:
    text = (bundle / "policy.yaml").read_bytes()
    (bundle / "policy.yaml").write_bytes(text[: len(text) // 2] + b"\n  x: [")
    export_pipeline(captured["three_nodes"], save_path=bundle.parent, plugins=plugins, visualize=False)
    assert load(bundle).frequency == 50.0


@pytest.mark.parametrize(
    ("exporter", "says"),
    [
        (DiskFull(), "could not be written to .*: No space left on device"),
        (Crashing(), r"backend 'crashing' \(.*faulty.*\) failed on node 'observe': KeyError: 'inner'"),
        (Forgetful(), "did not write 'observe.pt2'"),
    ],
)
def test_a_failing_backend_leaves_the_previous_bundle(bundle: Path, captured: dict, exporter, says: str) -> None:
    before = contents(bundle)
    with pytest.raises(ExportError, match=says):
        export_pipeline(
            captured["three_nodes"], save_path=bundle.parent, plugins=plugins_with(exporter), backend=exporter.name
        )
    assert contents(bundle) == before
    assert listing(bundle.parent) == {"policy"}


def test_what_fails_validation_is_not_put_in_place(bundle: Path, captured: dict) -> None:
    before = contents(bundle)
    wrong = Faulty(lambda program: with_module(program, lambda f, *x: tuple(1.01 * y for y in f(*x))))
    arguments = {"save_path": bundle.parent, "plugins": plugins_with(wrong), "backend": "faulty", "visualize": False}
    with pytest.raises(ValidationError, match=r"(?s)node 'policy', port 'joint_targets', step 0.*factor 1\.01"):
        export_pipeline(captured["mlp"], **arguments)
    assert contents(bundle) == before
    report = export_pipeline(captured["mlp"], strict=False, **arguments)
    assert report.passed == {"policy": False}
    assert not report.ok
    assert "validation, replay: FAILED" in (bundle / "log.txt").read_text()


def test_a_place_that_cannot_be_written_to_is_said_so(tmp_path: Path, captured: dict, plugins: PluginManager) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ExportError, match="could not be written to"):
        export_pipeline(captured["mlp"], save_path=tmp_path / "file", plugins=plugins)
    (tmp_path / "policy").write_text("")
    with pytest.raises(ExportError, match="policy is a file"):
        export_pipeline(captured["mlp"], save_path=tmp_path, plugins=plugins)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"backend": "onnx-dynmo"}, "unknown backend 'onnx-dynmo'"),
        ({"options": {"opsett": 18}}, "has no option 'opsett'"),
        ({"backend": "pt2", "options": {"opset": 18}}, "has no option 'opset'"),
    ],
)
def test_misspelt_backends_and_options_fail_before_any_work(
    tmp_path: Path, captured: dict, plugins: PluginManager, change: dict, says: str
) -> None:
    with pytest.raises(UsageError, match=says):
        export_pipeline(captured["mlp"], save_path=tmp_path / "new", plugins=plugins, **change)
    assert listing(tmp_path) == set()


def test_nodes_may_ask_for_backends_of_their_own(tmp_path: Path, captured: dict, plugins: PluginManager) -> None:
    mixed = replace(captured["three_nodes"], choices={"decide": BackendChoice("jit"), "act": BackendChoice("pt2")})
    report = export_pipeline(mixed, save_path=tmp_path, plugins=plugins, visualize=False)
    assert [node.file for node in report.nodes] == ["observe.onnx", "decide.pt", "act.pt2"]
    assert report.ok


def test_files_of_two_nodes_must_not_meet(tmp_path: Path, captured: dict, plugins: PluginManager) -> None:
    mlp = captured["mlp"]
    node = mlp.spec.nodes[0]
    outputs = tuple(replace(ref, node="POLICY") for ref in mlp.spec.outputs)
    other = replace(
        mlp.spec,
        nodes=(node, replace(node, name="POLICY")),
        feedback=(
            *mlp.spec.feedback,
            *(type(e)(replace(e.source, node="POLICY"), replace(e.target, node="POLICY")) for e in mlp.spec.feedback),
        ),
        inputs=(*mlp.spec.inputs, *(replace(ref, node="POLICY") for ref in mlp.spec.inputs)),
        outputs=(*mlp.spec.outputs, *outputs),
    )
    program = mlp.programs["policy"]
    twice = {"policy": program, "POLICY": replace(program, spec=replace(program.spec, name="POLICY"))}
    with pytest.raises(ExportError, match="which another file of the bundle uses"):
        export_pipeline(replace(mlp, spec=other, programs=twice), save_path=tmp_path, plugins=plugins)


def test_any_printable_name_gives_a_bundle_that_runs(tmp_path: Path, captured: dict, plugins: PluginManager) -> None:
    report = export_pipeline(replace(captured["mlp"], name="my walk (v2) é"), save_path=tmp_path, plugins=plugins)
    runtime = load(report.bundle)
    zeros = {key: np.zeros((1, 3), np.float32) for key in runtime.inputs}
    assert runtime.step(zeros)["joint_targets"].shape == (1, 3)


def test_a_session_exports_to_another_folder_and_knows_its_options(tmp_path: Path) -> None:
    session = leapp_core.capture("policy", tmp_path / "one")
    with torch.no_grad(), session:
        for _ in range(3):
            session.input_tensors("policy", {"x": (x := torch.randn(1, 3))})
            session.output_tensors("policy", {"y": x * 2})
    with pytest.raises(UsageError, match="export has no option 'opset_version'"):
        session.export(opset_version=17)
    report = session.export("jit-trace", save_path=tmp_path / "two", visualize=False)
    assert report.bundle == tmp_path / "two" / "policy"
    assert not (tmp_path / "one").exists()
