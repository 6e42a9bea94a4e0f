"""State carried as float32, inputs that nobody reads, outputs that are weights, attributes at their default."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch

import leapp_core
from leapp_core.bundle import load_document
from leapp_core.errors import ExportError, UsageError
from leapp_core.runtime import load
from tests.tiers import few

BACKENDS = ["onnx-dynamo", "onnx-torchscript", "jit-script", "pt2"]


class Walker:
    """Keeps a flag, a count and a reading; takes a privileged observation that it never looks at."""

    def __init__(self, start: int = 0, dtype: torch.dtype = torch.int64) -> None:
        self.first = torch.ones(1, dtype=torch.bool)
        self.count = torch.full((1, 1), start, dtype=dtype)
        self.last = torch.zeros(1, 2)
        self.gains = torch.tensor([[3.0, 4.0]])

    def __call__(self, session, q, hidden):
        q, hidden = session.input_tensors("walk", {"q": q, "hidden": hidden})
        moved = torch.where(self.first.unsqueeze(-1), q, q - self.last) + self.count
        self.last, self.first, self.count = q.clone(), torch.zeros_like(self.first), self.count + 1
        session.output_tensors("walk", {"targets": moved, "kp": self.gains})


def captured(walker: Walker, folder: Path):
    torch.manual_seed(0)
    session = leapp_core.capture("walker", save_path=folder)
    with session:
        for _ in range(4):
            walker(session, torch.randn(1, 2), torch.randn(1, 3))
    return session


def readings(step: int) -> dict[str, np.ndarray]:
    return {"q": np.sin(np.arange(2, dtype=np.float32) + step).reshape(1, 2), "hidden": np.ones((1, 3), np.float32)}


@pytest.mark.parametrize("backend", few(BACKENDS, 1))
def test_float32_state_gives_equal_numbers_and_only_float32_ports(tmp_path: Path, backend: str) -> None:
    own = captured(Walker(), tmp_path / "own").export(backend, visualize=False)
    as_float = captured(Walker(), tmp_path / "float").export(
        backend, visualize=False, options={"state_dtype": "float32"}
    )
    assert own.ok
    assert as_float.ok
    assert any("exact up to 16777216" in note for note in as_float.notes)
    first, second = load(own.bundle), load(as_float.bundle)
    assert {value.dtype.name for value in first.state.values()} == {"bool", "int64", "float32"}
    assert {value.dtype.name for value in second.state.values()} == {"float32"}
    for step in range(20):
        one, other = first.step(readings(step)), second.step(readings(step))
        np.testing.assert_array_equal(one["targets"], other["targets"])
    for name, value in first.state.items():
        np.testing.assert_array_equal(value.astype(np.float32), second.state[name])


def test_whole_numbers_that_float32_cannot_hold_and_float64_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match=r"reaches 16777219, float32 holds whole numbers up to 16777216"):
        captured(Walker(start=2**24 - 1), tmp_path).export(visualize=False, options={"state_dtype": "float32"})
    with pytest.raises(ExportError, match="is float64, which float32 does not hold"):
        captured(Walker(dtype=torch.float64), tmp_path).export(visualize=False, options={"state_dtype": "float32"})
    with pytest.raises(UsageError, match="state_dtype"):
        captured(Walker(), tmp_path).export(visualize=False, options={"state_dtype": "float16"})


def test_an_input_that_nothing_reads_is_reported_and_can_be_left_out(tmp_path: Path) -> None:
    kept = captured(Walker(), tmp_path / "kept").export(visualize=False)
    assert any("nothing reads walk/hidden" in text for text in kept.warnings)
    assert set(load(kept.bundle).inputs) == {"q", "hidden"}
    for backend in BACKENDS:
        dropped = captured(Walker(), tmp_path / backend).export(backend, visualize=False, drop_unread=True)
        assert dropped.ok
        assert any("left out, as the policy does not read them: walk/hidden" in note for note in dropped.notes)
        runtime, whole = load(dropped.bundle), load(kept.bundle)
        assert set(runtime.inputs) == {"q"}
        for step in range(5):
            given = readings(step)
            mine = runtime.step({"q": given["q"]})
            np.testing.assert_allclose(mine["targets"], whole.step(given)["targets"], rtol=1e-6)


@pytest.mark.parametrize("backend", few(["onnx-dynamo", "onnx-torchscript"], 1))
def test_every_output_is_made_by_a_call_and_the_file_format_is_no_newer_than_its_operators(
    tmp_path: Path, backend: str
) -> None:
    report = captured(Walker(), tmp_path).export(backend, visualize=False)
    model = onnx.load(report.bundle / "walk.onnx")
    made = {name for node in model.graph.node for name in node.output}
    assert {value.name for value in model.graph.output} <= made
    imports = [onnx.helper.make_opsetid(item.domain, item.version) for item in model.opset_import]
    assert model.ir_version == max(8, onnx.helper.find_min_ir_version_for(imports))


class Recurrent(torch.nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.gru = torch.nn.GRU(2, 4)
        self.hidden = torch.zeros(1, 1, 4)

    def forward(self, q):
        out, self.hidden = self.gru(q.unsqueeze(0), self.hidden)
        return out.squeeze(0)


def test_attributes_at_their_default_are_left_out(tmp_path: Path) -> None:
    torch.manual_seed(0)
    net, session = Recurrent(), leapp_core.capture("net", save_path=tmp_path)
    with session, torch.no_grad():
        for _ in range(4):
            q = session.input_tensors("act", {"q": torch.randn(1, 2)})
            session.output_tensors("act", {"a": net(q)})
    report = session.export(visualize=False)
    assert report.ok
    (gru,) = [n for n in onnx.load(report.bundle / "act.onnx").graph.node if n.op_type == "GRU"]
    assert {attribute.name for attribute in gru.attribute} == {"hidden_size", "linear_before_reset"}


def test_axes_without_names_are_written_as_empty_lists(tmp_path: Path) -> None:
    from leapp_core import TensorSemantics

    session = leapp_core.capture("named", save_path=tmp_path)
    with session:
        for _ in range(3):
            q = TensorSemantics("q", ref=torch.randn(1, 2, 2), element_names=[None, ["a", "b"]])
            session.input_tensors("act", q)
            session.output_tensors("act", {"a": q.ref * 2})
    report = session.export(visualize=False)
    assert "element_names: [[], [a, b]]" in report.yaml_path.read_text()
    assert load_document(report.bundle).document.pipeline.nodes[0].inputs[0].element_names == ((), ("a", "b"))
    written = {item.key: item.value for item in onnx.load(report.bundle / "act.onnx").metadata_props}
    assert json.loads(written["leapp.inputs"])[0]["element_names"] == [[], ["a", "b"]]
