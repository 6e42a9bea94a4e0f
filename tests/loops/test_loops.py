"""Control programs of a robotics engineer come out as the table says, and none is wrong."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.loops.__main__ import KEPT, PAGE, page
from tests.loops.judge import names, outcome
from tests.tiers import spread

OUTCOMES = json.loads(KEPT.read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", spread(names(), quick=8))
def test_it_comes_out_as_the_table_says(name: str, tmp_path: Path) -> None:
    """Or is refused: attributes of the same name in what else this process has loaded may be reasons to."""
    assert outcome(name, tmp_path).kind in (OUTCOMES[name]["kind"], "refused")


def test_the_table_has_every_program_and_none_is_wrong() -> None:
    assert list(OUTCOMES) == names()
    assert "wrong" not in {found["kind"] for found in OUTCOMES.values()}
    assert len(OUTCOMES) >= 98


def test_the_page_is_that_of_the_outcomes() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(OUTCOMES)
