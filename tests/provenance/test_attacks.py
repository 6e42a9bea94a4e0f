"""What tries to slip a changing Python value past what follows numbers is exact or refused, over many more steps."""

from __future__ import annotations

from pathlib import Path
from types import FunctionType
from typing import Any

import pytest

from tests.provenance import (
    attacks,
    attacks_by_name,
    attacks_of_aliases,
    attacks_of_branches,
    attacks_of_containers,
    attacks_of_effects,
    attacks_of_entries,
    attacks_of_modes,
    attacks_of_none,
    attacks_of_queues,
    attacks_of_range,
    jumping,
)
from tests.provenance.alone import alone, case_of
from tests.provenance.shadow import verdict

EXACT = frozenset(
    {"ModuloOfAFloat", "NegativeModulo", "RampOfItems"}
    | {"ItemDecides"}
    | {"RoundedThreshold"}
    | {"KindOfANumber"}
    | {"DeeplyNestedTensor", "DeeplyReturned", "NewAxisAndRow", "RowTakenBefore", "Sliced", "Comprehended"}
    | {"SmallCongruent", "CubedCounter"}
    | {"WritesThroughAnAlias", "SameTensorUnderTwoNames", "InputChosenThenWritten", "RaisesOnTheOtherWay"}
    | {"DropsARow", "EarlyReturn", "EarlyReturnInAWith", "LoopsOverDecisions", "NestedDecisions"}
    | {"CorrelatedDecisions", "TensorCondition", "TensorAndNumber", "NaNCondition", "ChainedConditions"}
    | {"WalrusCondition", "CountsInTheCondition", "SecondIsNotAsked", "CountingModuleOnOneWay"}
    | {"WritesOwnRows", "ClosedOver", "FirstReadingLatched"}
    | {"OverlappingChoice", "StartsAsTheDefault", "StandsAtTheDefault"}
    | {"FromTheEnd", "ShorterThanAChunk", "RefilledEarly", "Appended", "TwoQueues", "ByKey", "Measured", "InAHelper"}
    | {"TwoAtOnce", "RecedingHorizon"}
    | {"CountsInAList", "CountsInATuple", "CountsInADictionary", "ReadByAnotherName", "InAList", "AsATensor"}
    | {
        "ReversedList",
        "Rotated",
        "TensorBeside",
        "TruthsBeside",
        "CopiedList",
        "ReplacedByACopy",
        "Cut",
        "Unpacked",
        "ZippedList",
    }
    | {"DeletedAndInserted", "OnOneWay", "AtANumber", "CountedFromItsEnd", "Returned", "ReturnedAsAProperty"}
    | {"GivenToAFunction", "SeenByALibrary", "TupleInASlot"}
    | {"LoopVariable", "LoopKey", "LoopElse", "ContextByMode", "NameOfAnImport", "AssignmentIsSeen"}
)
UNFIT = frozenset({"ByDefault", "ClassCounter", "GlobalCounter"})  # their classes count on from one run to the next
MODULES = (
    attacks, attacks_by_name, attacks_of_aliases, attacks_of_branches, attacks_of_containers, attacks_of_effects,
    attacks_of_entries, attacks_of_modes, attacks_of_none, attacks_of_queues, attacks_of_range, jumping,
)  # fmt: skip
ALL = [attack for module in MODULES for attack in module.ATTACKS if attack.__name__ not in UNFIT]
QUICK = (
    "NegativeModulo",
    "ReadByVars",
    "OneListTwoNames",
    "EarlyReturn",
    "RareAlias",
    "GuardedRow",
    "FromTheEnd",
    "FullAtFirst",
    "CountsInADictionary",
    "WrittenUnderTheOtherName",
    "SortedInPlace",
)


@pytest.mark.slow
@pytest.mark.parametrize("attack", ALL, ids=lambda attack: f"{attack.__module__.rpartition('.')[2]}-{attack.__name__}")
def test_nothing_slips_past(attack: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = verdict(case_of(alone(attack, tmp_path, monkeypatch)))
    assert found.kind not in ("WRONG", "changed"), found.says
    if attack.__name__ in EXACT:
        assert found.kind == "gained", found.says


@pytest.mark.parametrize("attack", [a for a in ALL if a.__name__ in QUICK], ids=lambda attack: attack.__name__)
def test_some_of_them_quickly(attack: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = verdict(case_of(alone(attack, tmp_path, monkeypatch)))
    assert found.kind == ("gained" if attack.__name__ in EXACT else "same"), found.says


def test_nothing_stays_behind() -> None:
    attack = next(a for a in attacks.ATTACKS if a.__name__ == "RampOfItems")
    step: FunctionType = vars(attack)["step"]
    before = step.__code__
    verdict(case_of(attack))
    assert step.__code__ is before
    assert Path(before.co_filename).name == "attacks.py"
