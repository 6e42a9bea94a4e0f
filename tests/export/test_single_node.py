"""A pipeline as one model gives what its parts give."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

import leapp_core
from leapp_core.bundle import load_document
from leapp_core.errors import ExportError
from leapp_core.export.run import export_pipeline
from leapp_core.export.single_node import as_single_node
from leapp_core.plugins.manager import PluginManager
from leapp_core.runtime import PolicyRuntime, load, mock_inputs
from leapp_core.tracing.result import BackendChoice, CapturedPipeline
from tests.export.pipelines import STEPS, capture_pipeline, sensors


def shared_and_across(session, random: torch.Generator) -> None:
    """Three nodes: an input that two take, state in two of them, and feedback from one node to another."""
    net = torch.nn.Linear(9, 3).eval()
    effort, filtered, ticks = torch.zeros(1, 3), torch.full((1, 3), 0.5), torch.zeros(1, dtype=torch.int64)
    for _ in range(STEPS):
        pos, vel = sensors(session, "observe", random)
        session.input_tensors("observe", {"effort": effort})
        filtered = 0.9 * filtered + 0.1 * vel
        obs = torch.cat([pos, filtered, effort], dim=-1)
        session.output_tensors("observe", {"obs": obs})
        session.input_tensors("decide", {"obs": obs})
        action = torch.tanh(net(obs))
        session.output_tensors("decide", {"action": action})
        session.input_tensors("act", {"action": action, "joint_pos": pos})
        ticks = ticks + 1
        effort = 5.0 * (action - pos) / ticks
        session.output_tensors("act", {"effort": effort})


def ambiguous(session, random: torch.Generator) -> None:
    """Two nodes with state and inputs of one name."""
    states = {"left": torch.zeros(1, 2), "right": torch.ones(1, 2)}
    for _ in range(STEPS):
        made = []
        for node in states:
            x = session.input_tensors(node, {"x": torch.randn(1, 2, generator=random)})
            memory = session.state_tensors(node, {"memory": states[node]})
            states[node] = 0.5 * memory + x
            session.update_state(node, {"memory": states[node]})
            made.append(torch.tanh(states[node]))
            session.output_tensors(node, {"y": made[-1]})
        session.input_tensors("sum", {"a": made[0], "b": made[1]})
        session.output_tensors("sum", {"total": made[0] + made[1]})


def bundles(
    captured: CapturedPipeline, folder: Path, backend: str = "onnx-dynamo"
) -> tuple[PolicyRuntime, PolicyRuntime]:
    """Return the parts and the whole, loaded."""
    made = []
    for name, options in (("parts", {}), ("whole", {"single_node": True})):
        report = export_pipeline(
            captured,
            save_path=folder / name,
            plugins=PluginManager(),
            backend=backend,
            options=options,
            visualize=False,
            drop_unread=True,
        )
        assert report.ok
        made.append(load(report.bundle, trust=True))
    return made[0], made[1]


def differences(parts: PolicyRuntime, whole: PolicyRuntime, names: dict[str, str], steps: int = 40) -> float:
    """Run both and return the largest difference of an output; names of the parts lead to those of the whole."""
    worst = 0.0
    for step in range(steps):
        if step == steps // 2:
            parts.reset()
            whole.reset()
        given = mock_inputs(parts.inputs, step)
        one = parts.step(given)
        other = whole.step({names.get(name, name): value for name, value in given.items()})
        assert {names.get(name, name) for name in one} == set(other)
        worst = max(worst, *(float(np.abs(v - other[names.get(n, n)]).max()) for n, v in one.items()))
    return worst


@pytest.mark.parametrize("backend", ["onnx-dynamo", pytest.param("jit-script", marks=pytest.mark.slow)])
def test_one_model_gives_what_three_give(tmp_path: Path, captured: dict, backend: str) -> None:
    parts, whole = bundles(captured["three_nodes"], tmp_path, backend)
    assert len(whole.pipeline.nodes) == 1
    assert whole.pipeline.nodes[0].name == "policy"
    assert list(whole.inputs) == list(parts.inputs)
    assert whole.frequency == parts.frequency
    assert whole.inputs["joint_pos"] == parts.inputs["joint_pos"]  # kinds and element names too
    assert differences(parts, whole, {}) <= 1e-6


def test_state_and_feedback_across_nodes_stay(tmp_path: Path) -> None:
    parts, whole = bundles(capture_pipeline(shared_and_across), tmp_path)
    assert list(whole.inputs) == ["joint_pos", "joint_vel"]
    assert len(whole.pipeline.feedback) == len(parts.pipeline.feedback) == 3
    assert {str(np.asarray(v).reshape(-1)[0]) for v in whole.state.values()} == {"0.0", "0.5", "0"}
    assert differences(parts, whole, {}) <= 1e-5


def test_names_that_are_ambiguous_get_their_node(tmp_path: Path) -> None:
    parts, whole = bundles(capture_pipeline(ambiguous), tmp_path)
    assert set(whole.inputs) == {"left_x", "right_x"}
    assert set(whole.state) == {"left_memory_in", "right_memory_in"}
    assert {name: float(value[0, 0]) for name, value in whole.state.items()} == {
        "left_memory_in": 0.0,
        "right_memory_in": 1.0,
    }
    names = {f"{node}/{port}": f"{node}_{port}" for node in ("left", "right") for port in ("x", "y", "memory_out")}
    assert differences(parts, whole, names) <= 1e-6


def test_the_one_file_says_all_of_it(tmp_path: Path, captured: dict) -> None:
    import onnx

    _, whole = bundles(captured["three_nodes"], tmp_path)
    folder = tmp_path / "whole" / "policy"
    assert {path.suffix for path in folder.iterdir()} >= {".onnx"}
    (file,) = folder.glob("*.onnx")
    facts = {entry.key: entry.value for entry in onnx.load(file).metadata_props}
    assert json.loads(facts["leapp.feedback"]) == {
        edge.source.port: edge.target.port for edge in load_document(folder).document.pipeline.feedback
    }
    assert whole.merged


def test_a_pipeline_of_one_node_is_left_as_it_is(captured: dict) -> None:
    assert as_single_node(captured["mlp"]) is captured["mlp"]


def test_nodes_at_different_rates_are_refused(tmp_path: Path) -> None:
    random = torch.Generator().manual_seed(0)
    with leapp_core.capture("policy", save_path=tmp_path) as session:
        for step in range(8):
            x = session.input_tensors("fast", {"x": torch.randn(1, 2, generator=random)})
            session.output_tensors("fast", {"y": x * 2.0})
            if step % 2 == 0:
                z = session.input_tensors("slow", {"z": torch.randn(1, 2, generator=random)})
                session.output_tensors("slow", {"w": z + 1.0})
    captured = session.compile()
    with pytest.raises(ExportError, match=r"the nodes ran at different rates \(steps recorded: 'fast' \d+, 'slow' \d+"):
        export_pipeline(captured, save_path=tmp_path, plugins=PluginManager(), options={"single_node": True})
    assert not (tmp_path / "policy").exists()


def test_nodes_of_different_backends_are_refused(captured: dict) -> None:
    one = replace(captured["three_nodes"], choices={"act": BackendChoice("jit-script")})
    with pytest.raises(ExportError, match="node 'act' asks for a backend or options that other nodes do not ask for"):
        as_single_node(one)
    same = {node: BackendChoice("jit-script") for node in ("observe", "decide", "act")}
    joined = as_single_node(replace(captured["three_nodes"], choices=same))
    assert joined.choices == {"policy": BackendChoice("jit-script")}
