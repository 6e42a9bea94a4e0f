"""What is computed in ``float64`` uses the numbers as they were written, not their ``float32`` roundings."""

from __future__ import annotations

import math

import pytest
import torch
from torch.nn import functional as F  # noqa: N812

from leapp_core.plugins.runners import RunnerSettings
from leapp_core.testing.subject import run
from tests.backends.helpers import ONNX, PLUGINS, export, program
from tests.tiers import few, spread

PARAMETERS = few(["onnx-dynamo", *(b for b in ONNX if b != "onnx-dynamo")], 1)
# Around multiples of a fiftieth, where a divisor of single precision makes remainders jump by a whole one.
NEAR = torch.tensor([[0.3, -1.7, 2.9, 0.02, 0.02 + 1e-10, 0.1 - 1e-12, -0.04, 1e-9]], dtype=torch.float64)
EYE = torch.eye(8, dtype=torch.float64)

CASES = {
    "arithmetic": lambda x: (x * 0.02, x + 0.02, x - 0.02, 0.02 - x, x / 0.02, 0.02 / x),
    "phases": lambda x: (x % 0.02, torch.fmod(x, 0.02), x // 0.02, (x + 0.02) % 1.1),
    "scaled sums": lambda x: (torch.add(x, x, alpha=0.02), torch.sub(x, x.sin(), alpha=0.02)),
    "limits": lambda x: (x.clamp(-0.1, 0.1), x.clamp(min=0.1), x.clamp_max(0.1), F.hardtanh(x, -0.1, 0.1)),
    "limits that are far away": lambda x: (x.clamp(-1e150, 1e150), x * 1e-60, x + 3.3e38),
    "limits that are infinite": lambda x: (
        x.clamp(0.1, math.inf),
        x.clamp(-math.inf, 0.1),
        torch.where(x > 0, 0.1, math.inf),
    ),
    "infinite values": lambda x: (
        torch.logaddexp(torch.full_like(x, -math.inf), torch.full_like(x, -math.inf)),
        torch.addmm(torch.full((8, 8), math.nan, dtype=x.dtype), EYE, EYE, beta=0, alpha=0.03),
    ),
    "nothing": lambda x: (
        torch.cat([x[0], torch.linspace(0.02, 0.5, 0, dtype=torch.float64)]),
        torch.cat([x[0], torch.arange(0.02, 0.02, 0.1, dtype=torch.float64)]),
    ),
    "choices": lambda x: (torch.where(x > 0.02, x, 0.02), torch.where(x > 0, 0.02, x), x.masked_fill(x > 0, 0.02)),
    "comparisons": lambda x: (x > 0.1, x >= 0.02, x < 0.02, x == 0.02, x != 0.02, x <= 0.02),
    "filled": lambda x: (
        x + torch.full((8,), 0.02, dtype=torch.float64),
        torch.full_like(x, 0.02) + x,
        x.new_full((8,), 0.02),
        torch.fill(x, 0.02),
        F.pad(x, (1, 1), value=0.02),
    ),
    "ranges": lambda x: (
        x[0, :3] + torch.linspace(0.02, 0.5, 3, dtype=torch.float64),
        x[0, :3] + torch.arange(0.02, 0.05, 0.01, dtype=torch.float64)[:3],
    ),
    "powers": lambda x: (x.abs() ** 0.02, 0.02**x),
    "mixtures": lambda x: (
        torch.lerp(x, x * 2, 0.02),
        torch.lerp(x, x * 2, 0.98),
        torch.addcmul(x, x, x, value=0.02),
        torch.addcdiv(x, x, x.abs() + 1, value=0.02),
        torch.addmm(x, x, EYE, beta=0.02, alpha=0.03),
        torch.trapezoid(x, dx=0.02),
    ),
    "activations": lambda x: (
        F.leaky_relu(x, 0.02),
        F.elu(x, 0.3),
        F.celu(x, 0.3),
        F.selu(x),
        F.softplus(x, 0.2, 0.2),
        F.hardsigmoid(x),
        F.hardswish(x),
        F.softshrink(x, 0.02),
        F.threshold(x, 0.02, 0.03),
        F.mish(x),
        F.elu(x * 1e-9) * 1e9,
    ),
    "norms": lambda x: (F.layer_norm(x, (8,), eps=0.02), F.rms_norm(x, (8,), eps=0.02)),
    "logarithms": lambda x: (x.abs().log2(), x.abs().log10(), torch.logaddexp(x, x * 0.1)),
    "degrees": lambda x: (torch.deg2rad(x), torch.rad2deg(x)),
    "angles": lambda x: (
        torch.atan2(x, x.flip(1) * 0.7),
        torch.atan(x * 1e5),
        torch.atan(x * 1e-5),
        torch.asin(x / 3),
        torch.acos(x / 3),
        torch.tan(x),
    ),
    "angles at the axes": lambda x: (
        torch.atan2(x.abs() * 1e-60, -x.abs()),
        torch.atan2(-x.abs() * 1e-60, -x.abs()),
        torch.atan2(x, torch.zeros_like(x)),
        torch.atan2(torch.zeros_like(x), x.abs()),
        torch.atan2(torch.zeros_like(x), torch.zeros_like(x)),
        torch.atan2(x * 1e200, x * 1e200),
        torch.atan2(x, -torch.zeros_like(x)),
        torch.atan2(x * 1e60, -x.abs()),
        torch.acos(-torch.zeros_like(x)),
        torch.acos(torch.ones_like(x)),
        torch.asin(torch.zeros_like(x)),
    ),
    "hyperbolic functions": lambda x: (
        torch.sinh(x),
        torch.sinh(x * 1e-4),
        torch.asinh(x * 1e-9) * 1e9,
        torch.atanh(x * 1e-9) * 1e9,
        torch.log1p(x * 1e-9) * 1e9,
        torch.expm1(x * 1e-9) * 1e9,
        torch.expm1(x),
        torch.log1p(x.abs() * 1e20),
        torch.cosh(x),
        torch.asinh(x),
        torch.acosh(x.abs() + 1),
        torch.atanh(x / 3),
    ),
    "the same limits twice": lambda x: (x.clamp(-0.1, 0.1).sin(), x.clamp(-0.1, 0.1).cos()),
}


def answers(backend, made, folder):
    """Return what an exported program gives for its first sample."""
    written = export(backend, made, folder)
    runner = PLUGINS.runners.get(PLUGINS.exporters.get(backend).format)
    return run(runner.open(written.path, written.spec or made.spec, RunnerSettings()), made.samples[0].inputs)


@pytest.mark.parametrize("backend", PARAMETERS)
@pytest.mark.parametrize("name", spread(list(CASES), quick=8))
def test_equal_to_double_precision(backend, name, tmp_path):
    made = program(CASES[name], NEAR)
    given = answers(backend, made, tmp_path)
    for port, expected in made.samples[0].outputs.items():
        assert str(given[port].dtype) == str(expected.dtype).removeprefix("torch.")
        torch.testing.assert_close(torch.as_tensor(given[port]), torch.as_tensor(expected), rtol=1e-13, atol=1e-15)


@pytest.mark.parametrize("backend", PARAMETERS)
def test_a_phase_of_single_precision_wraps_where_pytorch_does(backend, tmp_path):
    made = program(lambda x: (x % 0.02, x // 0.02), NEAR.float())
    given = answers(backend, made, tmp_path)
    for port, expected in made.samples[0].outputs.items():
        assert torch.equal(torch.as_tensor(given[port]), torch.as_tensor(expected)), port


@pytest.mark.parametrize("backend", PARAMETERS)
def test_two_equal_limits_of_one_tensor(backend, tmp_path):
    """onnxscript's fusion of limits loses one of two equal pairs."""
    low, high = torch.tensor(-0.5), torch.tensor(0.5)

    def limited(x):
        return torch.minimum(torch.maximum(x, low), high)

    made = program(lambda x: (limited(x).sin(), limited(x).cos()), NEAR.float())
    given = answers(backend, made, tmp_path)
    for port, expected in made.samples[0].outputs.items():
        torch.testing.assert_close(torch.as_tensor(given[port]), torch.as_tensor(expected))
