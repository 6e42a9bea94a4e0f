"""What tries to slip a changing Python value past what follows numbers is exact or refused, over many more steps."""

from __future__ import annotations

from pathlib import Path
from types import FunctionType
from typing import Any

import pytest
import torch

from tests.capture.case import Case, typed
from tests.provenance import attacks, attacks_by_name, attacks_of_containers, attacks_of_range
from tests.provenance.shadow import verdict

EXACT = frozenset(
    {"ModuloOfAFloat", "NegativeModulo", "RampOfItems"}
    | {"ItemDecides"}
    | {"RoundedThreshold"}
    | {"KindOfANumber"}
    | {"DeeplyNestedTensor", "DeeplyReturned", "NewAxisAndRow", "RowTakenBefore", "Sliced", "Comprehended"}
    | {"SmallCongruent", "CubedCounter"}
)
UNFIT = frozenset({"ClassCounter"})  # its class counts on from one run to the next
ALL = [
    attack
    for module in (attacks, attacks_by_name, attacks_of_containers, attacks_of_range)
    for attack in module.ATTACKS
    if attack.__name__ not in UNFIT
]
QUICK = ("NegativeModulo", "ReadByVars", "OneListTwoNames")


def case_of(attack: Any) -> Case:
    return Case(attack.__name__, attack, {"x": typed(torch.float32, 3)}, refused="")


@pytest.mark.slow
@pytest.mark.parametrize("attack", ALL, ids=lambda attack: f"{attack.__module__.rpartition('.')[2]}-{attack.__name__}")
def test_nothing_slips_past(attack: Any) -> None:
    found = verdict(case_of(attack))
    assert found.kind not in ("WRONG", "changed"), found.says
    if attack.__name__ in EXACT:
        assert found.kind == "gained", found.says


@pytest.mark.parametrize("attack", [a for a in ALL if a.__name__ in QUICK], ids=lambda attack: attack.__name__)
def test_some_of_them_quickly(attack: Any) -> None:
    found = verdict(case_of(attack))
    assert found.kind == ("gained" if attack.__name__ in EXACT else "same"), found.says


def test_nothing_stays_behind() -> None:
    attack = next(a for a in attacks.ATTACKS if a.__name__ == "RampOfItems")
    step: FunctionType = vars(attack)["step"]
    before = step.__code__
    verdict(case_of(attack))
    assert step.__code__ is before
    assert Path(before.co_filename).name == "attacks.py"
