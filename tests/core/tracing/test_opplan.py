"""What is known of operators: writes that the schema hides, random draws, sizes that depend on values."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from leapp_core.tracing.record.opplan import draws_random, hidden_writes, make_plan

aten = torch.ops.aten
X = torch.ones(2, 3)

PLANS = {
    aten.add.Tensor: {"write_args": (), "ordinary": True},
    aten.add_.Tensor: {"write_args": (0,), "overwrites": False, "ordinary": True},
    aten.copy_.default: {"write_args": (0,), "overwrites": True},
    aten.add.out: {"write_kwargs": ("out",), "overwrites": True, "ordinary": False},
    aten.detach_.default: {"write_args": (), "metadata_only": True},
    aten.zeros_like.default: {"metadata_reader": True},
    aten.item.default: {"escape": "scalar"},
    aten.is_nonzero.default: {"escape": "bool"},
    aten._foreach_add_.List: {"write_args": (0,)},
    aten.rand.default: {"random": True},
}


@pytest.mark.parametrize(("func", "facts"), PLANS.items(), ids=[str(func) for func in PLANS])
def test_facts_of_an_operator(func: Any, facts: dict[str, Any]) -> None:
    plan = make_plan(func)
    assert {name: getattr(plan, name) for name in facts} == facts


DRAWS = [
    (aten.dropout.default, (X, 0.5, True), {}, True),
    (aten.dropout.default, (X, 0.5, False), {}, False),
    (aten.dropout.default, (X, 0.0, True), {}, False),
    (aten.rand.default, ([2],), {}, True),
    (aten.normal_.default, (X,), {}, True),
    (aten.add.Tensor, (X, X), {}, False),
    (aten.scaled_dot_product_attention.default, (X, X, X), {}, False),
    (aten.scaled_dot_product_attention.default, (X, X, X, None, 0.1), {}, True),
]


@pytest.mark.parametrize(("func", "args", "kwargs", "draws"), DRAWS)
def test_which_calls_draw_random_numbers(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any], draws: bool) -> None:
    assert draws_random(make_plan(func), args, kwargs) is draws


@pytest.mark.parametrize(("training", "written"), [(True, (3, 4)), (False, ())])
def test_batch_norm_writes_its_statistics_in_training(training: bool, written: tuple[int, ...]) -> None:
    args = (X, None, None, torch.zeros(3), torch.ones(3), training, 0.1, 1e-5, False)
    assert hidden_writes(make_plan(aten.batch_norm.default), args) == written
