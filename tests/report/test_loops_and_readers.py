"""The page's curves of both loops, its lines of C++, and what it says of runtimes and engines elsewhere."""

from __future__ import annotations

import subprocess
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch

import leapp_core
from leapp_core.bundle import LoadedBundle, load_document, read_report
from leapp_core.plugins.manager import PluginManager
from leapp_core.report.loop import LoopTrace
from leapp_core.report.page import render_page
from leapp_core.report.readers import consumers_of, targets_of
from leapp_core.report.snippets import snippets
from leapp_core.spec.names import PortRef

HEADERS = Path(__file__).parents[2] / "docs" / "examples" / "cpp" / "include"


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> LoadedBundle:
    folder = tmp_path_factory.mktemp("walker")
    count = torch.zeros(1, 1, dtype=torch.int64)
    with torch.no_grad(), leapp_core.capture("walker", save_path=folder) as session:
        for step in range(4):
            q, go = torch.randn(1, 3, generator=torch.Generator().manual_seed(step)), torch.tensor([[step % 2 == 0]])
            session.input_tensors("policy", {"joint.pos": q, "policy": go})
            count = count + go
            session.output_tensors("policy", {"1st": torch.tanh(q) * count, "count": count * 2})
    session.export("onnx-dynamo", visualize=False)
    return load_document(folder / "walker")


def pair(step: int, shown: bool) -> SimpleNamespace:
    value = np.array([float(step), 2.0 * step])
    return SimpleNamespace(
        trained=SimpleNamespace(targets={"1st": value}, reward=1.0),
        deployed=SimpleNamespace(targets={}, reward=1.0),
        refs={"1st": PortRef("policy", "1st")},
        outputs={"policy/1st": value + 0.5},
        shown={"policy/1st": value + 0.25} if shown else None,
    )


@pytest.mark.parametrize("shown", [True, False])
def test_the_open_loop_has_a_curve_where_it_was_run(shown: bool, bundle: LoadedBundle) -> None:
    trace = LoopTrace(bundle.document.pipeline)
    for step in range(3):
        trace.add(pair(step, shown))
    (port,) = trace.to_json()["ports"]
    assert port["expected"] == [[0.0, 1.0, 2.0], [0.0, 2.0, 4.0]]
    assert port["found"] == [[0.5, 1.5, 2.5], [0.5, 2.5, 4.5]]
    assert port["error"] == [0.5, 0.5, 0.5]
    assert ("open_loop" in port) == shown
    if shown:
        assert port["open_loop"] == {"found": [[0.25, 1.25, 2.25], [0.25, 2.25, 4.25]], "error": [0.25, 0.25, 0.25]}


@pytest.mark.venv  # as the other tests that need a compiler
def test_the_lines_of_cpp_compile_with_the_runner(bundle: LoadedBundle, tmp_path: Path) -> None:
    (lines,) = [entry["text"] for entry in snippets(bundle.document) if entry["title"].startswith("C++17")]
    includes, _, body = lines.partition("\n\n")
    program = f"""{includes}
template <typename T> void read(T) {{}}
template <typename T> void write(T) {{}}
template <typename T> void stop(T) {{}}
int main() {{ bool running = false;
{body}
}}"""
    (tmp_path / "main.cpp").write_text(program, encoding="utf-8")
    command = ["g++", "-std=c++17", "-fsyntax-only", "-I", HEADERS, tmp_path / "main.cpp"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert 'policy.input("joint.pos")' in lines
    assert "p_policy.data<bool>()" in lines


def test_consumers_and_targets_say_why_not(bundle: LoadedBundle) -> None:
    plugins = PluginManager()
    consumers = {entry["name"]: entry for entry in consumers_of(bundle, plugins)}
    assert "int64" in consumers["isaac-ros"]["why_not"]
    targets = {entry["name"]: entry["why_not"] for entry in targets_of(bundle, read_report(bundle.folder), plugins)}
    assert targets["onnxruntime-1.20"] == ""
    assert "it takes 17 and older" in targets["tensorrt-8.5"]
    page = render_page([bundle], plugins)
    assert "Where it runs" in page
    assert "it takes 17 and older" in page
