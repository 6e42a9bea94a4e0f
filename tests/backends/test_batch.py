"""Dynamic batch: rows stay apart, the batch axis is found, and what mixes rows is refused by name."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from leapp_backends.batch.marks import view_targets
from leapp_core.errors import ExportError
from leapp_core.plugins.runners import RunnerSettings
from leapp_core.testing import policies
from leapp_core.testing.rows import check_rows
from tests.backends.helpers import BACKENDS, PLUGINS, export, program

X = torch.randn(1, 6)


def check(backend, made, tmp_path):
    written = export(backend, made, tmp_path, dynamic_batch=True)
    session = PLUGINS.runners.get(PLUGINS.exporters.get(backend).format).open(
        written.path, written.spec, RunnerSettings()
    )
    for batch in (1, 2, 5):
        check_rows(made, written.spec, session, batch)
    return written.spec


class TestAxis:
    def test_state_takes_the_axis_that_the_layer_gives_it(self, tmp_path):
        made = program(
            policies.Recurrent(nn.GRU), X, torch.zeros(1, 1, 8), inputs=["x", "h_in"], outputs=["y", "h_out"],
            feedback={"h_out": "h_in"},
        )  # fmt: skip
        spec = check("onnx-dynamo", made, tmp_path)
        assert [port.shape for port in (*spec.inputs, *spec.outputs)] == [
            ("batch", 6), (1, "batch", 8), ("batch", 3), (1, "batch", 8),
        ]  # fmt: skip

    def test_state_that_no_input_reaches_is_per_row_all_the_same(self, tmp_path):
        made = program(
            lambda x, n: (x * n.unsqueeze(1), n + 1), X, torch.zeros(1), inputs=["x", "n_in"], outputs=["y", "n_out"],
            feedback={"n_out": "n_in"},
        )  # fmt: skip
        spec = check("onnx-dynamo", made, tmp_path)
        assert [port.shape for port in spec.outputs] == [("batch", 6), ("batch",)]

    def test_constant_outputs_and_resets_are_given_per_row(self, tmp_path):
        made = program(
            lambda x, h: (x + h, torch.zeros(1, 6), torch.ones(1, 2)), X, X, inputs=["x", "h_in"],
            outputs=["y", "h_out", "kp"], feedback={"h_out": "h_in"},
        )  # fmt: skip
        spec = check("onnx-dynamo", made, tmp_path)
        assert [port.shape for port in spec.outputs] == [("batch", 6), ("batch", 6), ("batch", 2)]

    def test_inputs_without_a_leading_one_are_shared(self, tmp_path):
        spec = check("onnx-dynamo", program(lambda x, gains: x * gains, X, torch.randn(6)), tmp_path)
        assert [port.shape for port in spec.inputs] == [("batch", 6), (6,)]

    @pytest.mark.parametrize(
        ("before", "axis", "inside", "after", "expected"),
        [
            ((1, 12), 0, 1, (1, 3, 4), [(0, 1), (1, 1)]),
            ((4, 1, 8), 1, 1, (4, 1, 2, 4), [(1, 1), (2, 1), (0, 4)]),
            ((4, 8), 0, 4, (4, 1, 8), [(1, 1), (2, 1), (0, 4)]),
            ((2, 3), 0, 1, (3, 2), [(0, 1)]),
        ],
    )
    def test_a_view_can_put_the_batch_only_where_rows_stay_in_order(self, before, axis, inside, after, expected):
        assert view_targets(before, axis, inside, after) == expected


class BatchFirst(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.rnn = nn.GRU(6, 8, batch_first=True)

    def forward(self, x: torch.Tensor, hidden: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        features, hidden = self.rnn(x.unsqueeze(0), hidden)
        return features[0], hidden


@pytest.mark.parametrize("backend", BACKENDS)
class TestRewriting:
    def test_literal_sizes(self, backend, tmp_path):
        def views(x: torch.Tensor) -> tuple[torch.Tensor, ...]:
            wide = x.view(1, 6, 1).expand(1, 6, 3).reshape(1, 18)
            return wide, torch.cat([x, torch.zeros(1, 2)], 1), x.reshape(2, 3).reshape(1, 3, 2)

        check(backend, program(views, X), tmp_path)

    def test_zero_state_made_inside(self, backend, tmp_path):
        class Stateless(nn.Module):
            def __init__(self) -> None:
                super().__init__()
                self.rnn = nn.LSTM(6, 4)

            def forward(self, x: torch.Tensor) -> torch.Tensor:
                zero = torch.zeros(1, 1, 4)
                return self.rnn(x.unsqueeze(0), (zero, zero))[0].squeeze(0)

        check(backend, program(Stateless(), X), tmp_path)

    def test_a_layer_with_rows_first_given_rows_behind(self, backend, tmp_path):
        """One row of one moment is the same either way; with many, taking rows for moments would mix them."""
        made = program(
            BatchFirst(), X, torch.zeros(1, 1, 8), inputs=["x", "h_in"], outputs=["y", "h_out"],
            feedback={"h_out": "h_in"},
        )  # fmt: skip
        spec = check(backend, made, tmp_path)
        assert [port.shape for port in spec.inputs] == [("batch", 6), (1, "batch", 8)]

    def test_writes_into_shared_buffers(self, backend, tmp_path):
        def fill(x: torch.Tensor) -> torch.Tensor:
            buffer = torch.zeros(1, 8)
            buffer[:, 1:7] = x
            buffer[:, torch.tensor([0, 7])] = x[:, :2]
            return buffer

        check(backend, program(fill, X), tmp_path)


class TestRefusals:
    @pytest.mark.parametrize(
        ("function", "message"),
        [
            (lambda x: x - x.mean(0), r"aten\.mean\.dim works for one row only \(the batch axis is lost\)"),
            (lambda x: x[0], r"aten\.select\.int works for one row only \(the batch axis is lost\)"),
            (lambda x: x.squeeze(0) * 2, r"aten\.squeeze\.dim works for one row only"),
            (lambda x: x.softmax(0), r"aten\.softmax\.int mixes rows of the batch"),
            (lambda x: x.flip(0) + x.cumsum(0), r"aten\.flip mixes rows of the batch"),
            (lambda x: x.unbind(0)[0] * 2, r"aten\.unbind\.int works for one row only \(it takes the rows apart\)"),
            (lambda x: x.split(1, 0)[0], r"aten\.split\.Tensor works for one row only \(it takes the rows apart\)"),
        ],
    )
    def test_what_mixes_rows_is_named(self, function, message, tmp_path):
        with pytest.raises(ExportError, match=message):
            export("onnx-dynamo", program(function, X), tmp_path, dynamic_batch=True)

    def test_an_output_without_rows_is_named(self, tmp_path):
        with pytest.raises(ExportError, match="output 'y0' of a row depends on the other rows"):
            export("onnx-dynamo", program(lambda x: (x * 2).view(-1), X), tmp_path, dynamic_batch=True)

    def test_a_node_without_a_batch_axis_is_refused(self, tmp_path):
        with pytest.raises(ExportError, match="has no input with a leading axis of size 1"):
            export("pt2", program(lambda x: x * 2, torch.randn(6)), tmp_path, dynamic_batch=True)
