"""Operators that an exporter of PyTorch lacks or gets wrong come out right, or are refused by name."""

from __future__ import annotations

import pytest
import torch

from leapp_core.errors import ExportError
from tests.backends.helpers import BACKENDS, ONNX, check_samples, export, program
from tests.tiers import few

ATEN = torch.ops.aten
X = torch.randn(1, 5)
INTEGERS = torch.arange(-3, 4).unsqueeze(0)
REPEATED = torch.tensor([[1, 3, 1]])

CASES = {
    "copy expands and casts": (lambda x, y: ATEN.copy(x, y), (X, torch.ones(1, 1, dtype=torch.float64))),
    "slice scatter": (lambda x, y: ATEN.slice_scatter(x, y, 1, 1, 3), (X, torch.randn(1, 2))),
    "slice scatter with gaps": (lambda x, y: ATEN.slice_scatter(x, y, 1, 0, 4, 2), (X, torch.randn(1, 2))),
    "select scatter": (lambda x, y: ATEN.select_scatter(x, y, 1, -2), (X, torch.randn(1))),
    "diagonal scatter": (lambda x: ATEN.diagonal_scatter(x.expand(5, 5), x[0]), (X,)),
    "diagonal of some axes": (
        lambda x, d: ATEN.diagonal_scatter(x, d, -1, 0, 2),
        (torch.randn(3, 2, 4), torch.randn(2, 2)),
    ),
    "index put behind whole axes": (
        lambda x, v: ATEN.index_put(x, [None, torch.tensor([1, 2])], v),
        (X, torch.randn(2)),
    ),
    "masked write": (lambda x: ATEN.index_put(x, [x > 0], torch.tensor(0.5)), (X,)),
    "integer division rounds down": (
        lambda i: (i // 2, i // -2, i % 3, torch.div(i, 2, rounding_mode="trunc")),
        (INTEGERS,),
    ),
    "float division rounds": (lambda x: (x // 0.3, torch.div(x, 0.3, rounding_mode="trunc"), x.fmod(0.3)), (X,)),
    "sums at repeated places": (
        lambda x, i: (
            x.index_add(1, i[0], x[:, :3], alpha=2),
            x.scatter_add(1, i, x[:, :3]),
            ATEN.index_put(x, [torch.zeros_like(i[0]), i[0]], x[0, :3], True),
        ),
        (X, REPEATED),
    ),
    "scatter from a larger source": (
        lambda x, i: (x.scatter(1, i, x * 2), x.scatter_add(1, i, x), x.scatter_reduce(1, i, x * 3, "amax")),
        (X, torch.tensor([[1, 3]])),
    ),
    "hypot of extremes": (lambda x: torch.hypot(x * 1e30, x * 1e30), (X,)),
    "running product": (lambda x: x.cumprod(1), (X,)),
    "median": (lambda x: x.median(1).values, (X,)),
    "searchsorted": (lambda x: torch.searchsorted(torch.linspace(-1, 1, 9), x, right=True), (X,)),
    "flags": (lambda x: ((x > 0) & (x < 1), (x > 0) | (x < -1), (x > 0) ^ (x < 1), ~(x > 0)), (X,)),
    "gru cell": (torch.nn.GRUCell(5, 4), (X, torch.randn(1, 4))),
    "odd functions": (lambda x: (x.sinh(), x.cosh(), x.expm1(), x.trunc(), x.frac()), (X,)),
    "signs": (lambda x: (x.signbit(), x.copysign(-x), torch.heaviside(x, x + 1)), (X,)),
    "signs of zeros": (
        lambda x: ((x * 0).signbit(), torch.copysign(x + 3, x * 0), torch.copysign(x, torch.zeros_like(x))),
        (X,),
    ),
    "differences": (lambda x: (x.diff(dim=1), torch.take_along_dim(x, x.argsort(1), 1)), (X,)),
    "soft maximum": (lambda x: (torch.logaddexp(x, x * 2), x.logsumexp(1)), (X,)),
    "attention without a batch": (
        lambda x: torch.nn.functional.scaled_dot_product_attention(x, x, x * 2),
        (torch.randn(2, 4, 8),),
    ),
    "attention with three axes and a mask": (
        lambda x: torch.nn.functional.scaled_dot_product_attention(x, x, x, (x @ x.mT) > 0),
        (torch.randn(2, 4, 8),),
    ),
    "cross": (lambda x: torch.linalg.cross(x[:, :3], x[:, 2:]), (X,)),
}  # fmt: skip


@pytest.mark.parametrize("backend", few(["onnx-dynamo", *(b for b in BACKENDS if b != "onnx-dynamo")], 1))
@pytest.mark.parametrize("name", CASES)
def test_operator(backend, name, tmp_path):
    function, inputs = CASES[name]
    made = program(function, *inputs)
    check_samples(backend, made, export(backend, made, tmp_path))


@pytest.mark.parametrize("backend", ONNX)
def test_an_operator_without_translation_is_named_with_its_place(backend, tmp_path):
    made = program(lambda x: x.cummax(1).values, X)
    with pytest.raises(ExportError, match=r"cannot write aten\.cummax to ONNX") as caught:
        export(backend, made, tmp_path)
    assert "node 'cummax' of the program" in str(caught.value)
    assert "--backend" in str(caught.value)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("backend", ONNX)
def test_bfloat16_is_refused_before_any_work(backend, tmp_path):
    made = program(torch.nn.Linear(5, 2).bfloat16(), X.bfloat16())
    with pytest.raises(ExportError, match="ONNX Runtime's CPU provider has no bfloat16 kernels"):
        export(backend, made, tmp_path)


@pytest.mark.parametrize("backend", ONNX)
def test_what_the_runtime_has_no_kernel_for_is_refused_at_export(backend, tmp_path):
    made = program(lambda x: torch.erf(x), X.double())
    with pytest.raises(ExportError, match="no CPU kernel for operator Erf") as caught:
        export(backend, made, tmp_path)
    assert "compute that part in float32" in str(caught.value)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("backend", ["jit-script", "jit-trace", "pt2"])
@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16, torch.float64])
def test_pytorch_formats_keep_every_float_type(backend, dtype, tmp_path):
    made = program(torch.nn.Sequential(torch.nn.Linear(5, 4), torch.nn.ELU()).to(dtype), X.to(dtype))
    check_samples(backend, made, export(backend, made, tmp_path))
