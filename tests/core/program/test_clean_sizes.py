"""In-place preprocessing exports as small as the same computation written functionally."""

from __future__ import annotations

import warnings

import pytest
import torch

from leapp_core.program.passes import clean_program
from tests.core.program.conftest import export
from tests.tiers import few


def buffer_in_place(a, b, c):
    obs = torch.zeros(1, 12)
    obs[:, 0:3] = a * 0.5
    obs[:, 3:7] = b
    obs[:, 7:12] = c.clamp(-1, 1)
    return obs


def buffer_functional(a, b, c):
    return torch.cat([a * 0.5, b, c.clamp(-1, 1)], 1)


def history_in_place(history, x):
    history[:-1] = history[1:].clone()
    history[-1] = x
    return history


def history_rolled(history, x):
    history = torch.roll(history, -1, 0)
    history[-1] = x
    return history


def history_functional(history, x):
    return torch.cat([history[1:], x.unsqueeze(0)])


def masked_in_place(x):
    y = x.clone()
    y[y.abs() < 0.1] = 0.0
    y[y > 1] = 1.0
    return y


def masked_functional(x):
    y = torch.where(x.abs() < 0.1, torch.tensor(0.0), x)
    return torch.where(y > 1, torch.tensor(1.0), y)


def columns_in_place(state, x):
    for k in (5, 3, 1, 20, 23, 22, 10, 11, 9, 2, 4, 7):
        state[:, k] = x[:, k % 4] * k
    return state


BUFFER = (torch.zeros(1, 3), torch.zeros(1, 4), torch.zeros(1, 5))
HISTORY = (torch.zeros(4, 3), torch.zeros(3))


def onnx_calls(program: torch.export.ExportedProgram) -> list[str]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        written = torch.onnx.export(program, dynamo=True, verbose=False)
    return [node.op_type for node in written.model.graph]


@pytest.mark.parametrize(
    ("in_place", "functional", "inputs"),
    few(
        [
            (buffer_in_place, buffer_functional, BUFFER),
            (history_in_place, history_functional, HISTORY),
            (history_rolled, history_functional, HISTORY),
            (masked_in_place, masked_functional, (torch.zeros(2, 5),)),
        ],
        2,
    ),
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_no_more_onnx_nodes_than_functional_code(in_place, functional, inputs):
    assert len(onnx_calls(clean_program(export(in_place, *inputs)))) <= len(onnx_calls(export(functional, *inputs)))


def test_column_writes_in_mixed_order_become_one_concatenation(cleaned):
    found = cleaned(columns_in_place, torch.zeros(1, 24), torch.zeros(1, 4))
    assert found.count("cat") == 1
    assert not {"slice_scatter", "select_scatter", "copy"} & set(found)
    assert len(found) <= 12 * 3 + 4 + 6


def test_layers_are_kept_whole():
    class Policy(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.gru, self.lstm, self.head = torch.nn.GRU(4, 6), torch.nn.LSTM(6, 5), torch.nn.Linear(5, 2)

        def forward(self, x, h):
            y, h = self.gru(x, h)
            z, _ = self.lstm(y)
            return self.head(z).clone(), h.clone()

    program = clean_program(export(Policy().eval(), torch.zeros(1, 1, 4), torch.zeros(1, 1, 6)))
    names = [n.target._schema.name for n in program.graph.nodes if hasattr(n.target, "_schema")]
    assert [name for name in names if name in ("aten::gru", "aten::lstm", "aten::linear")] == [
        "aten::gru",
        "aten::lstm",
        "aten::linear",
    ]
    assert len(list(program.graph.nodes)) < len(
        list(export(Policy().eval(), torch.zeros(1, 1, 4), torch.zeros(1, 1, 6)).graph.nodes)
    )
