"""ONNX files have exactly the node's ports."""

from __future__ import annotations

import onnx
import pytest
import torch
from torch import nn

from tests.backends.helpers import ONNX, check_samples, export, names, program

X = torch.randn(1, 4)


@pytest.mark.parametrize("backend", ONNX)
class TestNames:
    def test_ports_keep_odd_names(self, backend, tmp_path):
        made = program(nn.Linear(4, 2), X, inputs=["joint pos.ü [rad]"], outputs=["linear"])
        written = export(backend, made, tmp_path)
        graph = onnx.load(written.path).graph
        assert (names(graph.input), names(graph.output)) == (["joint pos.ü [rad]"], ["linear"])
        check_samples(backend, made, written)

    def test_an_output_named_like_an_input_is_renamed_in_the_file_only(self, backend, tmp_path):
        made = program(lambda x, h: (x + h, h * 2), X, X, inputs=["x", "h"], outputs=["y", "h"])
        written = export(backend, made, tmp_path)
        graph = onnx.load(written.path).graph
        assert (names(graph.input), names(graph.output)) == (["x", "h"], ["y", "h_out"])
        check_samples(backend, made, written)

    def test_ports_named_like_weights_and_inner_values_do_not_clash(self, backend, tmp_path):
        module = nn.Sequential(nn.Linear(4, 4), nn.Tanh(), nn.Linear(4, 2))
        made = program(module, X, inputs=["0.weight"], outputs=["tanh"])
        written = export(backend, made, tmp_path)
        check_samples(backend, made, written)
        made = program(module, X, inputs=["/module/Tanh_output_0"], outputs=["2.bias"])
        check_samples(backend, made, export(backend, made, tmp_path))


@pytest.mark.parametrize("backend", ONNX)
class TestPorts:
    def test_unused_inputs_stay(self, backend, tmp_path):
        made = program(lambda a, b, c: b * 2, X, X, torch.zeros(3, dtype=torch.int64))
        written = export(backend, made, tmp_path)
        assert names(onnx.load(written.path).graph.input) == ["x0", "x1", "x2"]
        check_samples(backend, made, written)

    def test_inputs_returned_as_they_came_have_values_of_their_own(self, backend, tmp_path):
        made = program(lambda a: (a.clone(), a.clone(), a.sin()), X)
        written = export(backend, made, tmp_path)
        assert names(onnx.load(written.path).graph.output) == ["y0", "y1", "y2"]
        check_samples(backend, made, written)

    def test_outputs_may_be_constant(self, backend, tmp_path):
        made = program(lambda a: (a * 2, torch.full((1, 2), 3.0)), X, outputs=["targets", "kp"])
        check_samples(backend, made, export(backend, made, tmp_path))

    def test_one_result_may_be_several_outputs(self, backend, tmp_path):
        def twice(a: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
            result = a * 2
            return result.clone(), result.clone()

        check_samples(backend, made := program(twice, X), export(backend, made, tmp_path))


@pytest.mark.parametrize("backend", ONNX)
class TestFile:
    def test_metadata_and_opset_are_what_the_file_says(self, backend, tmp_path):
        written = export(backend, program(nn.Linear(4, 2), X), tmp_path)
        model = onnx.load(written.path)
        assert {prop.key: prop.value for prop in model.metadata_props} == {"leapp.fact": "kept"}
        assert written.parameters == {"opset_version": model.opset_import[0].version}

    @pytest.mark.parametrize("opset", [17, 18, 20])
    def test_the_opset_asked_for_is_written(self, backend, opset, tmp_path):
        made = program(nn.Sequential(nn.Linear(4, 4), nn.ELU(), nn.LayerNorm(4)), X)
        written = export(backend, made, tmp_path, opset=opset)
        assert written.parameters == {"opset_version": opset}
        check_samples(backend, made, written)

    def test_the_file_is_valid_and_tells_nothing_of_the_machine(self, backend, tmp_path):
        written = export(backend, program(nn.GRU(4, 3), X, torch.zeros(1, 3)), tmp_path)
        model = onnx.load(written.path)
        onnx.checker.check_model(model, full_check=True)
        assert not any(node.metadata_props or node.doc_string for node in model.graph.node)
        assert b"stack_trace" not in written.path.read_bytes()

    def test_equal_weights_are_stored_once(self, backend, tmp_path):
        class Tied(nn.Module):
            def __init__(self) -> None:
                super().__init__()
                self.one, self.two = nn.Linear(4, 4), nn.Linear(4, 4)
                self.two.load_state_dict(self.one.state_dict())

            def forward(self, x: torch.Tensor) -> torch.Tensor:
                return self.two(torch.tanh(self.one(x)))

        written = export(backend, made := program(Tied(), X), tmp_path)
        shapes = [tuple(tensor.dims) for tensor in onnx.load(written.path).graph.initializer]
        assert shapes.count((4, 4)) == 1
        check_samples(backend, made, written)
