"""The exported graph is as small as what a bare ``torch.onnx.export`` writes, or smaller."""

from __future__ import annotations

import warnings

import pytest
import torch
from torch import nn

from leapp_core.testing import policies
from tests.backends.helpers import ONNX, check_samples, export, operators, program

X = torch.randn(1, 6)


def functional_buffer(position: torch.Tensor, velocity: torch.Tensor, command: torch.Tensor) -> torch.Tensor:
    return torch.cat([position * 0.5, velocity * 0.05, command], 1).clamp(-5.0, 5.0)


def roll_and_write(observation: torch.Tensor, kept: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    following = torch.cat([kept[:, 1:], observation.unsqueeze(1)], 1)
    return following.flatten(1), following


CASES = {
    "mlp": (policies.mlp(6, 3), (X,)),
    "buffer": (functional_buffer, (torch.randn(1, 4), torch.randn(1, 4), torch.randn(1, 3))),
    "history": (roll_and_write, (torch.randn(1, 4), torch.randn(1, 3, 4))),
    "masked": (lambda x: torch.where(x > 0.5, torch.tensor(0.5), x), (X,)),
    "camera": (policies.Camera(), (torch.randn(1, 3, 14, 14), torch.randn(1, 5))),
    "attention": (policies.Attention(), (torch.randn(1, 4, 6),)),
    "gru": (policies.Recurrent(nn.GRU), (X, torch.zeros(1, 1, 8))),
}


@pytest.mark.parametrize("name", CASES)
def test_no_more_nodes_than_a_bare_export(name, tmp_path):
    target, inputs = CASES[name]
    made = program(target, *inputs)
    written = export("onnx-dynamo", made, tmp_path)
    module = target if isinstance(target, nn.Module) else policies.Function(target)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(module.eval(), inputs, tmp_path / "bare.onnx", dynamo=True, verbose=False)
    assert len(operators(written.path)) <= len(operators(tmp_path / "bare.onnx"))
    check_samples("onnx-dynamo", made, written)


@pytest.mark.parametrize("backend", ONNX)
@pytest.mark.parametrize("width", [8, 96], ids=["narrow", "wide"])
@pytest.mark.parametrize("kind", [nn.GRU, nn.LSTM])
def test_recurrent_layers_are_one_operator_without_slices_around_it(backend, kind, width, tmp_path):
    states = [torch.zeros(1, 1, width)] * (1 if kind is nn.GRU else 2)

    class Layer(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.rnn = kind(6, width)

        def forward(self, x: torch.Tensor, *state: torch.Tensor) -> tuple[torch.Tensor, ...]:
            y, following = self.rnn(x.unsqueeze(0), state[0] if len(state) == 1 else state)
            return y.squeeze(0), *([following] if kind is nn.GRU else following)

    made = program(Layer(), X, *states)
    written = export(backend, made, tmp_path)
    found = operators(written.path)
    assert found.count(kind.__name__) == 1
    assert set(found) <= {kind.__name__, "Unsqueeze", "Squeeze", "Identity"}
    check_samples(backend, made, written)


@pytest.mark.parametrize("backend", ONNX)
def test_dropout_leaves_nothing_behind(backend, tmp_path):
    made = program(nn.Sequential(nn.Linear(6, 4), nn.Dropout(0.5), nn.BatchNorm1d(4)), X)
    found = operators(export(backend, made, tmp_path).path)
    assert "Dropout" not in found
    assert len(found) <= 2
