"""Attention: inference kernels give the user the same bits in a session, and the program agrees with them."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext

import pytest
import torch
from torch import nn

from leapp_core.tracing.session import capture
from tests.tiers import few, spread

SIZE, HEADS, LENGTH = 16, 4, 5
CAUSAL = nn.Transformer.generate_square_subsequent_mask(LENGTH) < 0
PADDED = torch.tensor([[False, False, False, True, True], [False] * 5])
Forward = Callable[[torch.Tensor], torch.Tensor]


def layer(**options: object) -> nn.TransformerEncoderLayer:
    torch.manual_seed(0)
    return nn.TransformerEncoderLayer(SIZE, HEADS, 32, **{"batch_first": True, **options}).eval()  # type: ignore[arg-type]


def attention(**options: object) -> nn.MultiheadAttention:
    torch.manual_seed(0)
    return nn.MultiheadAttention(SIZE, HEADS, **{"batch_first": True, **options}).eval()  # type: ignore[arg-type]


def of_attention(**options: object) -> Forward:
    module = attention()
    return lambda x: module(x, x, x, **options)[0]


def of_layer(call: dict[str, object] | None = None, **options: object) -> Forward:
    module = layer(**options)
    return lambda x: module(x, **(call or {}))


def of_encoder(call: dict[str, object] | None = None, **options: object) -> Forward:
    module = nn.TransformerEncoder(layer(), 2, **options).eval()  # type: ignore[arg-type]
    return lambda x: module(x, **(call or {}))


def in_a_policy() -> Forward:
    encoder = nn.TransformerEncoder(layer(activation="gelu"), 2, enable_nested_tensor=False).eval()
    head = nn.Linear(SIZE, 3)
    return lambda x: head(encoder(x * 0.5)[:, -1]).tanh()


CASES: dict[str, Callable[[], Forward]] = {
    "attention": of_attention,
    "attention without weights": lambda: of_attention(need_weights=False),
    "attention with a mask": lambda: of_attention(attn_mask=CAUSAL),
    "attention with padding": lambda: of_attention(key_padding_mask=PADDED),
    "sequence first": lambda: (lambda m: lambda x: m(x, x, x)[0])(attention(batch_first=False)),
    "cross attention": lambda: (lambda m: lambda x: m(x, x.flip(1), x.flip(1))[0])(attention()),
    "layer": of_layer,
    "layer with gelu": lambda: of_layer(activation="gelu"),
    "layer, norm first": lambda: of_layer(norm_first=True),
    "layer with a mask": lambda: of_layer({"src_mask": CAUSAL}),
    "layer with padding": lambda: of_layer({"src_key_padding_mask": PADDED}),
    "layer, sequence first": lambda: of_layer(batch_first=False),
    "encoder": of_encoder,
    "encoder with a mask": lambda: of_encoder({"mask": CAUSAL}),
    "encoder with padding": lambda: of_encoder({"src_key_padding_mask": PADDED}),
    "encoder with padding, not nested": lambda: of_encoder(
        {"src_key_padding_mask": PADDED}, enable_nested_tensor=False
    ),
    "policy": in_a_policy,
}
MODES: dict[str, Callable[[], AbstractContextManager[object]]] = {
    "no_grad": torch.no_grad,
    "inference_mode": torch.inference_mode,
    "grad": nullcontext,
}


def inputs(count: int) -> list[torch.Tensor]:
    generator = torch.Generator().manual_seed(1)
    return [torch.randn(2, LENGTH, SIZE, generator=generator) for _ in range(count)]


@pytest.mark.filterwarnings("ignore:The PyTorch API of nested tensors is in prototype stage")
@pytest.mark.filterwarnings("ignore:enable_nested_tensor is True")
@pytest.mark.parametrize("mode", few(MODES, 1))
@pytest.mark.parametrize("case", spread(CASES, 7))
def test_same_bits_in_a_session_and_a_program_that_agrees(case: str, mode: str) -> None:
    forward = CASES[case]()
    with MODES[mode]():
        expected = [forward(x) for x in inputs(6)]
        results = []
        with capture("attention") as session:
            for x in inputs(3):
                session.input_tensors("node", {"x": x})
                y = forward(x)
                session.output_tensors("node", {"y": y})
                results.append(y.clone())
    for mine, its in zip(results, expected, strict=False):
        assert torch.equal(mine, its)
    program = session.compile().programs["node"].exported.module()
    for x, its in zip(inputs(6), expected, strict=True):
        torch.testing.assert_close(program(x)[0], its.detach(), rtol=2e-6, atol=2e-6)


@pytest.mark.parametrize("case", ["attention", "attention without weights", "layer", "encoder with a mask"])
@pytest.mark.parametrize("before", few(["trained", "frozen", None], 1))
def test_same_bits_with_frozen_weights_and_gradients_enabled(case: str, before: str | None) -> None:
    """Whether the kernel for inference is taken depends on whether anything requires gradients."""
    forward = CASES[case]()
    for cell in forward.__closure__ or ():
        cell.cell_contents.requires_grad_(False) if isinstance(cell.cell_contents, nn.Module) else None
    torch.manual_seed(3)
    head = nn.Linear(SIZE, SIZE).requires_grad_(before == "trained") if before else nn.Identity()
    expected = [forward(head(x)) for x in inputs(3)]
    with capture("attention") as session:
        for x, its in zip(inputs(3), expected, strict=True):
            session.input_tensors("node", {"x": x})
            y = forward(head(x))
            session.output_tensors("node", {"y": y})
            assert torch.equal(y, its)
    session.compile()


def test_training_mode_and_hooked_layers_are_recorded_as_they_run() -> None:
    module = layer()
    calls = []
    module.linear1.register_forward_hook(lambda *_: calls.append(1))
    with torch.no_grad():
        expected = [module(x) for x in inputs(3)]
        calls.clear()
        with capture("attention") as session:
            for x, y in zip(inputs(3), expected, strict=True):
                session.input_tensors("node", {"x": x})
                out = module(x)
                session.output_tensors("node", {"y": out})
                assert torch.equal(out, y)
    assert len(calls) == 3
    session.compile()


def test_nothing_stays_replaced_and_a_failing_module_fails_as_before() -> None:
    module = layer()
    kinds = (nn.MultiheadAttention, nn.TransformerEncoderLayer, nn.TransformerEncoder)

    def run() -> None:
        with torch.no_grad(), capture("attention") as session:
            x = torch.randn(2, LENGTH, SIZE + 1)
            session.input_tensors("node", {"x": x})
            module(x)

    with pytest.raises((RuntimeError, AssertionError), match=r"expected last dim|mat1 and mat2|embed|size"):
        run()
    assert not any("__call__" in vars(kind) for kind in kinds)
    assert torch.overrides._get_current_function_mode() is None
