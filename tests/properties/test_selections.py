"""Rows chosen in a step may be none, one, some or all: whatever the captured steps happened to choose."""

from __future__ import annotations

import pytest
import torch

import leapp_core
from tests.capture.assembled import Assembled
from tests.capture.case import Case
from tests.capture.programs import rows
from tests.tiers import few

CAPTURED = 4
PROGRAMS = [case for case in vars(rows).values() if isinstance(case, Case) and "m" in case.draws]


@pytest.mark.parametrize("captured", few(["some", "none", "all", "none at last", "none at first", "one"], 1))
@pytest.mark.parametrize("case", PROGRAMS, ids=lambda case: case.name)
def test_any_number_of_rows(case: Case, captured: str) -> None:
    generator = torch.Generator().manual_seed(3)
    steps = [case.inputs(generator) for _ in range(16)]
    for step, given in enumerate(steps[:CAPTURED]):
        mask = given["m"]
        if captured == "all":
            mask.fill_(True)
        elif captured in ("none", "one") or (captured, step) in (("none at last", CAPTURED - 1), ("none at first", 0)):
            mask.fill_(False)
        if captured == "one":
            mask.view(-1)[step % mask.numel()] = True
    eager, twin = case.make(), case.make()
    wanted = [eager.step(**{k: v.clone() for k, v in given.items()}).clone() for given in steps]
    with leapp_core.capture("rows", max_cached_io=CAPTURED) as session:
        for given in steps[:CAPTURED]:
            given = {k: v.clone() for k, v in given.items()}
            session.input_tensors("policy", given)
            session.output_tensors("policy", {"action": twin.step(**given)})
    program = Assembled(session.compile())
    for given, expected in zip(steps, wanted, strict=True):
        found = program({f"policy/{name}": value.clone() for name, value in given.items()})
        assert torch.allclose(found["policy/action"], expected, atol=1e-6)
